"""Alerting in a run, with the real rules and tables: what it does, and that it never costs the data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows import pipeline
from flows.alerts.names import variable
from flows.alerts.run import Alerted, deliver_and_announce, evaluate_and_save
from flows.alerts.store import Store
from flows.doctor import examine
from flows.settings import Settings
from tests.conftest import built, landed, scored, tidy_csv
from tests.flows.server import Told, serving
from tests.homes import copied
from warehouse.archive import Archive

NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)
NOBODY = "alerts: 0 new, 0 sent"
SECRET = "sEcReT-mArKeR-7f3a"
RULES = """
[[rule]]
name = "close"
board = "test/board"
metric = "gap_1_2_pct"
op = "<"
threshold = 1.0
recover = 1.5
ignore_causes = []
notify = "hook"
"""


@pytest.fixture(autouse=True, scope="module")
def nobody_to_announce_to() -> Iterator[None]:
    """No Prefect here; test_alert_prefect.py has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.alerts.announce.announce", lambda store: 0)
        yield


def with_rules(settings: Settings, folder: Path) -> Settings:
    rules = folder / "rules.toml"
    rules.write_text(RULES)
    return settings.model_copy(update={"alerts": rules})


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home whose tables are those of a day with a gap of 2%; only to be read."""
    home = Settings(home=tmp_path_factory.mktemp("day"), lock_wait=0)
    day(home, 0, 2.0)
    return home


@pytest.fixture
def home(first_day: Settings, settings: Settings, tmp_path: Path) -> Settings:
    """A home of one's own with that day's tables, of which no run has told yet."""
    return with_rules(copied(first_day, settings.home), tmp_path)


@pytest.fixture(scope="module")
def first_run(first_day: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after the run of that day, of which nobody is told; only to be read."""
    folder = tmp_path_factory.mktemp("first")
    home = with_rules(copied(first_day, folder / "home"), folder)
    assert after(home, 0, NOW).told == NOBODY
    return home


@pytest.fixture
def begun(first_run: Settings, settings: Settings, tmp_path: Path) -> Settings:
    """A home of one's own after that run."""
    return with_rules(copied(first_run, settings.home), tmp_path)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    with serving() as told:
        monkeypatch.setenv(variable("hook"), f"{told.url}/{SECRET}")
        yield told


def day(home: Settings, number: int, gap: float) -> datetime:
    """A day on which the board has a gap of so many percent. Returns the time of its run."""
    now = NOW + timedelta(days=number)
    payload = tidy_csv(scored(ada=100 + gap, bea=100), None, {"board": "test/board"})
    archive = Archive(home.archive)
    archive.append([landed(archive, payload, now, "file:///a.csv")])
    built(home).close()
    return now


def run(home: Settings, number: int, gap: float) -> Alerted:
    """What the daily flow does after pulling."""
    return after(home, number, day(home, number, gap))


def after(home: Settings, number: int, now: datetime) -> Alerted:
    """What it does when the tables are made."""
    alerted = evaluate_and_save(home, now)
    pipeline.publish_tables(home)
    return deliver_and_announce(home, f"run-{number}", now, alerted)


def published(home: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.published), read_only=True) as db:
        return db.sql(query).fetchall()


def test_a_board_that_closes_and_opens_again_is_told_twice_in_all(
    begun: Settings, receiver: Told
) -> None:
    home = begun
    told = [run(home, n, gap).told for n, gap in enumerate((0.9, 1.2, 0.8, 1.8), start=1)]
    one = "alerts: 1 new, 1 sent"
    assert told == [one, NOBODY, NOBODY, one]
    events = [json.loads(body) for body in receiver.bodies]
    assert [e["type"].rpartition(".")[2] for e in events] == ["firing", "resolved"]
    assert receiver.paths == [f"/{SECRET}"] * 2
    assert published(
        home, "select status, told, round(value::double, 1) from alerts.events order by observed_at"
    ) == [("firing", True, 0.9), ("resolved", True, 1.8)]
    assert published(home, "select phase, count from alerts.states") == [("ok", 0)]
    assert published(home, "select outcome, tries from alerts.outbox order by created_at") == [
        ("sent", 1),
        ("waiting", 0),
    ]
    assert published(home, "select rule, definition->>'notify' from alerts.rules") == [
        ("close", '["hook"]')
    ]


def test_the_published_tables_say_what_they_are(first_run: Settings) -> None:
    for kind in ("duckdb_tables", "duckdb_columns"):
        found = published(
            first_run, f"select comment is not null from {kind}() where schema_name='alerts'"
        )
        assert found and all(said for (said,) in found)


def test_no_secret_is_in_the_home_nor_the_report(begun: Settings, receiver: Told) -> None:
    home = begun
    receiver.status = 500
    alerted = run(home, 1, 0.5)
    assert alerted.told == "alerts: 1 new, 0 sent; channel hook: HTTP 500, waiting"
    run(home, 2, 0.5)
    assert published(home, "select reason from alerts.outbox") == [("HTTP 500",)]
    assert [(f.check, f.found) for f in examine(home)] == [
        ("alerts", "1 to the channel hook waiting: HTTP 500")
    ]
    files = [path for path in home.home.rglob("*") if path.is_file()]
    assert home.published in files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert SECRET not in repr(alerted)


def test_a_backfill_moves_the_states_and_tells_nobody(begun: Settings, receiver: Told) -> None:
    home = begun
    now = day(home, 1, 0.5)
    assert list(evaluate_and_save(home, now, quiet=True).events) == []
    assert [s.phase for s in Store(home.alerts_store).load_states()] == ["firing"]
    assert run(home, 1, 0.5).told == NOBODY
    assert receiver.bodies == []


def test_states_survive_a_rebuild(begun: Settings, receiver: Told) -> None:
    home = begun
    run(home, 1, 0.5)
    home.build.unlink()
    built(home).close()
    assert list(evaluate_and_save(home, NOW + timedelta(days=1, hours=1)).events) == []
    assert len(receiver.bodies) == 1


def test_a_rule_that_is_wrong_is_reported_and_the_others_work(
    begun: Settings, receiver: Told
) -> None:
    assert isinstance(begun.alerts, Path)
    begun.alerts.write_text(RULES + RULES.replace("close", "shut").replace("threshold", "treshold"))
    alerted = run(begun, 1, 0.5)
    assert alerted.sent == 1
    assert "'shut'" in alerted.told and "treshold" in alerted.told


@pytest.mark.parametrize("rules", ["not toml at all [", None])
def test_broken_rules_cost_no_data_and_what_waits_is_sent(
    begun: Settings, receiver: Told, rules: str | None
) -> None:
    home = begun
    receiver.status = 500
    run(home, 1, 0.5)
    receiver.status = 200
    assert isinstance(home.alerts, Path)
    if rules is None:
        home.alerts.unlink()
    else:
        home.alerts.write_text(rules)
    alerted = run(home, 2, 0.5)
    assert alerted.wrong
    assert alerted.sent == 1
    assert published(home, "select count(*) from core.snapshots") == [(2,)]
    assert published(home, "select count(*) from alerts.rules") == [(0,)]


def test_a_damaged_store_costs_no_data(home: Settings) -> None:
    home.alerts_store.parent.mkdir(parents=True)
    home.alerts_store.write_text("no database" * 1000)
    alerted = after(home, 0, NOW)
    assert "is not a database of alerts" in alerted.told
    assert published(home, "select count(*) from core.snapshots") == [(1,)]
    assert published(home, "select count(*) from alerts.states") == [(0,)]
    assert "is not a database of alerts" in next(examine(home)).found


def test_a_defect_in_alerting_costs_no_data_and_is_reported(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"something with {SECRET}")

    monkeypatch.setattr("flows.alerts.run.evaluated", broken)
    alerted = after(home, 0, NOW)
    assert "the rules were not evaluated (RuntimeError in" in alerted.told
    assert SECRET not in alerted.told
    assert published(home, "select count(*) from core.snapshots") == [(1,)]


def test_alerting_can_be_switched_off(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOFINISH_ALERTS", "off")
    off = Settings(home=home.home)
    assert off.rules is None
    assert after(off, 0, NOW).told == ""
    assert not off.alerts_store.exists()
    assert published(off, "select count(*) from alerts.rules") == [(0,)]


def test_a_file_of_rules_that_was_asked_for_and_is_missing_is_reported(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOFINISH_ALERTS", "nowhere.toml")
    assert "there is no file nowhere.toml" in after(Settings(home=home.home), 0, NOW).told
