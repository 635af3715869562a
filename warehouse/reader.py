"""Questions that the commands and the page ask the published file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from warehouse import layout
from warehouse.place import Lake, Place
from warehouse.raw_tables import RAW_TABLES
from warehouse.rows import Row, rows, tuples

SPARK_POINTS = 10
NEXT = "`photofinish demo` makes one from the bundled sample, `photofinish run` from the public sources"


class NothingPublished(Exception):
    """There is no published file yet."""


class UnknownBoard(Exception):
    """No such board, task or date in the published file. Names what there is."""


@contextmanager
def reader(place: Place) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what is published, a file or a lake, read-only.

    Raises NothingPublished if it is not there, NotADatabase if it is something else, NewerHome or
    OlderHome if another version of photofinish wrote it and it lacks what is asked for.
    """
    db = _opened(place)
    try:
        yield db
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        age = layout.age(db, RAW_TABLES) if isinstance(place, Path) else "same"
        if isinstance(place, Path) and age in layout.REFUSALS:
            raise layout.REFUSALS[age](place) from error
        raise
    finally:
        db.close()


def _opened(place: Place) -> duckdb.DuckDBPyConnection:
    if isinstance(place, Lake):
        # Only who has a lake pays for the code that opens one.
        from warehouse import lake

        try:
            return lake.opened(place)
        except lake.NothingThere as error:
            raise NothingPublished(f"{place} is not there yet: {NEXT}") from error
    if not place.exists():
        raise NothingPublished(f"{place} is not there yet: {NEXT}")
    try:
        return duckdb.connect(str(place), read_only=True)
    except duckdb.Error as error:
        raise layout.NotADatabase(
            f"{place} cannot be opened ({str(error).splitlines()[0]}); `photofinish rebuild` puts a new "
            "one in its place and keeps what is there under another name"
        ) from error


def latest_gaps(db: duckdb.DuckDBPyConnection, task: str = "overall") -> list[Row]:
    """Per board the latest row of metrics.gap_history for `task`, with title, unit, note and trend.

    note says what is special about the snapshot, else null; trend holds up to 10 latest values of
    gap_1_2_pct, oldest first.
    """
    return rows(
        db,
        f"""
        with latest as (
            select *
            from metrics.gap_history
            where task = $task
            qualify row_number() over (partition by board order by as_of desc) = 1
        ),

        trends as (
            select board, list(gap_1_2_pct order by as_of)[-{SPARK_POINTS}:] as trend
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
        task=task,
    )


def gap_series(db: duckdb.DuckDBPyConnection, board: str, task: str = "overall") -> list[Row]:
    """metrics.gap_history of one board and task with the note of each snapshot, oldest first.

    Raises UnknownBoard.
    """
    check_board(db, board, task)
    return rows(
        db,
        """
        select history.*, snapshots.note
        from metrics.gap_history as history
        join core.snapshots as snapshots using (snapshot_id)
        where history.board = $board and history.task = $task
        order by history.as_of
        """,
        board=board,
        task=task,
    )


def leaderboard(
    db: duckdb.DuckDBPyConnection, board: str, task: str, as_of: date | None
) -> list[Row]:
    """The entries of a board as it stood on `as_of` (default: the latest), best first.

    Raises UnknownBoard if there is no such board or task, or nothing that early.
    """
    check_board(db, board, task)
    found = rows(
        db,
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
        board=board,
        task=task,
        as_of=as_of,
    )
    if not found:
        raise UnknownBoard(f"nothing is known of {board} as early as {as_of}")
    return found


def gap_story(db: duckdb.DuckDBPyConnection, board: str, since: date, until: date) -> str:
    """What the gap from first to tenth did between two dates, in a sentence.

    Takes the snapshots nearest before each date. Raises UnknownBoard if there are none.
    """
    series = [row for row in gap_series(db, board) if row["gap_1_10_pct"] is not None]
    ends = [[row for row in series if row["as_of"] <= day][-1:] for day in (since, until)]
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
        for row in tuples(
            db,
            "select distinct task from metrics.gap_history where board = $board order by task",
            board=board,
        )
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
