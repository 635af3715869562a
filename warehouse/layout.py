"""Which version of photofinish laid out a database: written into it, and looked at when it is opened.

The build database is a cache, so one of another layout is not altered but made anew from the archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.transaction import transaction

VERSION = 1
"""Raised by one with every layout that an older photofinish must not touch."""

STORAGE = "v1.3.0"
"""The form of our files: with the compression of texts that DuckDB knows since then, at half the time."""

TABLE = "raw.layout"
MAGIC = b"DUCK"
MAGIC_AT = 8

Age = Literal["new", "same", "older", "newer", "foreign"]


class NotADatabase(Exception):
    """A file cannot be opened as a database. Names the way out."""


class NewerHome(Exception):
    """A database was laid out by a newer photofinish."""


class OlderHome(Exception):
    """A database was laid out by another, older photofinish."""


def fingerprint(tables: Mapping[str, str]) -> str:
    """A name for the columns of these tables (name -> column definitions), whatever the spaces."""
    told = "\n".join(f"{name}: {' '.join(tables[name].split())}" for name in sorted(tables))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def connect(
    path: Path, tables: Mapping[str, str], renewed: Callable[[str], None] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a build database for writing, in UTC; a new one is given these tables.

    With `renewed` one of an older layout is emptied, to be filled anew from the archive, and `renewed` is
    told a sentence about it. Raises NotADatabase, and NewerHome or OlderHome for another version's layout.
    """
    db = _opened(path)
    found = age(db, tables)
    if found == "new" or (found == "older" and renewed):
        _lay_out(db, tables)
    elif found != "same":
        db.close()
        raise REFUSALS[found](path)
    if found == "older" and renewed:
        renewed(f"{path} was of an older photofinish: it is made anew from the archive")
    return db


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        db = duckdb.connect(str(path), config={"storage_compatibility_version": STORAGE})
    except duckdb.Error as error:
        raise NotADatabase(
            f"{path} cannot be opened ({str(error).splitlines()[0]}). If no other run is using it, "
            "`photofinish rebuild` makes it anew from the archive"
        ) from error
    db.execute("set timezone = 'UTC'")
    return db


def _lay_out(db: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Empty the database and make the tables, all or nothing."""
    with transaction(db):
        for (schema,) in db.execute(
            "select schema_name from duckdb_schemas() "
            "where database_name = current_database() and not internal"
        ).fetchall():
            db.execute(f'drop schema "{schema}" cascade')
        for table, columns in tables.items():
            db.execute(f"create schema if not exists {table.split('.', maxsplit=1)[0]}")
            db.execute(f"create table {table} ({columns})")
        db.execute(
            f"create table {TABLE} as select {VERSION} as version, ? as fingerprint",
            [fingerprint(tables)],
        )


def age(db: duckdb.DuckDBPyConnection, tables: Mapping[str, str] | None = None) -> Age:
    """How a database compares to this photofinish: `new` has no tables yet, `foreign` not ours.

    Without `tables` only the number is compared.
    """
    try:
        found = db.execute(f"select version, fingerprint from {TABLE}").fetchall()
    except duckdb.CatalogException:
        return _without_layout(db)
    if len(found) != 1 or found[0][0] < VERSION:
        return "older"
    if found[0][0] > VERSION:
        return "newer"
    return "same" if tables is None or found[0][1] == fingerprint(tables) else "older"


def _without_layout(db: duckdb.DuckDBPyConnection) -> Age:
    named = "select schema_name || '.' || table_name from duckdb_tables()"
    there = {name for (name,) in db.execute(named).fetchall()}
    if not there:
        return "new"
    return "older" if "raw.fetches" in there else "foreign"


def standing(path: Path, tables: Mapping[str, str] | None = None) -> Age:
    """The age of the database at `path`, which is not changed. Raises NotADatabase."""
    if not path.exists():
        return "new"
    try:
        with duckdb.connect(str(path), read_only=True) as db:
            return age(db, tables)
    except duckdb.Error as error:
        raise NotADatabase(f"{path} cannot be opened ({str(error).splitlines()[0]})") from error


def newer(path: Path) -> NewerHome:
    """What to raise for a database of a newer photofinish."""
    return NewerHome(
        f"{path} was written by a newer photofinish; nothing was changed. Update photofinish, or give "
        "PHOTOFINISH_HOME to another folder"
    )


def older(path: Path) -> OlderHome:
    """What to raise for a database of an older photofinish."""
    return OlderHome(f"{path} is of an older photofinish; `photofinish rebuild` makes it anew")


def foreign(path: Path) -> NotADatabase:
    """What to raise for a database that is not of photofinish."""
    return NotADatabase(f"{path} is a database, but not of photofinish; move it to another place")


REFUSALS: Mapping[Age, Callable[[Path], Exception]] = {
    "newer": newer,
    "older": older,
    "foreign": foreign,
}


def is_database(path: Path) -> bool:
    """Whether this is a file that begins as DuckDB's do."""
    try:
        with path.open("rb") as file:
            return file.read(MAGIC_AT + len(MAGIC))[MAGIC_AT:] == MAGIC
    except OSError:
        return False


def set_aside(path: Path) -> Path:
    """Rename what stands at `path`, with its WAL, to a name that is free; returns that."""
    names = (path.with_name(f"{path.name}.aside-{number}") for number in count(1))
    free = next(name for name in names if not name.exists())
    wal = wal_of(path)
    if wal.exists():
        wal.rename(wal_of(free))
    return path.rename(free)


def wal_of(path: Path) -> Path:
    """The file beside a database in which DuckDB keeps what it has not merged into it yet."""
    return path.with_name(f"{path.name}.wal")
