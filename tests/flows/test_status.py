"""Status: fresh, late, frozen or failing, for a person and a monitor; what a run says to machines; verify."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from flows import log, pipeline
from flows.commands.common import Stop
from flows.commands.status import status
from flows.commands.verify import verify
from flows.settings import Settings
from flows.show.status import age, problems, status_table
from flows.show.summary import Line, summary_markdown
from flows.verify import Differs, verified
from sources import load_sources
from tests.conftest import built, landed, scored, tidy_csv
from warehouse.archive import Archive, Fetch
from warehouse.database import connect, load
from warehouse.health import Health, Watched, health

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD = tidy_csv(scored(ada=2.0, bea=1.0), "2025-01-01", {})
BETTER = tidy_csv(scored(ada=3.0, bea=1.0, cleo=0.5), "2025-02-01", {})
BAD = b"<html>"
ONE = {"tidy": Watched("daily", [["file:///a.csv"]])}

NO_TABLES = """
create schema if not exists core; create schema if not exists market;
create table if not exists core.snapshots (source text, board text, as_of date, snapshot_id text);
create table if not exists core.entries (snapshot_id text, model text, current boolean);
create table if not exists market.prices (source text, as_of date, valid_to date);
"""


class Journal:
    """Fetches of the source tidy, written as `ago` before NOW."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.archive = Archive(settings.archive)

    def got(self, ago: timedelta, payload: bytes = GOOD, run: str = "r", **more: Any) -> None:
        at = (NOW - ago).replace(tzinfo=UTC)
        made = landed(self.archive, payload, at, more.pop("url", "file:///a.csv"))
        facts = {**vars(made), "run_id": run, **more}
        self.archive.append([Fetch(**facts)])

    def failed(self, ago: timedelta, run: str = "r", **more: Any) -> None:
        facts = {"url": "file:///a.csv", "error": "HTTP 500", "http_status": 500, **more}
        at = (NOW - ago).replace(tzinfo=UTC)
        self.archive.append(
            [Fetch(run_id=run, source="tidy", captured_at=at, outcome="failed", **facts)]
        )

    def health(self, watched: dict[str, Watched] = ONE, now: datetime = NOW) -> Health:
        """Of the fetches alone: no table is made of what they brought."""
        with closing(connect(self.settings.build)) as db:
            load(db, self.archive, pipeline.parsers(load_sources()))
            db.execute(NO_TABLES)
            (found,) = health(db, watched, now)
        return found

    def publish(self) -> None:
        """Make every table and publish; once there, only the fetches anew."""
        if not self.settings.published.exists():
            built(self.settings).close()
        pipeline.load_journal(self.settings, load_sources())
        pipeline.publish_tables(self.settings)


@pytest.fixture
def journal(settings: Settings) -> Journal:
    return Journal(settings)


def test_a_source_is_late_after_one_and_a_half_of_its_periods(journal: Journal) -> None:
    journal.got(36 * HOUR)
    found = journal.health()
    assert (found.freshness, found.well) == ("fresh", True)
    assert found.next_due == NOW - 12 * HOUR
    assert journal.health({"tidy": Watched("hourly")}).freshness == "late"
    assert journal.health({"tidy": Watched("weekly")}).freshness == "fresh"
    assert journal.health({"tidy": Watched("on demand")}).freshness == "on demand"
    later = journal.health(now=NOW + timedelta(seconds=1))
    assert (later.freshness, later.well) == ("late", False)


def test_a_failure_does_not_make_a_source_fresh(journal: Journal) -> None:
    journal.got(40 * HOUR, run="old")
    journal.failed(HOUR)
    found = journal.health()
    assert (found.freshness, found.failing, found.problem) == ("late", True, "HTTP 500")
    assert found.last_success == NOW - 40 * HOUR
    assert found.last_attempt == found.problem_at == NOW - HOUR


def test_a_refused_payload_is_no_success(journal: Journal) -> None:
    journal.got(40 * HOUR, run="old")
    journal.got(HOUR, BAD)
    found = journal.health()
    assert (found.freshness, found.failing, found.quarantined) == ("late", True, 1)
    assert found.last_success == NOW - 40 * HOUR
    assert found.problem


def test_what_was_wrong_once_and_is_over_is_remembered_but_no_worry(journal: Journal) -> None:
    journal.got(3 * DAY, BAD, run="old")
    journal.failed(2 * DAY, run="older")
    journal.got(HOUR, BETTER)
    found = journal.health()
    assert found.well
    assert (found.problem, found.problem_at) == ("HTTP 500", NOW - 2 * DAY)
    assert found.quarantined == 1
    assert list(problems([found])) == []


def test_a_try_that_failed_and_was_made_good_is_no_failure(journal: Journal) -> None:
    journal.failed(HOUR + timedelta(minutes=1))
    journal.got(HOUR)
    assert journal.health().well


def test_a_missing_first_choice_is_no_failure_if_the_second_came(journal: Journal) -> None:
    files = {"tidy": Watched("daily", [["file:///new.csv", "file:///a.csv"]])}
    journal.failed(HOUR, url="file:///new.csv", error="HTTP 404", http_status=404)
    journal.got(HOUR)
    assert journal.health(files).well
    assert journal.health({"tidy": Watched("daily", [["file:///new.csv"]])}).failing


def test_a_file_that_the_last_run_did_not_ask_for_is_no_failure(journal: Journal) -> None:
    journal.failed(DAY, run="yesterday", url="file:///of-yesterday.csv")
    journal.got(HOUR, run="today")
    assert journal.health().well


def test_one_of_two_files_missing_is_a_failure(journal: Journal) -> None:
    journal.got(HOUR)
    journal.failed(HOUR, url="file:///b.csv")
    found = journal.health({"tidy": Watched("daily", [["file:///a.csv"], ["file:///b.csv"]])})
    assert (found.freshness, found.failing) == ("fresh", True)


def test_a_source_that_answers_and_never_changes_is_frozen(journal: Journal) -> None:
    journal.got(91 * DAY, run="old")
    journal.got(HOUR, outcome="not_modified")
    found = journal.health()
    assert (found.freshness, found.well, found.last_change) == ("frozen", True, NOW - 91 * DAY)


def test_a_source_whose_publisher_has_stopped_is_never_late(journal: Journal) -> None:
    journal.got(400 * DAY)
    found = journal.health({"tidy": Watched("frozen")})
    assert (found.freshness, found.well, found.next_due) == ("frozen", True, None)


def test_a_source_that_only_ever_failed_is_late_in_its_time(journal: Journal) -> None:
    journal.failed(2 * DAY)
    found = journal.health()
    assert (found.freshness, found.last_success, found.rows) == ("late", None, 0)


def test_rows_are_those_of_the_newest_good_state(
    settings: Settings, prices: Callable[..., None]
) -> None:
    journal = Journal(settings)
    journal.got(2 * DAY, GOOD)
    journal.got(DAY, BETTER)
    journal.got(HOUR, BAD)
    prices("2025-01-01", ("ada", "harbour", 1, 5), ("bea", "harbour", 2, 6))
    with closing(built(settings)) as db:
        found = {one.source: one for one in health(db, {"new": Watched("daily")}, NOW)}
    tidy, priced, new = (found[id_] for id_ in ("tidy", "litellm_prices", "new"))
    assert (tidy.rows, str(tidy.as_of), tidy.boards, tidy.snapshots) == (3, "2025-02-01", 1, 2)
    assert (priced.rows, str(priced.as_of), priced.boards) == (2, "2025-01-01", 0)
    assert (new.freshness, new.well) == ("never", True)
    assert tidy.freshness == "on demand", "nobody promises anything of a source without a card"


def photofinish_status(*args: str) -> Result:
    return CliRunner().invoke(status, args, env={"COLUMNS": "80"}, catch_exceptions=False)


def ago(moment: timedelta) -> timedelta:
    """So long before the real now, as the journal of these tests counts."""
    return NOW - (datetime.now(UTC).replace(tzinfo=None) - moment)


def test_the_exit_code_is_for_a_monitor(journal: Journal) -> None:
    journal.got(ago(2 * DAY))
    journal.publish()
    late = photofinish_status()
    assert (late.exit_code, "Late, with nothing good" in late.output) == (1, True)
    journal.got(ago(HOUR), run="next")
    journal.publish()
    well = photofinish_status()
    assert (well.exit_code, "All is well" in well.output) == (0, True)
    journal.failed(ago(timedelta(0)), run="new", error="HTTP 500 [red]no markup[/red]")
    journal.publish()
    sick = photofinish_status()
    assert sick.exit_code == 1
    assert "HTTP 500 [red]no markup[/red]" in sick.output
    assert "failing" in sick.output
    told = json.loads(photofinish_status("--json").output)
    (tidy,) = [one for one in told if one["source"] == "tidy"]
    assert (tidy["well"], tidy["freshness"], tidy["failing"]) == (False, "fresh", True)
    assert len(told) == len(load_sources())
    assert photofinish_status("--json").exit_code == 1


def test_the_table_fits_a_narrow_terminal() -> None:
    from rich.console import Console

    worst = Health(
        source="nyt_connections", cadence="daily", freshness="on demand", failing=False,
        last_success=NOW - 1500 * DAY, next_due=NOW + 59 * timedelta(minutes=1), rows=99_999,
        quarantined=123, as_of=NOW.date(),
    )  # fmt: skip
    console = Console(width=80, record=True, file=None)
    with console.capture() as shown:
        console.print(status_table([worst], NOW))
    lines = shown.get().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    for part in ("nyt_connections", "on demand", "1,500 d ago", "59 min", "99,999", "123"):
        assert part in lines[2]


def test_a_span_is_told_in_its_largest_unit() -> None:
    told = {5: "5 min", 119: "119 min", 121: "2 h", 47 * 60: "47 h", 3 * 24 * 60: "3 d"}
    assert {m: age(timedelta(minutes=m)) for m in told} == told


def test_what_a_publisher_wrote_stays_text_in_the_summary_of_a_run() -> None:
    nasty = "a | b\n\n# <script>x</script> [here](http://evil) `c` *d*"
    line = Line("s", "failed", 1234, NOW.date(), 3, 1.26, nasty)
    *_, row = summary_markdown([line]).splitlines()
    assert row == (
        "| s | failed | 1,234 | 2026-03-01 | 3 d | 1.3 s | a \\| b \\# &lt;script>x&lt;/script> "
        "\\[here\\](http://evil) \\`c\\` \\*d\\* |"
    )


def test_steps_are_json_lines_if_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        with log.run("run-1"):
            with log.step("load") as told:
                told["parsed"] = 3
            with pytest.raises(ValueError), log.step("pull", source="aider"):
                raise ValueError("not\nnow")

    work()
    assert capsys.readouterr().err == "", "and nothing without"
    monkeypatch.setenv("PHOTOFINISH_LOG", "json")
    work()
    done, failed = map(json.loads, capsys.readouterr().err.splitlines())
    assert {k: done[k] for k in ("run_id", "step", "parsed", "level", "ended")} == {
        "run_id": "run-1", "step": "load", "parsed": 3, "level": "info", "ended": "done",
    }  # fmt: skip
    assert (failed["source"], failed["level"], failed["ended"]) == ("aider", "error", "failed")
    assert failed["error"] == "ValueError: not\nnow"
    assert datetime.fromisoformat(failed["time"]).tzinfo


def files(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_verification_finds_the_tables_that_are_not_what_the_archive_gives(
    journal: Journal, settings: Settings
) -> None:
    journal.got(HOUR)
    journal.got(DAY, BETTER, url="file:///b.csv")
    journal.publish()
    killed = settings.build.with_name(f"{settings.build.name}.verify")
    before = files(settings.home)
    killed.write_text("a verification that was killed left this")
    assert verified(settings, load_sources()) > 25
    assert files(settings.home) == before, "it leaves nothing behind"
    with duckdb.connect(str(settings.published)) as db:
        db.execute("update metrics.gaps set gap = gap + 1e-12 where k = 2")
        db.execute("delete from core.models where model = 'cleo'")
    told = CliRunner().invoke(verify).exception
    assert isinstance(told, Stop) and told.code == 1
    assert isinstance(told.__cause__, Differs)
    assert "2 of" in str(told)
    assert "core.models has 2 rows instead of 3; metrics.gaps has other values" in str(told)
    after = [name for name in files(settings.home) if name != "run.lock"]
    assert after == before, "also where it fails, but for the lock of the command"


def test_a_difference_is_a_failed_run_that_names_the_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flows import upkeep

    def differs() -> int:
        raise Differs("metrics.gaps has other values")

    # The flow without Prefect around it: what state it says it ended in.
    monkeypatch.setattr(upkeep, "compare", differs)
    state = upkeep.verify.fn()
    assert (state.type.value, state.name) == ("FAILED", "Differs")
    assert state.message == "metrics.gaps has other values"
    monkeypatch.setattr(upkeep, "compare", lambda: 33)
    assert upkeep.verify.fn().type.value == "COMPLETED"


def test_there_is_nothing_to_verify_before_the_first_run(settings: Settings) -> None:
    with pytest.raises(Exception, match="nothing to verify"):
        verified(settings, load_sources())
    assert not settings.build.exists()
