"""Publishing: a whole file of the tables for analysts, put in place by one rename.

A reader that has the old file open keeps it; a reader that opens the new one sees all of the new run. Where
the file in place is the one that was published last, the next is a copy of it in which only what builds have
changed since is replaced.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from warehouse import delta
from warehouse.archive import sync
from warehouse.forms import like, make_view
from warehouse.layout import STORAGE, wal_of
from warehouse.models import Model, describe, kept
from warehouse.quoting import quoted
from warehouse.raw_columns import RAW_COLUMNS
from warehouse.raw_tables import COMMENTS
from warehouse.scope import date_portions
from warehouse.transaction import create, current_catalog, transaction

ROW_GROUP = 245_760
"""Rows of a row group, twice as many as usual: a column of so many fills its blocks, and a long history
takes a tenth less."""
PRIVATE = frozenset({"local"})
"""Schemas that hold prompts and outputs of the user's own: published only if asked for."""


@dataclass(frozen=True)
class Extra:
    """A table that is kept elsewhere and published too: its name, what it and its columns are, its rows."""

    table: str
    comment: str
    columns: Mapping[str, str]
    rows: pl.DataFrame


def publish(
    db: duckdb.DuckDBPyConnection,
    models: Sequence[Model],
    macros: str,
    target: Path,
    private: bool = False,
    extras: Sequence[Extra] = (),
) -> bool:
    """Copy raw.* and every model from the build database to the file `target`, comments and macros too.

    `extras` are published beside them. Without `private`, tables of the schemas in PRIVATE stay behind.
    Returns False, leaving the file as it is, where it holds all this already.
    """
    shown = [model for model in models if private or model.table.split(".")[0] not in PRIVATE]
    now = delta.state(db, [*COMMENTS], _form(shown, macros, extras), _contents(extras))
    last = delta.last_publication(db, target)
    if last == now:
        _drop_copies(target)
        return False
    next_file = target.with_name(f"{target.name}.next")
    for leftover in (next_file, wal_of(next_file)):
        leftover.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    changed = delta.since(db, target, last, now, kept(shown))
    if changed is not None and not _copied_before(target, next_file):
        shutil.copyfile(target, next_file)
    with _attached(db, next_file, new=changed is None), transaction(db):
        if changed is None:
            _copy(db, shown, macros)
        else:
            delta.apply(db, changed, shown)
        if changed is None or now["extras"] != last["extras"]:
            for extra in extras:
                _add(db, extra)
    sync(next_file)
    next_file.replace(target)
    sync(target.parent)
    _drop_copies(target)
    delta.remember(db, target, now, whole=changed is None)
    return True


def copy_ahead(target: Path) -> None:
    """Copy the file in place and have the copy on disk, for the next publication to begin with.

    For a large file this is a good part of its time, and can be done while tables are made. The publication
    makes its own copy where there is none, or another file has come in place meanwhile.
    """
    if not target.exists():
        return
    copy = _copy_of(target)
    begun = copy.with_name(f"{copy.name}.part")
    try:
        shutil.copyfile(target, begun)
        sync(begun)
        begun.replace(copy)
    finally:
        # What did not fit must not take the room that the tables need.
        begun.unlink(missing_ok=True)


def _copied_before(target: Path, next_file: Path) -> bool:
    """Whether the file in place was copied ahead; the copy is then `next_file`."""
    try:
        _copy_of(target).replace(next_file)
    except FileNotFoundError:
        return False
    return True


def _copy_of(target: Path) -> Path:
    told = hashlib.sha256(delta.identity(target).encode()).hexdigest()[:16]
    return target.with_name(f"{target.name}.next-{told}")


def _drop_copies(target: Path) -> None:
    for copy in target.parent.glob(f"{target.name}.next-*"):
        copy.unlink(missing_ok=True)


def _form(models: Sequence[Model], macros: str, extras: Sequence[Extra]) -> str:
    """A word for what the file holds besides rows: tables, columns, comments, macros."""
    told: list[object] = [
        (
            model.table,
            model.header.grain,
            list(model.header.columns.items()),
            model.query if model.header.kind == "view" else "",
        )
        for model in models
    ]
    told += [(extra.table, extra.comment, list(extra.columns.items())) for extra in extras]
    return hashlib.sha256(repr((told, macros, duckdb.__version__)).encode()).hexdigest()


def _contents(extras: Sequence[Extra]) -> str:
    rows = repr([(extra.table, extra.rows.rows()) for extra in extras])
    return hashlib.sha256(rows.encode()).hexdigest()


@contextmanager
def _attached(db: duckdb.DuckDBPyConnection, file: Path, new: bool) -> Iterator[None]:
    options = f"storage_version '{STORAGE}'" + (f", row_group_size {ROW_GROUP}" if new else "")
    # What is committed goes into the file at once: a file that nobody has yet needs no log of changes.
    db.execute("set checkpoint_threshold = '0b'")
    db.execute(f"attach {quoted(str(file))} as published ({options})")
    try:
        yield
        db.execute("checkpoint published")
    finally:
        db.execute("detach published")
        db.execute("reset checkpoint_threshold")


def _copy(db: duckdb.DuckDBPyConnection, models: Sequence[Model], macros: str) -> None:
    for schema in sorted({"raw"} | {model.table.split(".")[0] for model in models}):
        db.execute(f"create schema published.{schema}")
    for table, comment in COMMENTS.items():
        db.execute(f"create table published.{table} as from {table} order by all")
        db.execute(f"comment on table published.{table} is {quoted(comment)}")
        for column, meaning in RAW_COLUMNS.get(table, {}).items():
            db.execute(f'comment on column published.{table}."{column}" is {quoted(meaning)}')
    dates = date_portions(db)
    for model in models:
        if model.header.kind == "view":
            make_view(db, model, "published")
        else:
            _copy_table(db, model, dates)
        describe(db, model, catalog="published")
    current = current_catalog(db)
    db.execute("use published")
    try:
        db.execute(macros)
    finally:
        db.execute(f'use "{current}"')


def _copy_table(db: duckdb.DuckDBPyConnection, model: Model, dates: Sequence[str]) -> None:
    """Copy a table in its order, where its rows are of dates those of one condition of `dates` at a time."""
    table, stored = model.table, model.header.stored
    like(db, model, f"create table published.{table}")
    for condition in ["true"] if model.header.scope == "everything" else dates:
        db.execute(
            f"insert into published.{table} ({stored}) "
            f"select {stored} from {table} where {condition} order by {model.header.order}"
        )


def _add(db: duckdb.DuckDBPyConnection, extra: Extra) -> None:
    table = f"published.{extra.table}"
    create(db, table, extra.rows)
    db.execute(f"comment on table {table} is {quoted(extra.comment)}")
    for column, meaning in extra.columns.items():
        db.execute(f'comment on column {table}."{column}" is {quoted(meaning)}')
