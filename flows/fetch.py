"""Getting bytes: one URL, politely, with limits, through the mirror if there is one."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPException
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

import requests
import urllib3

from flows.politeness import Gates, LeftAlone, gates, retry_after
from flows.redact import redacted
from flows.settings import Settings
from warehouse.archive import Fetch

CHUNK = 64 * 1024
MOST_REDIRECTS = 5
PERMANENT = frozenset({400, 401, 403, 404, 405, 410, 451})
REASONS: dict[type[Exception], str] = {
    requests.TooManyRedirects: "the server redirects in a circle",
    requests.ConnectTimeout: "no connection in time",
    requests.ReadTimeout: "the server stopped sending",
    urllib3.exceptions.ReadTimeoutError: "the server stopped sending",
    urllib3.exceptions.ProtocolError: "the answer was cut off",
    requests.exceptions.SSLError: "the server's certificate is not accepted",
    requests.ConnectionError: "no connection",
    zlib.error: "the answer could not be unpacked",
}
FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    HTTPException,
    OSError,
    ValueError,
    zlib.error,
)
"""All that a strange server can make of a request; ValueError is that of addresses that are none."""


class FetchFailed(Exception):
    """No bytes came. `status` is the HTTP status if there was one; `permanent` if trying again is vain.

    The reason may quote an address, so it is redacted.
    """

    def __init__(self, reason: str, status: int | None = None, permanent: bool = False) -> None:
        super().__init__(redacted(reason))
        self.status = status
        self.permanent = permanent or status in PERMANENT


@dataclass(frozen=True)
class Answer:
    """What a server said. `payload` is None for 304, not modified."""

    status: int
    payload: bytes | None
    etag: str | None
    last_modified: str | None


def get(url: str, previous: Fetch | None, settings: Settings) -> Answer:
    """Get a URL, conditionally on what `previous` got. file:// URLs are read from disk.

    Raises FetchFailed for anything but bytes or 304, for more than settings.max_bytes unpacked, and for
    a host that asks to be left alone for longer than settings.retry_after_max.
    """
    if url.startswith("file://"):
        return _read_file(url, settings)
    headers = {"User-Agent": user_agent(settings), "Accept-Encoding": "gzip"}
    if previous and previous.etag:
        headers["If-None-Match"] = previous.etag
    if previous and previous.last_modified:
        headers["If-Modified-Since"] = previous.last_modified
    try:
        return _follow(url, headers, settings)
    except LeftAlone as error:
        raise FetchFailed(str(error), permanent=True) from error
    except FAILURES as error:
        reason = next((text for kind, text in REASONS.items() if isinstance(error, kind)), None)
        raise FetchFailed(reason or f"{type(error).__name__}: {error}") from error


def mirrored(url: str, mirror: str | None) -> str:
    """https://HOST/PATH as MIRROR/HOST/PATH, or the URL itself where there is no mirror."""
    return f"{mirror.rstrip('/')}/{url.split('://', 1)[1]}" if mirror else url


def upstream(url: str, mirror: str | None) -> str:
    """What `mirrored` made of an https address, back to that address; another is left as it is."""
    root = f"{mirror.rstrip('/')}/" if mirror else None
    return f"https://{url.removeprefix(root)}" if root and url.startswith(root) else url


def host(url: str) -> str:
    """Whom an address asks: its host, with the port if it names one."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def user_agent(settings: Settings) -> str:
    """Who asks, for the publisher's log: name, version and a contact if one is set."""
    contact = f" (+{settings.contact})" if settings.contact else ""
    return f"photofinish/{_version()}{contact}"


@cache
def _version() -> str:
    return version("photofinish")


def _follow(url: str, headers: dict[str, str], settings: Settings) -> Answer:
    """Ask for a URL, and for where it redirects to, each host through its gate and the mirror."""
    polite = gates(settings.host_requests, settings.host_pause, settings.retry_after_max)
    with requests.Session() as session:
        for _ in range(MOST_REDIRECTS + 1):
            with (
                polite.asking(host(url)),
                session.get(
                    mirrored(url, settings.mirror),
                    headers=headers,
                    timeout=(settings.connect_timeout, settings.read_timeout),
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                further = session.get_redirect_target(response)
                if further is None:
                    return _answer(response, headers, host(url), polite, settings)
            target = upstream(urljoin(response.url, further), settings.mirror)
            if url.startswith("https://") and not target.startswith("https://"):
                raise FetchFailed(f"redirected to {target:.200}, which is not https")
            url = target
    raise requests.TooManyRedirects


def _answer(
    response: requests.Response,
    headers: dict[str, str],
    asked: str,
    polite: Gates,
    settings: Settings,
) -> Answer:
    status = response.status_code
    validators = (_sane(response.headers.get(name)) for name in ("ETag", "Last-Modified"))
    if status == requests.codes.not_modified and {"If-None-Match", "If-Modified-Since"} & set(
        headers
    ):
        polite.answered(asked)
        return Answer(status, None, *validators)
    if status != requests.codes.ok:
        raise _refusal(response, asked, polite)
    payload = b"".join(_body(response, settings))
    if not payload.strip():
        raise FetchFailed("the answer is empty", status)
    polite.answered(asked)
    return Answer(status, payload, *validators)


def _refusal(response: requests.Response, asked: str, polite: Gates) -> FetchFailed:
    """What an error status means, and that its Retry-After is heard."""
    status = response.status_code
    seconds = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    if not seconds:
        return FetchFailed(f"HTTP {status}", status)
    if polite.hold(asked, seconds):
        return FetchFailed(f"HTTP {status}, asks to wait {seconds:.0f} s", status)
    return FetchFailed(
        f"HTTP {status}, asks to wait {seconds:.0f} s, and PHOTOFINISH_RETRY_AFTER_MAX allows "
        f"{polite.patience:g} s in all; a later run asks again",
        status,
        permanent=True,
    )


def _sane(validator: str | None) -> str | None:
    """An ETag or a date as it may be sent back; None for one that would make a request fail."""
    fine = validator and re.fullmatch(r"[!-~][ -~]{0,1023}", validator)
    return validator if fine else None


def _body(response: requests.Response, settings: Settings) -> Iterator[bytes]:
    """The unpacked body, piece by piece so that neither size nor time runs away, however slowly it
    drips and however much a piece unpacks to."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise FetchFailed(
            f"packed as {encoding:.40}, which was not asked for", response.status_code
        )
    deadline = time.monotonic() + settings.total_timeout
    size = 0
    received = _received(response, settings, deadline)
    for piece in _unpacked(received) if encoding.endswith("gzip") else received:
        size += len(piece)
        if size > settings.max_bytes:
            raise _too_large(settings, response.status_code)
        yield piece


def _received(response: requests.Response, settings: Settings, deadline: float) -> Iterator[bytes]:
    size = 0
    # read1 returns what is there; read would wait for a whole piece, for days if it drips.
    while piece := response.raw.read1(CHUNK, decode_content=False):
        size += len(piece)
        if size > settings.max_bytes:
            raise _too_large(settings, response.status_code)
        if time.monotonic() > deadline:
            raise FetchFailed(f"not finished after {settings.total_timeout:g} s")
        yield piece


def _unpacked(received: Iterator[bytes]) -> Iterator[bytes]:
    """gzip, one member after the other, at most CHUNK at a time."""
    unpacking = zlib.decompressobj(wbits=31)
    for piece in received:
        while piece:
            if unpacking.eof:
                unpacking = zlib.decompressobj(wbits=31)
            yield unpacking.decompress(piece, CHUNK)
            piece = unpacking.unconsumed_tail or unpacking.unused_data
    if not unpacking.eof:
        raise FetchFailed("the answer was cut off")


def _too_large(settings: Settings, status: int) -> FetchFailed:
    limit = settings.max_bytes // 1024**2
    return FetchFailed(f"the answer is larger than {limit} MiB", status)


def _read_file(url: str, settings: Settings) -> Answer:
    path = Path(url2pathname(unquote(urlsplit(url).path)))
    try:
        if path.stat().st_size > settings.max_bytes:
            raise FetchFailed(f"{path} is larger than {settings.max_bytes // 1024**2} MiB")
        payload = path.read_bytes()
    except OSError as error:
        raise FetchFailed(f"{path} cannot be read: {error.strerror}") from error
    if not payload.strip():
        raise FetchFailed(f"{path} is empty")
    return Answer(200, payload, None, None)
