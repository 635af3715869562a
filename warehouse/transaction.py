"""Small tools for statements: a transaction as a block, a frame as rows, a mark of what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import duckdb

from warehouse.quoting import quoted

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


def current_catalog(db: duckdb.DuckDBPyConnection) -> str:
    """The name by which the database in use is known beside attached ones."""
    return str(db.execute("select current_catalog()").fetchall()[0][0])


def insert(db: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Add the rows to a table, columns by name; missing ones are null."""
    _from(db, rows, f"insert into {table} by name")


def create(db: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Make a table of these rows, in its schema, in the place of one that is there."""
    db.execute(f"create schema if not exists {table.rpartition('.')[0]}")
    _from(db, rows, f"create or replace table {table} as")


def _from(db: duckdb.DuckDBPyConnection, rows: pl.DataFrame, statement: str) -> None:
    db.register("incoming", rows.to_arrow())
    try:
        db.execute(f"{statement} select * from incoming")
    finally:
        db.unregister("incoming")


def marked(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The words of parsed.marks, by table."""
    return dict(db.execute("select name, mark from parsed.marks").fetchall())


def mark(db: duckdb.DuckDBPyConnection, words: Mapping[str, str]) -> None:
    """Give tables these words in parsed.marks. Belongs in the transaction that fills them."""
    named = ", ".join(map(quoted, words))
    told = ", ".join(f"({quoted(table)}, {quoted(word)})" for table, word in words.items())
    if words:
        db.execute(f"delete from parsed.marks where name in ({named})")
        db.execute(f"insert into parsed.marks values {told}")


def changed(db: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Mark that the contents of these tables are others than before: parsed.marks has a new word for each.

    Belongs in the transaction of the change.
    """
    mark(db, {table: str(uuid4()) for table in tables})
