"""Holding a table to its promises: one look at all rows, and a closer one only where something is wrong."""

from __future__ import annotations

import duckdb

from warehouse.headers import Header, Promise


class BrokenPromise(Exception):
    """A table does not hold what its header promises: the message shows up to three rows."""


def check(db: duckdb.DuckDBPyConnection, table: str, header: Header, rows: str) -> None:
    """Raise BrokenPromise unless the relation `rows` (the table, or the part that is new) is as promised."""
    conditions = [p for p in header.promises if p.broken]
    counts = [f"count(*) filter (where {p.broken})" for p in conditions]
    # Rows whose keys have the same hash are looked at again below: equal hashes are not yet equal keys.
    keys = [p for p in header.promises if p.key]
    counts += [f"count(*) - count(distinct hash({', '.join(p.key)}))" for p in keys]
    found = db.execute(f"select {', '.join(counts)} from {rows}").fetchall()[0]
    for promise, count in zip([*conditions, *keys], found, strict=True):
        if count:
            _show(db, table, promise, rows)


def _show(db: duckdb.DuckDBPyConnection, table: str, promise: Promise, rows: str) -> None:
    if promise.key:
        listed = ", ".join(promise.key)
        offending = f"select {listed}, count(*) from {rows} group by {listed} having count(*) > 1"
    else:
        offending = f"select * from {rows} where {promise.broken}"
    found = db.execute(f"{offending} limit 3").fetchall()
    if found:
        shown = "\n  ".join(", ".join(str(value) for value in row) for row in found)
        raise BrokenPromise(f"{table} promises «{promise.text}», but:\n  {shown}")
