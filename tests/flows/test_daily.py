"""The daily flow through Prefect, against a mirror of the recordings at several dates."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from flows.settings import Settings
from sources import load_sources
from tests.flows.prefect_server import Server

pytestmark = pytest.mark.slow
SOURCES = ["arena_csv", "aider", "livebench"]


@pytest.fixture
def daily(prefect: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The flow, talking to the tests' Prefect server."""
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "CRITICAL")
    from flows.daily import daily

    return daily


@pytest.fixture
def at_mirror(mirror: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PHOTOFINISH_MIRROR", mirror.url)
    monkeypatch.setenv("PHOTOFINISH_RETRIES", "1")
    monkeypatch.setenv("PHOTOFINISH_RETRY_DELAY", "0")
    return mirror


def query(text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(Settings().published), read_only=True) as db:
        return db.sql(text).fetchall()


def test_three_runs_at_three_dates_pull_what_changed_and_only_that(
    daily: Any, at_mirror: Any
) -> None:
    expected = {
        # All is new; then each of them published again; then none did.
        "2025-02-13T00:00:00Z": {"arena_csv": "new", "aider": "new", "livebench": "new"},
        "2025-02-16T20:00:00Z": {"arena_csv": "new", "aider": "new", "livebench": "new"},
        "2025-02-16T21:00:00Z": dict.fromkeys(SOURCES, "unchanged"),
    }
    for moment, outcomes in expected.items():
        at_mirror.clock(moment)
        state = daily(SOURCES, moment, return_state=True)
        report = state.result()
        assert {s.source: s.outcome for s in report.sources} == outcomes
        asked = at_mirror.log()
    assert all(request["etag"] for request in asked if "2025_01_25" not in request["key"])
    assert query(
        "select count(*) from raw.fetches where outcome = 'not_modified' and http_status = 304 "
        "and captured_at = '2025-02-16 21:00'"
    ) == [(6,)]
    assert query(
        "select as_of::varchar, last_seen_at::varchar from core.snapshots "
        "where board = 'arena_csv/text' order by as_of"
    ) == [
        ("2025-02-13", "2025-02-13 00:00:00"),
        ("2025-02-16", "2025-02-16 21:00:00"),
    ]


def test_one_source_failing_leaves_the_others_landed_and_marks_the_run(
    daily: Any, at_mirror: Any
) -> None:
    at_mirror.clock("2025-03-01T12:00:00Z")
    at_mirror.fault("500", times=50, match="lmsys.csv")
    at_mirror.fault("html", times=50, match="polyglot")
    state = daily(SOURCES, "2025-03-01T12:00:00Z", return_state=True)
    assert (state.type.value, state.name) == ("COMPLETED", "Partial")
    assert "1 of 3 sources landed" in state.message
    report = {s.source: s for s in state.result().sources}
    assert report["arena_csv"].outcome == "failed"
    assert report["arena_csv"].problem.endswith("lmsys.csv: HTTP 500")
    assert report["aider"].outcome == "quarantined"
    assert report["aider"].problem == "the payload is an HTML page, not data"
    assert report["livebench"].outcome == "new"
    assert query("select distinct source from core.snapshots order by 1") == [
        ("aider",),
        ("livebench",),
    ]
    assert sum("lmsys.csv" in r["key"] for r in at_mirror.log()) == 2, "one retry"


def test_a_run_in_which_nothing_lands_has_failed(daily: Any, at_mirror: Any) -> None:
    at_mirror.clock("2025-03-01T12:00:00Z")
    at_mirror.fault("503", times=50)
    state = daily(["arena_csv"], "2025-03-01T12:00:00Z", return_state=True)
    assert (state.type.value, state.name) == ("FAILED", "NothingLanded")


def test_a_source_that_has_stopped_is_asked_once(
    daily: Any, at_mirror: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In runs of all the sources there are, which here are two."""
    two = {id_: source for id_, source in load_sources().items() if id_ in ("arena_csv", "llmperf")}
    monkeypatch.setattr("flows.daily.load_sources", lambda: two)
    at_mirror.clock("2024-02-01T00:00:00Z")
    asked = []
    for _ in range(2):
        daily(None, "2024-02-01T00:00:00Z", return_state=True)
        asked.append(sum("llmperf" in request["key"] for request in at_mirror.log()))
    assert asked == [1, 0]


def test_the_run_leaves_a_table_of_gaps_behind(daily: Any, at_mirror: Any) -> None:
    from prefect.artifacts import Artifact

    at_mirror.clock("2025-03-01T12:00:00Z")
    daily(["arena_csv"], "2025-03-01T12:00:00Z")
    artifact = Artifact.get("photofinish-gaps")
    assert artifact
    assert "| arena\\_csv/text |" in str(artifact.data)
