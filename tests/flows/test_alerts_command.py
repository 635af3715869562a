"""`photofinish alerts` as a person uses it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.alerts.model import State
from flows.alerts.rule import Rule
from flows.alerts.store import TRIES, Store
from flows.alerts.watch import watch
from flows.cli import cli
from flows.commands.common import NOTHING, SICK, USAGE, Stop
from flows.pipeline import MACROS, SQL, STEPS
from flows.settings import Settings
from tests.conftest import MakeWarehouse, scored
from tests.flows.alerting import day, rule
from tests.flows.alerts import NOW, an_event
from tests.flows.server import serving
from warehouse.models import read_models
from warehouse.publish import publish
from warehouse.reader import reader

RULES = """[[rule]]
name = "close"
board = "test/*"
metric = "gap_1_2_pct"
op = "<"
threshold = 5
notify = "default"
"""


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings.alerts_store)


@pytest.fixture
def file(warehouse: MakeWarehouse, settings: Settings, tmp_path: Path) -> str:
    """A file of one rule, beside a board whose gap is 10%, 2% and 10% on three dates."""
    gaps = {"2025-01-01": 90, "2025-01-08": 98, "2025-01-15": 90}
    db = warehouse({date: scored(ada=100, bea=score) for date, score in gaps.items()})
    publish(db, read_models(SQL, STEPS), MACROS.read_text(), settings.published)
    path = tmp_path / "mine.toml"
    path.write_text(RULES)
    return str(path)


def photofinish(*args: str, columns: int = 80) -> Result:
    done = CliRunner().invoke(cli, ("alerts", *args), env={"COLUMNS": str(columns)})
    if "--json" not in args:
        assert max(map(len, done.stdout.splitlines()), default=0) <= columns
    return done


def stopped(done: Result) -> tuple[int, str]:
    assert isinstance(done.exception, Stop), done.exception
    return done.exception.code, str(done.exception)


def test_a_rule_is_tried_on_the_past(file: str) -> None:
    done = photofinish("test", "--file", file)
    said = " ".join(done.stdout.split())
    assert "2025-01-08 firing warning Close on test/board: 1st–2nd gap 2.04% (was 11.11%)" in said
    assert "2025-01-15 resolved warning Over: Close on test/board" in said
    assert "2 messages of 1 rule." in said


def test_the_trial_can_be_narrowed_and_read_by_machines(file: str) -> None:
    def found(*args: str) -> list[Any]:
        return [one["status"] for one in json.loads(photofinish("test", "--json", *args).stdout)]

    own = ("--file", file)
    assert found(*own) == ["firing", "resolved"]
    assert found(*own, "--from", "2025-01-09") == ["resolved"]
    assert found(*own, "--to", "2025-01-08") == ["firing"]
    assert found(*own, "--board", "no/such") == []
    assert found(*own, "--rule", "close") == ["firing", "resolved"]
    code, said = stopped(photofinish("test", *own, "--rule", "closed"))
    assert (code, said) == (USAGE, "mine.toml has no rule closed; perhaps close")
    days = ("--from", "2025-02-01", "--to", "2025-01-01")
    assert stopped(photofinish("test", *own, *days))[0] == USAGE


def test_a_wrong_rule_is_named_with_its_line_and_the_others_work(file: str) -> None:
    Path(file).write_text(
        RULES + '[[rule]]\nname = "wrong"\nmetric = "gap"\nop = "<"\nthreshold = 1\n'
    )
    done = photofinish("test", "--file", file)
    assert "mine.toml line 10 (wrong): metric: there is no metric 'gap'; perhaps" in done.stderr
    assert "2 messages of 1 rule." in done.stdout
    code, said = stopped(photofinish("check", "--file", file))
    assert (code, said.split(";")[0]) == (USAGE, "1 rule is not written right")


def test_without_a_rule_that_works_there_is_nothing_to_try(file: str) -> None:
    Path(file).write_text("")
    assert stopped(photofinish("test", "--file", file))[0] == NOTHING
    Path(file).write_text("[[rule")
    assert stopped(photofinish("test", "--file", file))[0] == USAGE


def test_check_warns_of_what_is_written_right_and_never_tells_anything(file: str) -> None:
    more = RULES.replace('"close"', '"sure"') + "only_if_significant = true\n"
    nowhere = RULES.replace('"close"', '"nowhere"').replace("test/*", "tset/*")
    untold = RULES.replace('"close"', '"untold"').replace('notify = "default"\n', "")
    Path(file).write_text(RULES + more + nowhere + untold)
    done = photofinish("check", "--file", file, columns=200)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("ok")] == [
        f"ok {name}" for name in ("close", "sure", "nowhere", "untold")
    ]
    for part in (
        "only_if_significant never tells where no noise is published: test/board",
        "nothing matches board tset/*, task overall",
        "notify names no channel: what it finds is recorded, and nobody is told",
    ):
        assert part in done.stdout


def test_check_sends_a_test_message(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as receiver:
        monkeypatch.setenv("PHOTOFINISH_NOTIFY_DEFAULT", f"{receiver.url}/s3cr3t")
        done = photofinish("check", "--file", file, "--channel", "default")
        assert "A test message went to default" in done.stdout
        (body,) = receiver.bodies
        assert b"Nothing has crossed a threshold." in body
        receiver.status = 403
        code, said = stopped(photofinish("check", "--file", file, "--channel", "default"))
    assert code == SICK
    assert said.startswith("the test message did not go out: ")
    assert "s3cr3t" not in said


def test_a_test_message_to_a_channel_without_an_address_says_where_it_belongs(file: str) -> None:
    code, said = stopped(photofinish("check", "--file", file, "--channel", "pager"))
    assert code == SICK
    assert "PHOTOFINISH_NOTIFY_PAGER" in said


def state(**fields: Any) -> State:
    given: dict[str, Any] = {
        "rule": "close",
        "board": "test/board",
        "task": "overall",
        "phase": "firing",
        "since": day(7),
        "seen_at": day(7),
        "snapshot_id": "x",
        "value": 2.04,
    }
    return State(**given | fields)


def test_list_shows_where_the_rules_stand(file: str, store: Store) -> None:
    store.save([state(), state(board="test/other", phase="ok"), state(rule="gone")], [], day(8))
    store.silence("close", datetime(2999, 1, 1, tzinfo=UTC))
    said = " ".join(photofinish("list", "--file", file).stdout.split())
    assert "close firing 2.04% 2025-01-08 2999-01-01 00:00 test/board < 5.00%" in said
    assert "1 rule on 2 boards and sources; 1 where all is well are not shown" in said
    assert "gone" not in said
    (one,) = json.loads(photofinish("list", "--file", file, "--json").stdout)
    assert (one["phase"], one["threshold"]) == ("firing", 5.0)
    assert one["silenced_until"].startswith("2999-01-01")
    assert len(json.loads(photofinish("list", "--file", file, "--json", "--all").stdout)) == 2


def test_list_says_which_messages_did_not_go_out(file: str, store: Store) -> None:
    store.save([], [an_event(), an_event(board="test/other")], NOW)
    for _ in range(TRIES):
        store.mark_failed(an_event().id, "hook", "HTTP 404", NOW)
    assert "1 to hook given up: HTTP 404" in photofinish("list", "--file", file).stdout
    store.mark_failed(an_event(board="test/other").id, "hook", "HTTP 500", NOW)
    assert "1 to hook waiting: HTTP 500" in photofinish("list", "--file", file).stdout


def test_silence_is_for_a_rule_that_there_is_until_a_day(file: str, store: Store) -> None:
    own = ("silence", "--file", file)
    assert "silent until 2999-01-01" in photofinish(*own, "close", "--until", "2999-01-01").stdout
    now = datetime.now(UTC)
    assert store.silences(now) == {"close": datetime(2999, 1, 1, tzinfo=UTC)}
    assert "not silenced any more" in photofinish(*own, "close", "--until", "2020-01-01").stdout
    assert store.silences(now) == {}
    assert stopped(photofinish(*own, "clse", "--until", "2999-01-01"))[0] == USAGE


def watched(settings: Settings, chosen: list[Rule], states: Iterable[State], now: float) -> Any:
    with reader(settings.published) as db:
        return watch(db, chosen, states, day(now), day(-1))


def test_the_tables_are_watched_and_a_missing_one_stops_no_other_rule(
    file: str, settings: Settings
) -> None:
    rules = [rule(name="close", threshold=5), rule(name="far", metric="frontier_country_gap_pct")]
    with reader(settings.published) as db:
        there = db.execute(
            "select count(*) from duckdb_tables() where table_name = 'frontier'"
        ).fetchall()[0][0]
    found = watched(settings, rules, [], 14)
    assert [event.status for event in found.events] == ["resolved"]
    assert bool(found.problems) is not bool(there)
    again = watched(settings, rules, found.states, 15)
    assert (again.states, again.events) == (found.states, [])
