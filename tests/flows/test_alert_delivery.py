"""Delivery: once if nothing breaks, at least once with the same id if something does, never a secret."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from flows.alerts.channels import DeliveryFailed, Service, Webhook, open_channel, send, unmentioning
from flows.alerts.deliver import Delivered, body_of, deliver, title_of
from flows.alerts.model import Event
from flows.alerts.names import variable
from flows.alerts.store import Store
from tests.flows.alerts import NOW, SERIES, an_event, at, one_run
from tests.flows.server import Told, serving

SECRET = "sEcReT-mArKeR-7f3a"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "alerts" / "alerts.sqlite")


@pytest.fixture
def receiver() -> Iterator[Told]:
    with serving() as told:
        yield told


def to(**addresses: str) -> dict[str, str]:
    return {variable(name): address for name, address in addresses.items()}


def sent(store: Store, **addresses: str) -> Delivered:
    return deliver(store, NOW, "run-1", environ=to(**addresses), first_pause=0)


def told(receiver: Told) -> list[dict[str, Any]]:
    return [json.loads(body) for body in receiver.bodies]


def dead_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/{SECRET}"


def test_a_series_that_crosses_flaps_and_recovers_sends_one_firing_and_one_resolved(
    store: Store, receiver: Told
) -> None:
    assert any(a < 1 < b < 1.5 for a, b in pairwise(SERIES)), "it flaps inside the band"
    for day, _ in enumerate(SERIES):
        one_run(store, day, to(hook=receiver.url))
    assert [(e["type"], e["time"]) for e in told(receiver)] == [
        ("photofinish.alert.firing", "2025-03-03T06:00:00Z"),
        ("photofinish.alert.resolved", "2025-03-09T06:00:00Z"),
    ]


def test_a_webhook_gets_a_cloudevent(store: Store, receiver: Told) -> None:
    event = an_event(facts={"from_scores": -0.4, "source": "https://example.com/board"})
    store.save([], [event], NOW)
    assert sent(store, hook=f"{receiver.url}/in?key=1") == Delivered(1)
    assert receiver.paths == ["/in?key=1"]
    assert receiver.asked[0]["Content-Type"].startswith("application/cloudevents+json")
    assert told(receiver) == [
        {
            "specversion": "1.0",
            "id": event.id,
            "source": "/photofinish",
            "type": "photofinish.alert.firing",
            "subject": "test/board/overall",
            "time": "2025-03-01T06:00:00Z",
            "datacontenttype": "application/json",
            "data": {
                "rule": "close",
                "severity": "warning",
                "board": "test/board",
                "task": "overall",
                "metric": "gap_1_2_pct",
                "status": "firing",
                "observed_at": "2025-03-01T06:00:00Z",
                "value": 0.7,
                "before": 1.4,
                "threshold": 1.0,
                "text": "The gap on test/board fell below 1%.",
                "facts": {"from_scores": -0.4, "source": "https://example.com/board"},
            },
        }
    ]


def test_apprises_own_json_address_gets_a_cloudevent_with_its_options(
    store: Store, receiver: Told
) -> None:
    store.save([], [an_event()], NOW)
    place = receiver.url.removeprefix("http://")
    sent(store, hook=f"json://user:{SECRET}@{place}/a%20b?+X-Token=abc&-key=1")
    assert told(receiver)[0]["id"] == an_event().id
    assert receiver.paths == ["/a%20b?key=1"]
    assert receiver.asked[0]["X-Token"] == "abc"
    assert receiver.asked[0]["Authorization"].startswith("Basic ")


def test_numbers_that_json_has_not_are_null(store: Store, receiver: Told) -> None:
    store.save([], [an_event(value=float("nan"), before=float("inf"))], NOW)
    sent(store, hook=receiver.url)
    assert told(receiver)[0]["data"]["value"] is None


def test_a_service_gets_one_message_for_all_events_of_a_run(store: Store, receiver: Told) -> None:
    events = [an_event(board=f"test/{i}", text=f"Board {i} is <close> & near.") for i in range(2)]
    store.save([], events, NOW)
    # Apprise's form:// posts a form; like slack:// and the others it is given title and body.
    place = receiver.url.removeprefix("http://")
    assert sent(store, hook=f"form://{place}/x") == Delivered(2)
    (body,) = receiver.bodies
    text = body.decode()
    assert "2 alerts: test/0, test/1" in text.replace("+", " ").replace("%3A", ":").replace(
        "%2C", ","
    ).replace("%2F", "/")
    assert all(event.id[:8] in text for event in events)


def test_a_message_says_what_where_and_which() -> None:
    firing, resolved = an_event(), an_event(status="no_data", board="test/other", text="a\nb")
    assert title_of([firing]) == "Firing: close, test/board"
    assert title_of([firing, resolved]) == "2 alerts: test/board, test/other"
    assert (
        title_of([an_event(board=f"b{i}") for i in range(5)]) == "5 alerts: b0, b1, b2 and 2 more"
    )
    assert body_of([firing, resolved], "r1").splitlines() == [
        f"Firing (warning): The gap on test/board fell below 1%. [{firing.id[:8]}]",
        f"No data (warning): a b [{resolved.id[:8]}]",
        "photofinish, run r1",
    ]


def test_names_of_models_call_nobody() -> None:
    assert unmentioning("@everyone <!channel> a@b.example @model") == (
        "@\u200beveryone <\u200b!channel> a@b.example @model"
    )


def test_a_failing_try_is_followed_by_another_in_the_same_run(store: Store, receiver: Told) -> None:
    receiver.statuses = [500, 429]
    store.save([], [an_event()], NOW)
    assert sent(store, hook=receiver.url) == Delivered(1)
    assert len({e["id"] for e in told(receiver)}) == 1
    assert len(receiver.bodies) == 3


def test_a_receiver_that_refuses_is_not_asked_again_in_the_same_run(
    store: Store, receiver: Told
) -> None:
    receiver.status = 404
    store.save([], [an_event()], NOW)
    assert sent(store, hook=receiver.url) == Delivered(0, {"hook": "HTTP 404"})
    assert len(receiver.bodies) == 1
    assert store.due(NOW) == []


def test_one_event_that_is_refused_does_not_hold_up_those_behind_it(
    store: Store, receiver: Told
) -> None:
    receiver.statuses = [400]
    store.save([], [an_event(), an_event(status="resolved", observed_at=at(1))], NOW)
    assert sent(store, hook=receiver.url) == Delivered(1, {"hook": "HTTP 400"})
    assert [s.outcome for s in store.sendings()] == ["sent", "waiting"]


def test_what_is_sent_waits_for_what_could_not_be_sent_before_it(
    store: Store, receiver: Told
) -> None:
    receiver.status = 503
    store.save([], [an_event(), an_event(status="resolved", observed_at=at(1))], NOW)
    assert sent(store, hook=receiver.url).sent == 0
    assert {e["type"] for e in told(receiver)} == {"photofinish.alert.firing"}
    receiver.status = 200
    receiver.bodies.clear()
    deliver(store, NOW + timedelta(hours=1), "run-2", environ=to(hook=receiver.url))
    assert [e["type"] for e in told(receiver)] == [
        "photofinish.alert.firing",
        "photofinish.alert.resolved",
    ]


def test_dead_and_hanging_channels_do_not_hold_up_the_others(store: Store, receiver: Told) -> None:
    with serving() as hanging:
        hanging.delay = 5
        store.save([], [an_event(notify=("dead", "hanging", "hook", "unset"))], NOW)
        begun = monotonic()
        done = deliver(
            store,
            NOW,
            "run-1",
            environ=to(dead=dead_address(), hanging=hanging.url, hook=receiver.url),
            timeout=1.5,
            first_pause=0,
        )
        assert monotonic() - begun < 4
    assert done == Delivered(
        1,
        {
            "dead": "the webhook cannot be reached",
            "hanging": "not taken within 1.5 seconds",
            "unset": "there is no channel unset: set PHOTOFINISH_NOTIFY_UNSET",
        },
    )
    assert len(receiver.bodies) == 1


def test_a_run_without_anything_due_sends_nothing(store: Store) -> None:
    assert sent(store) == Delivered()


def test_a_repetition_after_a_crash_has_the_same_id(store: Store, receiver: Told) -> None:
    class Dies(Store):
        def mark_sent(self, *args: Any) -> None:
            raise KeyboardInterrupt

    store.save([], [an_event()], NOW)
    with pytest.raises(KeyboardInterrupt):
        deliver(Dies(store.path), NOW, "run-1", environ=to(hook=receiver.url))
    sent(store, hook=receiver.url)
    sent(store, hook=receiver.url)
    assert [e["id"] for e in told(receiver)] == [an_event().id] * 2


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", Service),
        ("mailto://someone:pw@example.com", Service),
        ("msteams://group@host/a/b/c", None),
        ("https://example.com/hook", Webhook),
        ("jsons://example.com/hook", Webhook),
        ("nothing", None),
        ("https://", None),
    ],
)
def test_an_address_is_a_service_or_a_webhook_or_refused(address: str, kind: type | None) -> None:
    if kind is None:
        with pytest.raises(DeliveryFailed, match="PHOTOFINISH_NOTIFY_X holds neither") as refused:
            open_channel("x", to(x=address))
        assert refused.value.permanent
    else:
        assert isinstance(open_channel("x", to(x=address)), kind)


def test_a_name_with_a_hyphen_is_a_variable_with_an_underscore(receiver: Told) -> None:
    send("on-call", "t", "b", [an_event()], {"PHOTOFINISH_NOTIFY_ON_CALL": receiver.url})
    assert len(receiver.bodies) == 1


def bad_addresses(receiver: Told) -> dict[str, str]:
    place = receiver.url.removeprefix("http://")
    return {
        "refused": f"{receiver.url}/{SECRET}",
        "dead": dead_address(),
        "query": f"{receiver.url}/?token={SECRET}",
        "login": f"http://user:{SECRET}@{place}/",
        "header": f"json://{place}/?+X-Token={SECRET}",
        "badheader": f"json://{place}/?+X-Token={SECRET}%0aX: y",
        "form": f"form://{place}/{SECRET}",
        "deadform": dead_address().replace("http://", "form://"),
        "ssl": f"https://{place}/{SECRET}",
        "nowhere": f"https://{SECRET}.invalid/",
        "nonsense": f"nonsense-{SECRET}",
        "badport": f"https://example.com:{SECRET}/",
        "mail": f"mailto://user:{SECRET}@127.0.0.1:{place.split(':')[1]}?smtp=127.0.0.1",
        "slack": f"slack://{SECRET}",
    }


def test_no_secret_gets_out_however_a_delivery_fails(
    store: Store,
    receiver: Told,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "urllib3", "requests"):
        caplog.set_level(1, logger=name)
    receiver.status = 403
    addresses = bad_addresses(receiver)
    store.save([], [an_event(notify=tuple(addresses))], NOW)
    done = deliver(store, NOW, "run-1", environ=to(**addresses), timeout=30, first_pause=0)
    assert set(done.failed) == set(addresses), "every one of them fails"
    assert done.failed["refused"] == done.failed["form"] == "HTTP 403"
    shown = capfd.readouterr()
    kept = b"".join(p.read_bytes() for p in store.path.parent.iterdir())
    for place in (caplog.text, repr(done), shown.out, shown.err, repr(store.sendings()), kept):
        assert SECRET.lower() not in str(place).lower()
    assert any(SECRET in str(request) for request in receiver.asked), "it was used"


def test_no_secret_is_in_what_a_failure_carries(receiver: Told) -> None:
    for name, address in bad_addresses(receiver).items():
        receiver.status = 500
        with pytest.raises(DeliveryFailed) as failed:
            send(name, "title", "body", [an_event()], to(**{name: address}))
        error: BaseException | None = failed.value
        while error:
            assert SECRET.lower() not in repr(error).lower()
            error = error.__cause__ or error.__context__


def test_a_secret_is_no_part_of_how_a_channel_prints(receiver: Told) -> None:
    for name in ("refused", "header", "login"):
        channel = open_channel(name, to(**bad_addresses(receiver)))
        assert SECRET not in repr(channel)


def test_other_threads_keep_logging_while_a_secret_is_in_use(
    caplog: pytest.LogCaptureFixture,
) -> None:
    import threading

    from flows.alerts.hush import hushed

    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("urllib3.connectionpool")
    with hushed() as held:
        log.info("held")
        other = threading.Thread(target=lambda: log.info("heard"))
        other.start()
        other.join()
    log.info("heard again")
    assert caplog.messages == ["heard", "heard again"]
    assert held == ["held"]


def test_ids_differ_between_changes_and_not_between_findings() -> None:
    changes: list[Event] = [
        an_event(),
        an_event(status="resolved"),
        an_event(board="test/other"),
        an_event(observed_at=at(1)),
        an_event(rule="far"),
    ]
    assert len({event.id for event in changes}) == len(changes)
    assert an_event(text="said otherwise", value=3).id == an_event().id
