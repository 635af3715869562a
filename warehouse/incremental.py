"""What has changed since the last build, table by table, so that only what follows from it is made anew.

A table that is made whole is compared with what it was. How it differs tells which boards, from which date
on, its readers must look at again: by board and as_of where it has them, by board, or by the model or the
published name, wherever core.entries lists it. Only columns that a reader names count for it, so a state that
was merely seen again moves nothing.

Two laws make this right. The rows of a payload are what their state's hash says, so of parsed.* a model with
a scope hears through core.states. And what a model reads of reference.* concerns all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from warehouse.difference import content, lacking, same_rows
from warehouse.headers import Header
from warehouse.rows import literal
from warehouse.scope import BEGINNING, ENTRIES, STATES, Parts
from warehouse.transaction import marked


@dataclass(frozen=True)
class Unchanged:
    """Every row is as it was."""


@dataclass(frozen=True)
class Everything:
    """Any row may be another."""


@dataclass(frozen=True)
class Some:
    """The rows of these boards from these dates on may be others."""

    parts: Parts


@dataclass(frozen=True)
class Compared:
    """A table that was made whole and is another: temporary tables hold the rows that went and that came."""

    table: str
    gone: str
    come: str
    columns: Sequence[str]


Change = Unchanged | Everything | Some | Compared


@dataclass
class Changes:
    """How each table has changed, as far as the build has come."""

    db: duckdb.DuckDBPyConnection
    known: dict[str, Change] = field(default_factory=dict)
    alike: dict[str, list[set[str]]] = field(default_factory=dict)
    """Of tables that are others, sets of columns by which every row is as it was."""

    def concerning(
        self, reads: frozenset[str], scoped: bool, text: str
    ) -> Unchanged | Everything | Some:
        """What a model that reads these tables in this text must look at again."""
        found: list[Parts] = []
        for table in sorted(reads):
            change = self.known.get(table, Unchanged())
            if isinstance(change, Unchanged) or (scoped and table.startswith("parsed.")):
                continue
            if not scoped and "*" in text:
                # It may mean all columns.
                return Everything()
            if isinstance(change, Compared):
                used = self._differing(change, text)
                if not used:
                    continue
                concerned = self._parts(used)
            else:
                concerned = change.parts if isinstance(change, Some) else None
            if concerned is None or not scoped:
                return Everything()
            found.append(concerned)
        together: Parts = {}
        for parts in found:
            together = _earlier(together, parts)
        return Some(together) if together else Unchanged()

    def _differing(self, change: Compared, text: str) -> set[str]:
        """Fill temp.differing with the rows that are others for who reads in this text; returns its columns,
        none if there are no rows."""
        used = {name for name in change.columns if name in KEYS or _names(text, name)}
        if any(used <= columns for columns in self.alike.get(change.table, [])):
            return set()
        listed = ", ".join(sorted(used))
        self.db.execute(
            f"""
            create or replace temp table differing as
            (select {listed} from {change.gone} except select {listed} from {change.come})
            union
            (select {listed} from {change.come} except select {listed} from {change.gone})
            """
        )
        if self.db.execute("select 1 from temp.differing limit 1").fetchall():
            return used
        self.alike.setdefault(change.table, []).append(used)
        return set()

    def _parts(self, used: set[str]) -> Parts | None:
        """Which parts follow from the rows of temp.differing, which has these columns; None if any may."""
        if {"board", "as_of"} <= used:
            query = "select board, min(as_of) from temp.differing group by board"
        elif "board" in used:
            # A board told by several sources has lists under their boards' names.
            query = f"""
                select board, date '{BEGINNING}' from temp.differing
                union
                select states.board, date '{BEGINNING}'
                from {STATES} as states
                join temp.differing as differing on differing.board = states.listed_as
            """
        elif "model_raw" in used:
            # A name that was not there before is in new states alone.
            query = f"""
                select entries.board, min(entries.as_of)
                from {ENTRIES} as entries
                join {STATES} as states using (snapshot_id)
                join temp.differing as differing
                    on differing.source = states.source and differing.model_raw = entries.model_raw
                group by entries.board
            """
        elif "model" in used:
            query = f"""
                select board, min(as_of) from {ENTRIES}
                where model in (select model from temp.differing) group by board
            """
        else:
            return None
        return dict(self.db.execute(query).fetchall())


KEYS = ("board", "as_of", "model", "source")


def _names(text: str, column: str) -> bool:
    return re.search(rf"\b{column}\b", text) is not None


def _earlier(one: Parts, other: Parts) -> Parts:
    return {
        board: min(day for day in (one.get(board), other.get(board)) if day is not None)
        for board in {*one, *other}
    }


def replace_whole(
    db: duckdb.DuckDBPyConnection, table: str, header: Header, number: int
) -> Unchanged | Compared:
    """Make the rows of a table those of temp.made, writing only those that differ; says which they were."""
    if same_rows(db, table, "temp.made"):
        return Unchanged()
    gone, come = f"gone_{number}", f"come_{number}"
    lost, won = lacking(table, "temp.made"), lacking("temp.made", table)
    db.execute(f"create or replace temp table {gone} as select t.rowid as place, t.* {lost}")
    db.execute(f"create or replace temp table {come} as select t.* {won}")
    db.execute(f"delete from {table} where rowid in (select place from temp.{gone})")
    db.execute(f"insert into {table} ({header.stored}) select {header.stored} from temp.{come}")
    return Compared(table, f"temp.{gone}", f"temp.{come}", list(header.columns))


def marks(db: duckdb.DuckDBPyConnection) -> Mapping[str, str]:
    """What the last finished build was made of: a word for each table and model, and `build`, its number."""
    db.execute("create schema if not exists built")
    db.execute("create table if not exists built.marks (name varchar, mark varchar)")
    db.execute(
        "create table if not exists built.changes (build bigint, name varchar, board varchar, since date)"
    )
    return dict(db.execute("select name, mark from built.marks").fetchall())


def write_marks(db: duckdb.DuckDBPyConnection, now: Mapping[str, str]) -> None:
    """Say what the build was made of; belongs in its transaction."""
    db.execute("delete from built.marks")
    db.execute(
        "insert into built.marks select unnest($names), unnest($marks)",
        {"names": list(now), "marks": list(now.values())},
    )


def note(db: duckdb.DuckDBPyConnection, build: int, changed: Mapping[str, Parts | None]) -> None:
    """Note for the publication which tables a build changed: these parts of them, or all (None)."""
    lines = []
    for table, parts in changed.items():
        whole: Sequence[tuple[str | None, date | None]] = [(None, None)]
        for board, since in whole if parts is None else parts.items():
            lines.append(f"({build}, {literal(table)}, {literal(board)}, {literal(since)})")
    if lines:
        db.execute(f"insert into built.changes values {', '.join(lines)}")


def content_marks(db: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> dict[str, str]:
    """A word for the contents of each of these tables that no model makes: as who filled it marked it, else
    a hash of it."""
    known = {name: "" for name in tables if name.startswith(("parsed.", "raw.", "reference."))}
    if known:
        known |= marked(db)
    return {table: known[table] if table in known else content(db, table) for table in tables}
