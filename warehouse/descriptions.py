"""What descriptions of the published data need: columns, rights, payloads, spans of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast

import duckdb
import polars as pl

from warehouse.archive import utc

BATCH = 100_000

_RELATIONS = """
    select schema_name || '.' || table_name as name, comment from duckdb_tables()
    where database_name = current_catalog()
    union all
    select schema_name || '.' || view_name, comment from duckdb_views()
    where database_name = current_catalog() and not internal
"""

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
    """The published tables and views as schema.table, in order of name."""
    rows = db.execute(f"select name from ({_RELATIONS}) order by name").fetchall()
    return [row[0] for row in rows]


def grain(db: duckdb.DuckDBPyConnection, table: str) -> str:
    """What a row of the table is, as its comment says; empty where it has none."""
    row = db.execute(f"select comment from ({_RELATIONS}) where name = ?", [table]).fetchone()
    return (row and row[0]) or ""


def columns(db: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """The columns of the table in order, with their meaning; empty where none is stated."""
    rows = db.execute(
        """
        select column_name, coalesce(comment, '')
        from duckdb_columns()
        where database_name = current_catalog() and schema_name || '.' || table_name = ?
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


def priced(db: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether prices went into the table."""
    endings = ("_usd_per_mtok", "_price")
    return table.startswith("market.") or any(c.endswith(endings) for c in columns(db, table))


def table_boards(db: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The boards that the rows of a table are of: none of a table of prices; all that were ever seen of
    one that names no board."""
    if table.startswith("market."):
        return []
    query = "select distinct board from core.states order by 1"
    if "board" in columns(db, table):
        query = f"select distinct board from {table} where board is not null order by 1"
    return [row[0] for row in db.execute(query).fetchall()]


def table_payloads(db: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The sha256 of the payloads behind a table, in order: those it names, else of its snapshots, else of
    its boards, else all; and of the price lists, if prices went into it."""
    has = columns(db, table)
    queries = []
    if "payload_sha256" in has or "sha256" in has:
        queries.append(
            f"select {'payload_sha256' if 'payload_sha256' in has else 'sha256'} from {table}"
        )
    elif "snapshot_id" in has or "board" in has:
        column = "snapshot_id" if "snapshot_id" in has else "board"
        queries.append(
            f"select payload_sha256 from core.states where {column} in (select {column} from {table})"
        )
    elif not table.startswith("market."):
        queries.append("select sha256 from raw.payloads")
    if priced(db, table):
        queries.append(
            "select sha256 from raw.payloads where source in (select source from market.prices)"
        )
    found = db.execute(" union ".join(queries)).fetchall()
    return sorted(row[0] for row in found if row[0])


def price_sources(db: duckdb.DuckDBPyConnection) -> list[str]:
    """The sources whose prices there are."""
    rows = db.execute("select distinct source from market.prices order by 1").fetchall()
    return [row[0] for row in rows]


def newest(db: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the newest fetch attempt was made (UTC); None if there is none."""
    found: datetime | None = db.execute("select max(captured_at) from raw.fetches").fetchall()[0][0]
    return utc(found) if found else None


def count(db: duckdb.DuckDBPyConnection, table: str) -> int:
    """The number of rows."""
    return int(db.execute(f"select count(*) from {table}").fetchall()[0][0])


def batches(db: duckdb.DuckDBPyConnection, table: str, rows: int = BATCH) -> Iterator[pl.DataFrame]:
    """The rows of a table in the order of the file, `rows` at a time; one empty frame if there are none."""
    reader = db.execute(f"from {table}").to_arrow_reader(rows)
    yield cast(pl.DataFrame, pl.from_arrow(reader.schema.empty_table()))
    for batch in reader:
        yield cast(pl.DataFrame, pl.from_arrow(batch))
