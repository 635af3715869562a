"""Whether two database files hold the same tables: by columns, by count, by a hash that knows no order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.quoting import quoted


@dataclass(frozen=True)
class Difference:
    """A table that is not the same in both files, and how."""

    table: str
    how: str


@dataclass(frozen=True)
class _Table:
    columns: tuple[tuple[str, str], ...]
    rows: int
    hashes: int


def differences(true: Path, held: Path, tables: Iterable[str]) -> list[Difference]:
    """The tables in which the file `held` is not what the file `true` is, by name.

    Raises duckdb.Error if a file cannot be opened.
    """
    found = []
    with duckdb.connect() as db:
        for name, path in (("true", true), ("held", held)):
            db.execute(f'attach {quoted(str(path))} as "{name}" (read_only)')
        for table in sorted(tables):
            if how := _told(_read(db, "true", table), _read(db, "held", table)):
                found.append(Difference(table, how))
    return found


def _read(db: duckdb.DuckDBPyConnection, catalog: str, table: str) -> _Table | None:
    """What a table is, whatever the order of its rows; None where there is no such table."""
    try:
        described = db.execute(f'describe "{catalog}".{table}').fetchall()
    except duckdb.CatalogException:
        return None
    # The sum of the hashes, unlike their xor, sees a row that is there twice.
    rows, hashes = db.execute(
        f'select count(*), coalesce(sum(hash(t)::hugeint), 0) from "{catalog}".{table} as t'
    ).fetchall()[0]
    return _Table(tuple((row[0], row[1]) for row in described), rows, int(hashes))


def _told(true: _Table | None, held: _Table | None) -> str:
    """How `held` differs, in words; empty if it does not."""
    if true is None or held is None:
        return "is missing" if true else "cannot be made"
    if true.columns != held.columns:
        return "has other columns"
    if true.rows != held.rows:
        return f"has {held.rows:,} rows instead of {true.rows:,}"
    return "" if true.hashes == held.hashes else "has other values"
