"""What a published file lacks, and how it is brought in: what builds have noted since the last publication.

What was published last is kept in built.published, with the size, time and number of the file: any other file
in its place is one that we know nothing of, and is written whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from warehouse.difference import replace_rows
from warehouse.incremental import marks
from warehouse.model_files import Model
from warehouse.scope import Parts, of_parts
from warehouse.transaction import marked, transaction

State = Mapping[str, str]
"""What a publication is made of: the number of the build, words for the raw tables, the form, the extras."""

BLOAT, SLACK = 1.5, 32_000_000
"""A file that has grown to so many times its size when it was last written whole, and these bytes, is written
whole again."""

Changed = Mapping[str, Parts | None]
"""Tables to replace: these parts of them, or all (None)."""


def state(db: duckdb.DuckDBPyConnection, raw: Sequence[str], form: str, extras: str) -> State:
    """What a publication would be made of now."""
    found = {"build": marks(db).get("build", "0"), "form": form, "extras": extras}
    known = marked(db)
    return found | {table: known.get(table, "") for table in raw}


def is_last(db: duckdb.DuckDBPyConnection, target: Path) -> bool:
    """Whether the file in place is the one that was published last."""
    return bool(last_publication(db, target))


def last_publication(db: duckdb.DuckDBPyConnection, target: Path) -> State:
    """What the file in place was made of; nothing if it is not the file that was published last."""
    db.execute("create table if not exists built.published (name varchar, mark varchar)")
    told = dict(db.execute("select name, mark from built.published").fetchall())
    told.pop("whole size", None)
    if not target.exists() or told.pop("file", "") != identity(target):
        return {}
    return told


def since(
    db: duckdb.DuckDBPyConnection, target: Path, last: State, now: State, models: Sequence[Model]
) -> Changed | None:
    """What has changed since a publication; None where all must be written."""
    if not last or last["form"] != now["form"] or _bloated(db, target):
        return None
    noted = db.execute(
        "select name, board, min(since) from built.changes where build > ? group by name, board",
        [int(last["build"])],
    ).fetchall()
    tables = {model.table for model in models}
    # What builds have noted of tables that are not published stays behind.
    rows = [row for row in noted if row[0] in tables]
    found: dict[str, dict[str, date] | None] = {name: {} for name, *_ in rows}
    for name, board, day in rows:
        parts = found.get(name)
        if board is None:
            found[name] = None
        elif parts is not None:
            parts[board] = day
    if len(found) == len(tables) and not any(found.values()):
        return None
    return found | {
        name: None for name in now if name.startswith("raw.") and now[name] != last.get(name)
    }


def _bloated(db: duckdb.DuckDBPyConnection, target: Path) -> bool:
    told = dict(db.execute("select name, mark from built.published").fetchall())
    return target.stat().st_size > BLOAT * int(told["whole size"]) + SLACK


def apply(db: duckdb.DuckDBPyConnection, changed: Changed, models: Sequence[Model]) -> None:
    """Replace in the attached catalog `published` what has changed."""
    stored = {model.table: model.header.stored for model in models}
    for table, parts in changed.items():
        into, columns = f"published.{table}", stored.get(table, "*")
        if parts is None:
            replace_rows(db, into, table, columns)
            continue
        concerned = of_parts(parts)
        db.execute(f"delete from {into} where {concerned}")
        db.execute(
            f"insert into {into} ({columns}) select {columns} from {table} where {concerned}"
        )


def remember(db: duckdb.DuckDBPyConnection, target: Path, now: State, whole: bool) -> None:
    """Keep what the file in place was made of. Changes that it holds need not be kept any longer."""
    known = dict(db.execute("select name, mark from built.published").fetchall())
    size = str(target.stat().st_size) if whole else known["whole size"]
    told = {**now, "file": identity(target), "whole size": size}
    with transaction(db):
        db.execute("delete from built.changes where build <= ?", [int(now["build"])])
        db.execute("delete from built.published")
        db.execute(
            "insert into built.published select unnest($names), unnest($marks)",
            {"names": list(told), "marks": list(told.values())},
        )


def identity(file: Path) -> str:
    """What tells this file from any that was or will be in its place: published ones are never written to."""
    stat = file.stat()
    return f"{stat.st_size} bytes, {stat.st_mtime_ns}, number {stat.st_ino}"
