"""What a published file lacks, and how it is brought in: what builds have noted since the last publication.

What was published last is kept in built.published, with the size, time and number of the file: any other file
in its place is one that we know nothing of, and is written whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from warehouse.incremental import marks
from warehouse.model_files import Model
from warehouse.scope import EARLIEST
from warehouse.transaction import transaction

State = Mapping[str, str]
"""What a publication is made of: the number of the build, words for the raw tables, the form, the extras."""

BLOAT, SLACK = 1.5, 32_000_000
"""A file that has grown to so many times its size when it was last written whole, and these bytes, is written
whole again."""

Changed = Mapping[str, bool]
"""Tables to replace: whole (True), or the parts in temp.changed (False)."""


def state(db: duckdb.DuckDBPyConnection, raw: Sequence[str], form: str, extras: str) -> State:
    """What a publication would be made of now."""
    found = {"build": marks(db).get("build", "0"), "form": form, "extras": extras}
    known = dict(db.execute("select name, mark from parsed.marks").fetchall())
    return found | {table: known.get(table, "") for table in raw}


def last_publication(db: duckdb.DuckDBPyConnection, target: Path) -> State:
    """What the file in place was made of; nothing if it is not the file that was published last."""
    db.execute("create table if not exists built.published (name varchar, mark varchar)")
    told = dict(db.execute("select name, mark from built.published").fetchall())
    told.pop("whole size", None)
    if not target.exists() or told.pop("file", "") != _identity(target):
        return {}
    return told


def since(
    db: duckdb.DuckDBPyConnection, target: Path, last: State, now: State, models: Sequence[Model]
) -> Changed | None:
    """What has changed since a publication, its parts in temp.changed; None where all must be written."""
    if not last or last["form"] != now["form"] or _bloated(db, target):
        return None
    db.execute(
        """
        create or replace temp table changed as
        select name, board, min(since) as since
        from built.changes
        where build > ?
        group by name, board
        """,
        [int(last["build"])],
    )
    rows = db.execute(
        "select name, bool_or(board is null) from temp.changed group by name"
    ).fetchall()
    tables = {model.table for model in models}
    found = {name: whole for name, whole in rows if name in tables}
    if len(found) == len(tables) and all(found.values()):
        return None
    return found | {
        name: True for name in now if name.startswith("raw.") and now[name] != last.get(name)
    }


def _bloated(db: duckdb.DuckDBPyConnection, target: Path) -> bool:
    told = dict(db.execute("select name, mark from built.published").fetchall())
    return target.stat().st_size > BLOAT * int(told["whole size"]) + SLACK


def apply(db: duckdb.DuckDBPyConnection, changed: Changed, models: Sequence[Model]) -> None:
    """Replace in the attached catalog `published` what has changed."""
    stored = {model.table: model.header.stored for model in models}
    with transaction(db):
        for table, whole in changed.items():
            if not whole:
                _replace_parts(db, table, stored[table])
                continue
            columns = stored.get(table, "*")
            into = f"({columns})" if table in stored else ""
            db.execute(f"delete from published.{table}")
            db.execute(f"insert into published.{table} {into} select {columns} from {table}")


def _replace_parts(db: duckdb.DuckDBPyConnection, table: str, stored: str) -> None:
    db.execute(
        "set variable earliest = (select coalesce(min(since), '-infinity') from temp.changed where name = ?)",
        [table],
    )
    # What lies before the earliest date of any part is passed over unread.
    part = (
        f"c.name = '{table}' and c.board = t.board and t.as_of >= c.since and t.as_of >= {EARLIEST}"
    )
    db.execute(f"delete from published.{table} as t using temp.changed as c where {part}")
    rows = f"select t.* from {table} as t join temp.changed as c on {part}"
    db.execute(f"insert into published.{table} ({stored}) select {stored} from ({rows})")


def remember(db: duckdb.DuckDBPyConnection, target: Path, now: State, whole: bool) -> None:
    """Keep what the file in place was made of. Changes that it holds need not be kept any longer."""
    known = dict(db.execute("select name, mark from built.published").fetchall())
    size = str(target.stat().st_size) if whole else known["whole size"]
    told = {**now, "file": _identity(target), "whole size": size}
    with transaction(db):
        db.execute("delete from built.changes where build <= ?", [int(now["build"])])
        db.execute("delete from built.published")
        db.execute(
            "insert into built.published select unnest($names), unnest($marks)",
            {"names": list(told), "marks": list(told.values())},
        )


def _identity(file: Path) -> str:
    stat = file.stat()
    return f"{stat.st_size} bytes, {stat.st_mtime_ns}, number {stat.st_ino}"
