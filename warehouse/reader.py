"""Questions that the commands and the page ask the published file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb
import polars as pl

from warehouse import lake
from warehouse.place import Lake, Place

SPARK_POINTS = 10
NEXT = "`photofinish demo` makes one from the bundled sample, `photofinish run` from the public sources"


class NothingPublished(Exception):
    """There is no published file yet."""


class UnknownBoard(Exception):
    """No such board, task or date in the published file. Names what there is."""


@contextmanager
def reader(place: Place) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what is published, a file or a lake, read-only. Raises NothingPublished if it is not there."""
    try:
        db = _open(place)
    except lake.NothingThere as error:
        raise NothingPublished(f"{place} is not there yet: {NEXT}") from error
    try:
        yield db
    finally:
        db.close()


def _open(place: Place) -> duckdb.DuckDBPyConnection:
    if isinstance(place, Lake):
        return lake.opened(place)
    if not place.exists():
        raise lake.NothingThere
    return duckdb.connect(str(place), read_only=True)


def latest_gaps(db: duckdb.DuckDBPyConnection, task: str = "overall") -> pl.DataFrame:
    """Per board the latest row of metrics.gap_history for `task`, with title, unit, note and trend.

    note says what is special about the snapshot, else null; trend holds up to 10 latest values of
    gap_1_2_pct, oldest first.
    """
    return db.execute(
        """
        with latest as (
            select *
            from metrics.gap_history
            where task = $task
            qualify row_number() over (partition by board order by as_of desc) = 1
        ),

        trends as (
            select board, list(gap_1_2_pct order by as_of)[-$points:] as trend
            from metrics.gap_history
            where task = $task
            group by board
        )
        select latest.*, trends.trend, boards.title, boards.unit, boards.source, snapshots.note
        from latest
        join trends using (board)
        join core.boards as boards using (board)
        join core.snapshots as snapshots using (snapshot_id)
        order by latest.board
        """,
        {"task": task, "points": SPARK_POINTS},
    ).pl()


def gap_series(db: duckdb.DuckDBPyConnection, board: str, task: str = "overall") -> pl.DataFrame:
    """metrics.gap_history of one board and task with the note of each snapshot, oldest first.

    Raises UnknownBoard.
    """
    check_board(db, board, task)
    return db.execute(
        """
        select history.*, snapshots.note
        from metrics.gap_history as history
        join core.snapshots as snapshots using (snapshot_id)
        where history.board = ? and history.task = ?
        order by history.as_of
        """,
        [board, task],
    ).pl()


def leaderboard(
    db: duckdb.DuckDBPyConnection, board: str, task: str, as_of: date | None
) -> pl.DataFrame:
    """The entries of a board as it stood on `as_of` (default: the latest), best first.

    Raises UnknownBoard if there is no such board or task, or nothing that early.
    """
    check_board(db, board, task)
    found = db.execute(
        """
        with chosen as (
            select arg_max(snapshots.snapshot_id, snapshots.as_of) as snapshot_id
            from core.snapshots as snapshots
            join metrics.gap_history as history using (snapshot_id)
            where snapshots.board = $board and history.task = $task
                and snapshots.as_of <= coalesce($as_of, snapshots.as_of)
        )
        select entries.*, ties.tied_models is not null
            and list_contains(ties.tied_models, entries.model) as tied_with_leader
        from core.entries as entries
        join chosen using (snapshot_id)
        left join metrics.ties as ties
            on ties.board = entries.board and ties.task = entries.task and ties.as_of = entries.as_of
        where entries.task = $task
        order by entries.position nulls last, entries.model
        """,
        {"board": board, "task": task, "as_of": as_of},
    ).pl()
    if found.is_empty():
        raise UnknownBoard(f"nothing is known of {board} as early as {as_of}")
    return found


def gap_story(db: duckdb.DuckDBPyConnection, board: str, since: date, until: date) -> str:
    """What the gap from first to tenth did between two dates, in a sentence.

    Takes the snapshots nearest before each date. Raises UnknownBoard if there are none.
    """
    series = gap_series(db, board).filter(pl.col("gap_1_10_pct").is_not_null())
    ends = [series.filter(pl.col("as_of") <= day).tail(1).to_dicts() for day in (since, until)]
    if not all(ends):
        raise UnknownBoard(f"nothing is known of {board} as early as {since}")
    first, last = (end[0] for end in ends)
    moved = "fell" if last["gap_1_10_pct"] < first["gap_1_10_pct"] else "rose"
    return (
        f"On {board} the gap between first and tenth {moved} from {first['gap_1_10_pct']:.2f}% "
        f"({first['as_of']}, {first['leader']} first) to {last['gap_1_10_pct']:.2f}% "
        f"({last['as_of']}, {last['leader']} first)."
    )


def check_board(db: duckdb.DuckDBPyConnection, board: str, task: str) -> None:
    """Raise UnknownBoard, naming what there is, unless the board has the task."""
    tasks = [
        row[0]
        for row in db.execute(
            "select distinct task from metrics.gap_history where board = ? order by task", [board]
        ).fetchall()
    ]
    if not tasks:
        boards = db.execute("select distinct board from metrics.gap_history order by 1").fetchall()
        named = ", ".join(row[0] for row in boards) or "none yet"
        raise UnknownBoard(f"there is no board {board}; there are: {named}")
    if task not in tasks:
        raise UnknownBoard(f"{board} has no task {task}; it has: {', '.join(tasks)}")


def quarantined(db: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], str]:
    """Why each payload in quarantine is there, by (sha256, source, url)."""
    rows = db.execute("select sha256, source, url, reason from raw.quarantine").fetchall()
    return {(sha256, source, url): reason for sha256, source, url, reason in rows}


def source_status(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Per source: fetches, last success, last failure and its error, payloads, quarantine, boards."""
    return db.execute(
        """
        with fetched as (
            select
                source,
                count(*) as fetches,
                max(captured_at) filter (where outcome <> 'failed') as last_success,
                max(captured_at) filter (where outcome = 'failed') as last_failure,
                arg_max(error, captured_at) filter (where outcome = 'failed') as last_error,
                count(distinct payload_sha256) as payloads
            from raw.fetches
            group by source
        ),

        refused as (
            select
                source,
                count(*) as quarantined,
                arg_max(reason, captured_at) as last_reason
            from raw.quarantine
            group by source
        ),

        stood as (
            select source, count(distinct board) as boards, count(*) as snapshots, max(as_of) as as_of
            from core.snapshots
            group by source
        )
        select
            fetched.*,
            coalesce(refused.quarantined, 0) as quarantined,
            refused.last_reason,
            coalesce(stood.boards, 0) as boards,
            coalesce(stood.snapshots, 0) as snapshots,
            stood.as_of
        from fetched
        left join refused using (source)
        left join stood using (source)
        order by source
        """
    ).pl()
