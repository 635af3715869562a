"""What descriptions of the published data need: columns, rights, payloads, spans of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import duckdb
import polars as pl

from warehouse.reader import UnknownBoard

BATCH = 100_000

_RIGHTS = """
    select
        boards.board,
        coalesce(boards.title, boards.board) as title,
        boards.source,
        coalesce(boards.licence, 'not stated') as licence,
        coalesce(boards.credit, '') as credit,
        coalesce(boards.homepage, '') as homepage
    from core.boards as boards
    where boards.board in (select board from named)
    order by boards.board
"""


def tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    """The published tables as schema.table, in order of name."""
    rows = db.execute(
        "select schema_name || '.' || table_name from duckdb_tables() order by 1"
    ).fetchall()
    return [row[0] for row in rows]


def grain(db: duckdb.DuckDBPyConnection, table: str) -> str:
    """What a row of the table is, as its comment says; empty where it has none."""
    row = db.execute(
        "select comment from duckdb_tables() where schema_name || '.' || table_name = ?", [table]
    ).fetchone()
    return (row and row[0]) or ""


def columns(db: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """The columns of the table in order, with their meaning; empty where none is stated."""
    rows = db.execute(
        """
        select column_name, coalesce(comment, '')
        from duckdb_columns()
        where schema_name || '.' || table_name = ?
        order by column_index
        """,
        [table],
    ).fetchall()
    return dict(rows)


def rights(db: duckdb.DuckDBPyConnection, boards: list[str]) -> list[dict[str, str]]:
    """Whose data the boards are: board, title, source, licence, credit, homepage.

    A timeline told by several sources brings in each of them.
    """
    return (
        db.execute(
            f"""
            with named as (
                select unnest($boards) as board
                union
                select listed_as from core.states where board in (select unnest($boards))
            )
            {_RIGHTS}
            """,
            {"boards": boards},
        )
        .pl()
        .to_dicts()
    )


def table_boards(db: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The boards that the rows of a table are of; all that were ever seen where it names none."""
    column = "board" if "board" in columns(db, table) else None
    query = (
        f"select distinct board from {table} where board is not null order by 1"
        if column
        else "select distinct board from core.states order by 1"
    )
    return [row[0] for row in db.execute(query).fetchall()]


def table_payloads(db: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The sha256 of the payloads behind a table: of its snapshots, else of its boards, else of its
    sources, else of all there are."""
    has = columns(db, table)
    if "payload_sha256" in has:
        query = f"select distinct payload_sha256 from {table}"
    elif "sha256" in has:
        query = f"select distinct sha256 from {table}"
    elif "snapshot_id" in has:
        query = f"""
            select distinct payload_sha256 from core.states
            where snapshot_id in (select snapshot_id from {table})"""
    elif "board" in has:
        query = f"""
            select distinct payload_sha256 from core.states
            where board in (select board from {table})"""
    elif "source" in has:
        query = (
            f"select distinct sha256 from raw.payloads where source in (select source from {table})"
        )
    else:
        query = "select distinct sha256 from raw.payloads"
    found = db.execute(query).fetchall()
    return sorted(row[0] for row in found if row[0])


def board_facts(db: duckdb.DuckDBPyConnection, board: str) -> dict[str, Any]:
    """Of a board: title, task_family, metric, unit, higher_is_better, scoring_method, first and last
    as_of, modified (when it was last seen changed) and payloads. Raises UnknownBoard."""
    found = db.execute(
        """
        select
            boards.board,
            boards.title,
            boards.task_family,
            boards.metric,
            boards.unit,
            boards.higher_is_better,
            boards.scoring_method,
            min(states.as_of) as since,
            max(states.as_of) as until,
            max(states.captured_at) as modified,
            list(distinct states.payload_sha256 order by states.payload_sha256) as payloads
        from core.boards as boards
        join core.states as states using (board)
        where boards.board = ?
        group by all
        """,
        [board],
    ).pl()
    if found.is_empty():
        raise UnknownBoard(f"there is no board {board} with a snapshot")
    return found.to_dicts()[0]


def model_facts(db: duckdb.DuckDBPyConnection, model: str) -> dict[str, Any]:
    """Of a model: organization, first and last as_of it is listed, modified  boards and payloads of
    the snapshots that list it. Raises UnknownBoard if no board lists it."""
    found = db.execute(
        """
        select
            any_value(entries.organization) as organization,
            min(entries.as_of) as since,
            max(entries.as_of) as until,
            max(states.captured_at) as modified,
            list(distinct states.board order by states.board) as boards,
            list(distinct states.payload_sha256 order by states.payload_sha256) as payloads
        from core.entries as entries
        join core.states as states using (snapshot_id)
        where entries.model = ?
        having count(*) > 0
        """,
        [model],
    ).pl()
    if found.is_empty():
        raise UnknownBoard(f"no board lists a model {model}")
    return found.to_dicts()[0]


def whole_facts(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Of all that is published: first and last as_of, modified, boards, snapshots, models, payloads."""
    found: pl.DataFrame = db.execute(
        """
        select
            min(as_of) as since,
            max(as_of) as until,
            max(captured_at) as modified,
            list(distinct board order by board) as boards,
            count(*) as snapshots,
            (select count(*) from core.models) as models,
            (select count(*) from raw.payloads) as payloads
        from core.states
        """
    ).pl()
    return found.to_dicts()[0]


def count(db: duckdb.DuckDBPyConnection, table: str) -> int:
    """The number of rows."""
    return int(db.execute(f"select count(*) from {table}").fetchall()[0][0])


def batches(db: duckdb.DuckDBPyConnection, table: str, rows: int = BATCH) -> Iterator[pl.DataFrame]:
    """The rows of a table in the order of the file, `rows` at a time; one empty frame if there are none."""
    reader = db.execute(f"from {table}").fetch_record_batch(rows)
    yield cast(pl.DataFrame, pl.from_arrow(reader.schema.empty_table()))
    for batch in reader:
        yield cast(pl.DataFrame, pl.from_arrow(batch))
