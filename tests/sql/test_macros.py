"""The macros of the published file: what stood on a day, as it was known on a day.

They ask core.listings too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import pipeline
from flows.settings import Settings
from tests.conftest import MakeWarehouse, built, landed, scored, tidy_csv
from tests.sample import sample_home
from warehouse.archive import Archive

# The same date with other values, twice: published on the 1st, the 5th and at noon of the 9th.
VINTAGES = [
    ("2025-01-01T10:00", "2025-01-01", scored(ada=90.0, bea=80.0, cleo=70.0)),
    ("2025-01-03T10:00", "2025-01-03", scored(bea=95.0, ada=91.0, cleo=70.0)),
    ("2025-01-05T10:00", "2025-01-01", scored(ada=88.0, bea=80.0, cleo=70.0)),
    ("2025-01-09T12:00", "2025-01-01", scored(cleo=99.0, ada=88.0, bea=80.0)),
]


def published(home: Path, states: list[tuple[str, str, list[dict[str, Any]]]]) -> Settings:
    """A home with one tidy payload per (captured_at, as_of, rows), landed in the order given."""
    settings = Settings(home=home)
    archive = Archive(settings.archive)
    for captured, as_of, rows in states:
        moment = datetime.fromisoformat(captured).replace(tzinfo=UTC)
        payload = tidy_csv(rows, as_of, {})
        archive.append([landed(archive, payload, moment, url="file:///board.csv")])
    built(settings).close()
    pipeline.publish_tables(settings)
    return settings


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = published(tmp_path_factory.mktemp("vintages"), VINTAGES)
    with duckdb.connect(str(home.published), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = sample_home(tmp_path_factory.mktemp("demo"))
    with duckdb.connect(str(home.published), read_only=True) as opened:
        yield opened


def standing(db: duckdb.DuckDBPyConnection, ts: str, known: str = "null") -> list[tuple[Any, ...]]:
    return db.sql(
        "select model, score, as_of::varchar "
        f"from leaderboard_asof('test/board', 'overall', {ts}, known := {known}) order by position"
    ).fetchall()[:1]


@pytest.mark.parametrize(
    ("ts", "known", "leader"),
    [
        ("'2025-01-02'", "null", [("cleo", 99.0, "2025-01-01")]),
        ("date '2025-01-02'", "null", [("cleo", 99.0, "2025-01-01")]),
        ("'2025-01-02'", "'2025-01-08'", [("ada", 88.0, "2025-01-01")]),
        ("'2025-01-02'", "'2025-01-04'", [("ada", 90.0, "2025-01-01")]),
        ("'2025-01-03'", "'2025-01-04'", [("bea", 95.0, "2025-01-03")]),
        ("'2025-01-03'", "'2025-01-02'", [("ada", 90.0, "2025-01-01")]),
        ("'2025-01-03'", "'2024-12-31'", []),
        ("'2024-12-31'", "null", []),
    ],
)
def test_the_latest_date_in_its_latest_vintage_known_by_then(
    db: duckdb.DuckDBPyConnection, ts: str, known: str, leader: list[tuple[Any, ...]]
) -> None:
    assert standing(db, ts, known) == leader


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize(
    ("known", "score"),
    [
        ("date '2025-01-09'", 99.0),  # a day is known to its end
        ("'2025-01-09'", 99.0),
        ("timestamp '2025-01-09 12:00'", 99.0),
        ("timestamp '2025-01-09 11:59:59'", 88.0),
        ("timestamp '2025-01-09'", 88.0),
        ("'2025-01-09 11:59'", 88.0),
        ("timestamptz '2025-01-09 12:00:00+00'", 99.0),
        ("timestamptz '2025-01-09 13:00:00+02'", 88.0),
        ("'2025-01-09T11:59:59Z'", 88.0),
        ("'2025-01-09T06:30:00-05:30'", 99.0),
        ("now()", 99.0),
    ],
)
def test_known_is_a_day_or_a_moment_in_any_time_zone(
    db: duckdb.DuckDBPyConnection, known: str, score: float, zone: str
) -> None:
    cursor = db.cursor()
    cursor.execute(f"set timezone = '{zone}'")
    assert standing(cursor, "'2025-01-01'", known)[0][1] == score


def test_a_known_that_is_no_day_is_refused(db: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.ConversionException):
        standing(db, "'2025-01-01'", "'lately'")


def test_the_gap_is_that_of_the_vintage(db: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select * from gap_asof('test/board', 'overall', 2, '2025-01-02', known := '2025-01-04')"
    )
    assert db.sql(query).pl().to_dicts() == [
        {
            "board": "test/board",
            "task": "overall",
            "k": 2,
            "as_of": date(2025, 1, 1),
            "top_model": "ada",
            "kth_model": "bea",
            "top_score": 90.0,
            "kth_score": 80.0,
            "gap": 10.0,
            "gap_pct": 12.5,
            "z": None,
            "verdict": "unknown",
        }
    ]


@pytest.mark.parametrize("k", [-1, 0, 1, 4])
def test_a_board_without_a_kth_has_no_gap(db: duckdb.DuckDBPyConnection, k: int) -> None:
    assert db.sql(f"from gap_asof('test/board', 'overall', {k}, '2025-01-02')").fetchall() == []


@pytest.mark.parametrize("macro", ["leaderboard_asof", "tied_with_leader"])
@pytest.mark.parametrize("of", ["'no/board', 'overall'", "'test/board', 'no task'"])
def test_what_is_not_there_has_no_rows(db: duckdb.DuckDBPyConnection, macro: str, of: str) -> None:
    assert db.sql(f"from {macro}({of}, '2025-01-02')").fetchall() == []


def test_ties_without_noise_are_not_made_up(db: duckdb.DuckDBPyConnection) -> None:
    assert db.sql("from tied_with_leader('test/board', 'overall', '2025-01-02')").fetchall() == []


def test_a_vintage_that_lists_no_score_is_passed_over(tmp_path: Path) -> None:
    states = [*VINTAGES, ("2025-01-10T00:00", "2025-01-03", scored(ada=None, bea=None))]
    with duckdb.connect(str(published(tmp_path, states).published), read_only=True) as db:
        assert standing(db, "'2025-01-03'") == [("cleo", 99.0, "2025-01-01")]
        assert standing(db, "'2025-01-03'", "'2025-01-09'") == [("bea", 95.0, "2025-01-03")]


def test_an_outdated_release_is_not_the_state_of_the_board(warehouse: MakeWarehouse) -> None:
    old = [{**row, "release": "2024-06"} for row in scored(ada=70.0, bea=60.0)]
    new = [{**row, "release": "2024-11"} for row in scored(ada=50.0, bea=45.0)]
    edited = [{**row, "release": "2024-06"} for row in scored(ada=71.0, bea=60.0)]
    states = {"2025-01-01": old, "2025-01-02": new, "2025-01-03": edited}
    db = warehouse(states, stated=False)
    db.execute(pipeline.ASOF.read_text())
    assert standing(db, "'2025-01-03'") == [("ada", 50.0, "2025-01-02")]


def test_lower_is_better_has_the_lowest_first(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=4.0, bea=5.0)}, higher_is_better=False)
    db.execute(pipeline.ASOF.read_text())
    found = db.sql(
        "select top_model, gap, gap_pct from gap_asof('test/board', 'overall', 2, '2025-01-01')"
    ).fetchall()
    assert found == [("ada", 1.0, 20.0)]


UNLIKE_THE_TABLE = """
    select board, task, k, as_of, top_model, kth_model, top_score, kth_score, gap, gap_pct, z, verdict
    from metrics.gaps
    except all
    select stood.*
    from metrics.gaps as gaps
    cross join lateral (from gap_asof(gaps.board, gaps.task, gaps.k, gaps.as_of)) as stood
"""


def test_on_the_sample_every_gap_is_that_of_the_table(demo: duckdb.DuckDBPyConnection) -> None:
    assert demo.sql(UNLIKE_THE_TABLE).fetchall() == []
    assert demo.sql("select count(*) > 150 from metrics.gaps").fetchall() == [(True,)]


def test_on_the_sample_the_tie_is_that_of_the_table(demo: duckdb.DuckDBPyConnection) -> None:
    tied, different = demo.sql(
        """
        with unnested as (
            select
                ties.board,
                ties.task,
                ties.as_of,
                ties.tied_models,
                list(tied.model order by position) as models
            from metrics.ties as ties
            join lateral (from tied_with_leader(ties.board, ties.task, ties.as_of)) as tied on true
            group by all
        )
        select count(*), count(*) filter (where models <> tied_models) from unnested
        """
    ).fetchall()[0]
    assert (tied, different) == (
        demo.sql("select count(*) from metrics.ties where n_tied is not null").fetchall()[0][0],
        0,
    )
    assert tied > 30


def test_the_file_says_what_each_macro_is(db: duckdb.DuckDBPyConnection) -> None:
    found = db.sql(
        "select function_name, comment from duckdb_functions() where not internal"
    ).fetchall()
    assert {"leaderboard_asof", "gap_asof", "tied_with_leader"} <= {name for name, _ in found}
    assert [name for name, comment in found if not comment] == []


def test_columns_of_the_caller_are_not_taken_for_those_of_a_macro(
    demo: duckdb.DuckDBPyConnection,
) -> None:
    found = demo.sql(
        "select boards.board, stood.board from core.boards, "
        "lateral (from gap_asof(board, 'overall', 2, '2025-04-30')) as stood order by 1"
    ).fetchall()
    assert found == [(board, board) for board in ("sample/aider_polyglot", "sample/arena_text")]


def test_an_attached_file_answers_once_it_is_used(tmp_path: Path) -> None:
    made = published(tmp_path, VINTAGES).published
    with duckdb.connect() as db:
        db.execute(f"attach '{made}' as theirs (read_only)")
        db.execute("use theirs")
        assert standing(db, "'2025-01-03'") == [("bea", 95.0, "2025-01-03")]
