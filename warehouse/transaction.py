"""Small tools for statements: a transaction as a block, a frame as rows, a mark of what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import polars as pl


@contextmanager
def transaction(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block's statements or none."""
    db.execute("begin")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")


def insert(db: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Add the rows to a table, columns by name; missing ones are null."""
    db.register("incoming", rows.to_arrow())
    try:
        db.execute(f"insert into {table} by name select * from incoming")
    finally:
        db.unregister("incoming")


def changed(db: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Mark that the contents of these tables are others than before: parsed.marks has a new word for each.

    Belongs in the transaction of the change.
    """
    for table in tables:
        db.execute("delete from parsed.marks where name = ?", [table])
        db.execute("insert into parsed.marks values (?, uuid()::varchar)", [table])
