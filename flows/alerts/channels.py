"""The ways out: what a channel's name stands for, and how a message goes there.

A channel is an environment variable PHOTOFINISH_NOTIFY_<NAME> holding one of

    slack://..., mailto://...       a URL of Apprise, which knows some hundred services
    https://example.com/hook        a JSON webhook (json:// and jsons:// of Apprise too): CloudEvents 1.0
    prefect-block:NAME              the Prefect Secret block of that name, holding one of the two above

The address is a secret. Nothing of it is in what is raised here, and what the libraries log while
they use it is held back (flows/alerts/hush.py), because their messages quote it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import SecretStr

from flows.alerts.cloudevents import CONTENT_TYPE, as_cloudevent
from flows.alerts.hush import hushed
from flows.alerts.model import Event
from flows.alerts.names import NO_NAME, as_channel, variable

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT, READ_TIMEOUT = 5.0, 15.0
BLOCK = "prefect-block:"
WEBHOOKS = ("json", "jsons")
TRY_AGAIN = (408, 425, 429)


class DeliveryFailed(Exception):
    """A message did not go out; the reason holds nothing of the address.

    `permanent` where the same try would fail again until somebody changes something.
    """

    def __init__(self, reason: str, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Channel(Protocol):
    """A way out. `together`: one message tells all events of a run; else each event goes by itself."""

    @property
    def together(self) -> bool: ...

    def send(self, title: str, body: str, events: Sequence[Event]) -> None:
        """Raises DeliveryFailed."""


def send(
    channel: str,
    title: str,
    body: str,
    events: Sequence[Event],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Send one message about some events to the channel of that name. Raises DeliveryFailed."""
    open_channel(channel, environ).send(title, body, events)


def open_channel(name: str, environ: Mapping[str, str] = os.environ) -> Channel:
    """The channel of that name. Raises DeliveryFailed for one that is not set, or not as it should be."""
    if as_channel(name) == NO_NAME:
        raise DeliveryFailed(
            "a rule's notify names channels (letters, digits, hyphens), not addresses", True
        )
    address = environ.get(variable(name), "").strip()
    if not address:
        raise DeliveryFailed(f"there is no channel {name}: set {variable(name)}", True)
    if address.startswith(BLOCK):
        address = _from_block(address.removeprefix(BLOCK), name)
    with hushed():
        plugin = _plugin(address)
    if plugin is not None and plugin.schema not in WEBHOOKS:
        return Service(plugin)
    if plugin is not None:
        return _json_webhook(plugin)
    if re.match(r"https?://[^/\s]", address):
        return Webhook(SecretStr(address))
    raise DeliveryFailed(
        f"{variable(name)} holds neither a URL that Apprise knows nor one of a webhook; "
        "see docs/automations.md",
        True,
    )


def _from_block(block: str, name: str) -> str:
    """The address in a Prefect Secret block."""
    from prefect.blocks.system import Secret

    value, reason = None, ""
    with hushed():
        try:
            value = cast("Any", Secret.load(block)).get()
        except ValueError:
            reason = f"Prefect has no Secret block {block}, which {variable(name)} names"
        # Whatever Prefect's client raises may quote what it read.
        except Exception as error:  # noqa: BLE001
            reason = f"Prefect's block {block} could not be read ({type(error).__name__})"
    if not reason and not (isinstance(value, str) and value.strip()):
        reason = f"Prefect's block {block} holds no text"
    # Raised here, so that the first error, with what it quotes, is no part of this one.
    if reason:
        raise DeliveryFailed(reason)
    return str(value).strip()


def _plugin(address: str) -> Any:
    """What Apprise makes of an address: None if it is none of its own."""
    import apprise

    asset = apprise.AppriseAsset(app_id="photofinish", app_desc="photofinish", async_mode=False)
    try:
        return apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    except Exception:  # noqa: BLE001
        return None


def _json_webhook(plugin: Any) -> Webhook:
    """A json:// address of Apprise, with its options, as a webhook."""
    scheme = "https" if plugin.secure else "http"
    port = f":{plugin.port}" if plugin.port else ""
    return Webhook(
        SecretStr(f"{scheme}://{plugin.host}{port}{plugin.fullpath}"),
        method=plugin.method,
        headers={name: SecretStr(value) for name, value in plugin.headers.items()},
        params={name: SecretStr(value) for name, value in plugin.params.items()},
        login=(plugin.user, SecretStr(plugin.password or "")) if plugin.user else None,
        verify=plugin.verify_certificate,
    )


class Service:
    """A service that Apprise knows: people read there, so one message tells all events of a run."""

    together = True

    def __init__(self, plugin: Any) -> None:
        self._plugin = plugin

    def send(self, title: str, body: str, events: Sequence[Event]) -> None:
        """Raises DeliveryFailed; Apprise says only that it failed, its log has the HTTP status."""
        import apprise

        # A service with a size limit gets several messages rather than refusing one.
        self._plugin.overflow_mode = apprise.OverflowMode.SPLIT
        better = all(event.status == "resolved" for event in events)
        done: bool | None = False
        with hushed() as said:
            try:
                to = apprise.Apprise(asset=self._plugin.asset)
                to.add(self._plugin)
                done = to.notify(
                    body=unmentioning(body),
                    title=unmentioning(title),
                    notify_type=apprise.NotifyType.SUCCESS
                    if better
                    else apprise.NotifyType.WARNING,
                    body_format=apprise.NotifyFormat.TEXT,
                )
            except Exception as error:  # noqa: BLE001
                said.append(type(error).__name__)
        if not done:
            status = re.search(r"error=(\d{3})\b", " ".join(said))
            raise (
                _refused(int(status.group(1)))
                if status
                else DeliveryFailed(f"{self._plugin.service_name} did not take the message")
            )


@dataclass(frozen=True)
class Webhook:
    """A JSON webhook: programs read there, so each event is one CloudEvent in structured mode."""

    url: SecretStr
    method: str = "POST"
    headers: Mapping[str, SecretStr] = field(default_factory=dict)
    params: Mapping[str, SecretStr] = field(default_factory=dict)
    login: tuple[str, SecretStr] | None = None
    verify: bool = True
    together: bool = False

    def send(self, title: str, body: str, events: Sequence[Event]) -> None:
        """One request for each event, in order. Raises DeliveryFailed at the first that is not taken."""
        import orjson
        import requests

        with requests.Session() as session:
            for event in events:
                payload = orjson.dumps(as_cloudevent(event))
                status, reason = self._request(session, payload)
                if reason:
                    raise DeliveryFailed(reason)
                if not 200 <= status < 300:
                    raise _refused(status)

    def _request(self, session: requests.Session, payload: bytes) -> tuple[int, str]:
        """The status of the answer, or why there is none."""
        import requests

        own = {name: secret.get_secret_value() for name, secret in self.headers.items()}
        with hushed():
            try:
                answer = session.request(
                    self.method,
                    self.url.get_secret_value(),
                    data=payload,
                    headers={**own, "User-Agent": "photofinish", "Content-Type": CONTENT_TYPE},
                    params={name: value.get_secret_value() for name, value in self.params.items()},
                    auth=(self.login[0], self.login[1].get_secret_value()) if self.login else None,
                    timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                    # A redirect would turn the POST into a GET.
                    allow_redirects=False,
                    verify=self.verify,
                    stream=True,
                )
                answer.close()
            except requests.exceptions.SSLError:
                return 0, "the webhook's certificate is not accepted"
            except requests.exceptions.ConnectTimeout:
                return 0, "the webhook cannot be reached (no connection in time)"
            except requests.exceptions.Timeout:
                return 0, f"the webhook did not answer within {READ_TIMEOUT:g} seconds"
            except requests.exceptions.ConnectionError:
                return 0, "the webhook cannot be reached"
            # Others are quoting the address too: a bad header, a URL that is none.
            except Exception as error:  # noqa: BLE001
                return 0, f"the request failed ({type(error).__name__})"
        return answer.status_code, ""


def _refused(status: int) -> DeliveryFailed:
    return DeliveryFailed(f"HTTP {status}", 300 <= status < 500 and status not in TRY_AGAIN)


def unmentioning(text: str) -> str:
    """The text with names of models that would call a whole room (@here, <!channel>) made harmless."""
    return re.sub(r"@(?=everyone|here|channel|all)|<(?=[!@#])", lambda m: m[0] + "\u200b", text)
