"""The store of alert states: nothing is lost, nothing is told twice by accident, nothing half written."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.alerts.file import SCHEMA
from flows.alerts.store import TRIES, Store, StoreUnusable, pause
from tests.flows.alerts import NOW, a_state, an_event, at

FAR = NOW + timedelta(days=1000)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "alerts" / "alerts.sqlite")


def test_states_and_events_come_back_as_they_were(store: Store) -> None:
    states = [
        a_state(value=None, settled=True, notified_at=at(1)),
        a_state(board="test/other", value="model-a", phase="no_data", count=3),
    ]
    event = an_event(facts={"parts": [1, 2.5, None], "leader": "モデル"}, before=None, value=False)
    store.save(states, [event], NOW)
    assert store.load_states() == states
    assert store.events() == [event]


def test_a_state_replaces_the_one_before(store: Store) -> None:
    store.save([a_state()], [], NOW)
    store.save([a_state(phase="firing", count=2)], [], NOW)
    assert store.load_states() == [a_state(phase="firing", count=2)]


def test_an_event_found_again_is_not_told_again(store: Store) -> None:
    store.save([], [an_event()], NOW)
    store.mark_sent(an_event().id, "hook", NOW)
    store.save([], [an_event(text="the same in other words")], NOW)
    assert store.due(FAR) == []
    assert len(store.events()) == 1


def test_an_event_waits_once_for_each_channel_of_its_rule(store: Store) -> None:
    store.save([], [an_event(notify=("hook", "mail", "hook"))], NOW)
    assert [w.channel for w in store.due(NOW)] == ["hook", "mail"]
    store.mark_sent(an_event().id, "hook", NOW)
    assert [w.channel for w in store.due(NOW)] == ["mail"]


def test_a_naive_time_is_utc_and_the_id_stays_the_same(store: Store) -> None:
    store.save([], [an_event(observed_at=NOW.replace(tzinfo=None))], NOW)
    assert store.events() == [an_event()]
    assert store.rows("events")[0]["id"] == store.events()[0].id == an_event().id


def test_nothing_of_a_transaction_that_breaks_is_kept(store: Store) -> None:
    store.save([a_state()], [], NOW)
    with pytest.raises(TypeError):
        store.save([a_state(phase="firing")], [an_event(facts={"not": object()})], NOW)
    assert store.load_states() == [a_state()]
    assert store.events() == []


def test_an_event_of_a_silenced_rule_is_kept_and_not_sent(store: Store) -> None:
    store.silence("close", at(1))
    store.save([], [an_event(), an_event(rule="other")], NOW)
    store.save([], [an_event(observed_at=at(2))], at(2))
    assert [(w.event.rule, w.event.observed_at) for w in store.due(FAR)] == [
        ("other", NOW),
        ("close", at(2)),
    ]
    assert len(store.events()) == 3
    assert an_event() not in store.unannounced(), "nor is Prefect told"


def test_a_silence_ends_at_its_moment_or_when_set_to_the_past(store: Store) -> None:
    store.silence("close", at(5))
    assert store.silenced("close", at(4))
    assert not store.silenced("close", at(5))
    assert not store.silenced("other", at(4))
    assert store.silences(at(4)) == {"close": at(5)}
    store.silence("close", at(0))
    assert store.silences(at(4)) == {}


def test_a_backfill_is_kept_and_not_sent(store: Store) -> None:
    store.save([a_state(phase="firing")], [an_event()], NOW, quiet=True)
    store.save([], [an_event()], NOW)
    assert store.due(FAR) == []
    assert store.unannounced() == []
    assert store.events() == [an_event()]


def test_a_failed_message_waits_twice_as_long_each_time_and_less_than_a_day(store: Store) -> None:
    store.save([], [an_event()], NOW)
    now, waits = NOW, []
    for _ in range(TRIES - 1):
        store.mark_failed(an_event().id, "hook", "HTTP 500", now)
        retry_at = store.sendings()[0].retry_at
        assert retry_at
        waits.append((retry_at - now) / timedelta(minutes=1))
        assert store.due(retry_at - timedelta(seconds=1)) == []
        assert [w.event for w in store.due(retry_at)] == [an_event()]
        now = retry_at
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 720, 720, 720]
    assert pause(10_000) == timedelta(hours=12)


def test_a_message_that_fails_too_often_is_given_up_and_says_why(store: Store) -> None:
    store.save([], [an_event()], NOW)
    for _ in range(TRIES + 1):
        store.mark_failed(an_event().id, "hook", "HTTP 404", NOW)
    assert store.due(FAR) == []
    (sending,) = store.sendings()
    assert (sending.outcome, sending.tries, sending.reason) == ("given up", TRIES, "HTTP 404")
    store.mark_sent(an_event().id, "hook", NOW)
    assert store.sendings() == [sending], "a late answer changes nothing"


def test_what_is_new_takes_along_what_waits_on_its_channel_in_order(store: Store) -> None:
    store.save([], [an_event(notify=("hook", "mail"))], NOW)
    for channel in ("hook", "mail"):
        store.mark_failed(an_event().id, channel, "HTTP 500", NOW)
    resolved = an_event(status="resolved", observed_at=at(1))
    store.save([], [resolved], NOW)
    assert [(w.channel, w.event.status) for w in store.due(NOW)] == [
        ("hook", "firing"),
        ("hook", "resolved"),
    ]


def test_alerting_is_live_since_it_was_first_asked(store: Store) -> None:
    assert store.live_since(at(3)) == at(3)
    assert store.live_since(at(9)) == at(3)


def test_an_address_in_place_of_a_name_is_not_kept(store: Store, tmp_path: Path) -> None:
    store.save([], [an_event(notify=("slack://tokenSECRET/abc", "hook"))], NOW)
    assert [w.channel for w in store.due(NOW)] == ["(not a name)", "hook"]
    assert b"SECRET" not in store.path.read_bytes()


def test_a_file_that_is_no_database_says_what_to_do(store: Store) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"hello, this is no database at all" * 100)
    with pytest.raises(StoreUnusable, match=r"is not a database of alerts.*move it away"):
        store.load_states()
    assert store.path.read_bytes().startswith(b"hello"), "left as it is"


def test_a_file_of_a_newer_version_is_left_alone(store: Store) -> None:
    store.load_states()
    with sqlite3.connect(store.path) as db:
        db.execute(f"pragma user_version = {len(SCHEMA) + 1}")
    with pytest.raises(StoreUnusable, match="newer photofinish"):
        store.save([a_state()], [], NOW)


def test_an_older_file_is_brought_up_to_date_and_keeps_what_it_holds(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save([a_state()], [an_event()], NOW)
    monkeypatch.setattr("flows.alerts.file.SCHEMA", (*SCHEMA, ("create table later (a int)",)))
    assert store.load_states() == [a_state()]
    assert store.rows("later") == []
    with sqlite3.connect(store.path) as db:
        assert db.execute("pragma user_version").fetchone() == (len(SCHEMA) + 1,)


def test_a_folder_in_its_place_is_a_plain_sentence(store: Store) -> None:
    store.path.mkdir(parents=True)
    with pytest.raises(StoreUnusable, match="cannot be made: Is a directory"):
        store.load_states()


def test_tables_of_a_home_without_alerts_are_empty_and_no_file_is_made(store: Store) -> None:
    assert store.rows("events") == []
    assert not store.path.exists()


def test_times_are_read_back_in_utc(store: Store) -> None:
    elsewhere = datetime.fromisoformat("2025-03-01T08:00:00+02:00")
    store.save([a_state(since=elsewhere)], [], NOW)
    assert store.load_states()[0].since.isoformat() == "2025-03-01T06:00:00+00:00"
