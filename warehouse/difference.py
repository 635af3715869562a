"""The rows in which two tables with the same columns differ, so that only they are written.

Rows are told apart by their hashes. No two rows of a table are alike, since each has a key.
"""

from __future__ import annotations

import duckdb

CONTENT = "count(*) || ' ' || coalesce(sum(hash(t)::hugeint), 0)"
"""What tells the rows t of a table, in whatever order."""


def lacking(table: str, other: str) -> str:
    """A from clause: the rows t of `table` that `other` has not."""
    return f"from {table} as t anti join (select hash(o) as known from {other} as o) on known = hash(t)"


def same_rows(db: duckdb.DuckDBPyConnection, table: str, other: str) -> bool:
    """Whether two tables have the same rows."""
    words = ", ".join(f"(select {CONTENT} from {name} as t)" for name in (table, other))
    one, two = db.execute(f"select {words}").fetchall()[0]
    return bool(one == two)


def content(db: duckdb.DuckDBPyConnection, table: str) -> str:
    """A word for the rows of a table, in whatever order."""
    return str(db.execute(f"select {CONTENT} from {table} as t").fetchall()[0][0])


def replace_rows(db: duckdb.DuckDBPyConnection, table: str, by: str, columns: str = "*") -> None:
    """Make the rows of `table` those of `by`, by these columns where others are virtual."""
    db.execute(f"delete from {table} where rowid in (select t.rowid {lacking(table, by)})")
    into = table if columns == "*" else f"{table} ({columns})"
    db.execute(f"insert into {into} select {columns} {lacking(by, table)}")
