"""Publishing to a lake: every table is brought to what the build database has, in one transaction.

Only the rows that differ are written. So readers see all of a run or nothing of it, a table keeps its
identity through time (`at (version => ...)`, `table_changes`), and a run that changed little adds little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from warehouse.lake import attach
from warehouse.lake_lock import write
from warehouse.models import Model
from warehouse.place import Lake
from warehouse.publish import PRIVATE, Extra
from warehouse.quoting import quoted
from warehouse.raw_tables import COMMENTS
from warehouse.transaction import current_catalog

AUTHOR = "photofinish"
RAW_KEYS = {
    "raw.fetches": "fetch_id",
    "raw.payloads": "sha256",
    "raw.quarantine": "sha256, source, url",
}


@dataclass(frozen=True)
class _Table:
    """A table to publish: what makes its rows, and what it says of itself."""

    name: str
    rows: str
    comment: str
    columns: dict[str, str]
    key: str
    """Columns that tell the rows apart and are never null; empty for a small table that is replaced."""

    @property
    def order(self) -> str:
        return self.key or "all"


def publish_to_lake(
    db: duckdb.DuckDBPyConnection,
    models: Sequence[Model],
    macros: str,
    lake: Lake,
    private: bool = False,
    extras: Sequence[Extra] = (),
    message: str = "",
) -> None:
    """Bring the published tables of the lake to those of the build database, comments and macros too.

    `message` tells the version in `published.snapshots()`. Without `private`, tables of the schemas in
    PRIVATE are not there, also if they once were. Raises LakeUnreachable, ScaleMissing.
    """
    shown = [model for model in models if private or model.table.split(".")[0] not in PRIVATE]
    attach(db, lake, "published", write=True)
    try:
        tables = [*_tables(db, shown), *_extras(db, extras)]
        write(db, lake, "published", lambda: _publish(db, tables, macros, message))
    finally:
        db.execute("detach published")
        for number in range(len(extras)):
            db.unregister(f"extra_{number}")


def _tables(db: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> Iterator[_Table]:
    for name, comment in COMMENTS.items():
        yield _Table(name, name, comment, {}, RAW_KEYS.get(name, ""))
    for model in models:
        key = ", ".join(model.header.key)
        yield _Table(model.table, model.table, model.header.grain, dict(model.header.columns), key)


def _extras(db: duckdb.DuckDBPyConnection, extras: Sequence[Extra]) -> Iterator[_Table]:
    for number, extra in enumerate(extras):
        db.register(f"extra_{number}", extra.rows.to_arrow())
        yield _Table(extra.table, f"extra_{number}", extra.comment, dict(extra.columns), "")


def _publish(
    db: duckdb.DuckDBPyConnection, tables: Sequence[_Table], macros: str, message: str
) -> None:
    there, told = _columns(db, "published"), _comments(db)
    for name in sorted(there.keys() - {table.name for table in tables}):
        db.execute(f"drop table published.{name}")
    for table in tables:
        made = db.execute(f"describe from {table.rows}").fetchall()
        columns = {name: _lake_type(type_) for name, type_, *_ in made}
        if there.get(table.name) == columns:
            _renew(db, table)
            _comment(db, table, told)
        else:
            _make(db, table, columns)
            _comment(db, table, {})
    if there.keys() != {table.name for table in tables} or _told(db) != _hash(macros):
        _write_macros(db, macros)
    extra = quoted(f'{{"macros": "{_hash(macros)}"}}')
    db.execute(
        f"call published.set_commit_message({quoted(AUTHOR)}, {quoted(message)}, extra_info => {extra})"
    )


def _columns(db: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, dict[str, str]]:
    """Per table its columns and their types, in order."""
    rows = db.execute(
        """
        select schema_name || '.' || table_name, column_name, data_type
        from duckdb_columns()
        where database_name = ?
        order by schema_name, table_name, column_index
        """,
        [catalog],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, type_ in rows:
        found.setdefault(table, {})[column] = type_
    return found


def _lake_type(type_: str) -> str:
    """A lake has no enums."""
    return "VARCHAR" if type_.startswith("ENUM(") else type_


def _make(db: duckdb.DuckDBPyConnection, table: _Table, columns: dict[str, str]) -> None:
    db.execute(f"create schema if not exists published.{table.name.split('.')[0]}")
    listed = ", ".join(f'"{name}"::{type_} as "{name}"' for name, type_ in columns.items())
    db.execute(
        f"create or replace table published.{table.name} as "
        f"select {listed} from {table.rows} order by {table.order}"
    )


def _renew(db: duckdb.DuckDBPyConnection, table: _Table) -> None:
    """Take out the rows that are no longer so, and put in those that are new."""
    name = f"published.{table.name}"
    db.execute(f"create or replace temp table old as from {name}")
    db.execute(f"create or replace temp table gone as (from old except from {table.rows})")
    db.execute(f"create or replace temp table come as (from {table.rows} except from old)")
    counts = "select (select count(*) from gone), (select count(*) from come)"
    gone, come = db.execute(counts).fetchall()[0]
    if not table.key and (gone or come):
        db.execute(f"delete from {name}")
        db.execute(f"insert into {name} from {table.rows} order by all")
    elif gone:
        known = f"({table.key}) in (select ({table.key}) from gone)"
        db.execute(f"delete from {name} where {known}")
    if table.key and come:
        db.execute(f"insert into {name} from come order by {table.key}")
    for temporary in ("old", "gone", "come"):
        db.execute(f"drop table {temporary}")


Comments = dict[tuple[str, str], str]


def _comments(db: duckdb.DuckDBPyConnection) -> Comments:
    """What is said of every (table, column), and of (table, "") itself. One query each: a lake looks
    through its whole catalog for any of them."""
    rows = db.execute(
        """
        select schema_name || '.' || table_name, column_name, comment
        from duckdb_columns()
        where database_name = 'published' and comment is not null
        union all
        select schema_name || '.' || table_name, '', comment
        from duckdb_tables()
        where database_name = 'published' and comment is not null
        """
    ).fetchall()
    return {(table, column): comment for table, column, comment in rows}


def _comment(db: duckdb.DuckDBPyConnection, table: _Table, told: Comments) -> None:
    """Write what a table and its columns are, where it does not say so yet."""
    if told.get((table.name, "")) != table.comment:
        db.execute(f"comment on table published.{table.name} is {quoted(table.comment)}")
    for column, meaning in table.columns.items():
        if told.get((table.name, column)) != meaning:
            db.execute(f'comment on column published.{table.name}."{column}" is {quoted(meaning)}')


def _hash(macros: str) -> str:
    return hashlib.sha256(macros.encode()).hexdigest()[:12]


def _told(db: duckdb.DuckDBPyConnection) -> str | None:
    """The macros of the last version that says which it has."""
    rows = db.execute(
        """
        select json_extract_string(commit_extra_info, '$.macros')
        from published.snapshots()
        where commit_extra_info is not null
        order by snapshot_id desc
        limit 1
        """
    ).fetchall()
    return rows[0][0] if rows else None


def _write_macros(db: duckdb.DuckDBPyConnection, macros: str) -> None:
    """Table macros are bound when they are made, so the tables are there first.

    A lake keeps no comments on macros, and no default that is null: for `known` it is the last day there is.
    """
    current = current_catalog(db)
    db.execute("use published")
    try:
        for statement in db.extract_statements(macros):
            if "create or replace macro" in statement.query:
                db.execute(statement.query.replace("known := null", "known := '9999-12-31'"))
    finally:
        db.execute(f'use "{current}"')
