"""What a model file says of its table, in the three paragraphs of its first comment.

What a row is (COMMENT ON TABLE), what the columns are (COMMENT ON COLUMN; every column, in the order the
query makes them) and what always holds:

    key: a, b            no two rows agree on these, and none of them is null
    never null: c        as it says
    always: d >= 0       true for every row (null counts as true, as in a SQL check)
    virtual: e = f       e is no column of the query but what the macro f, with columns as its parameters,
                         makes of a row whenever it is read
    scope: date          how much of the table follows from how much of what it reads (warehouse/scope.py)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

Scope = Literal["everything", "date", "step", "view"]
"""What the rows of a board from a date on follow from, of the tables read: from all there is; from the rows
of the same board and dates; also from those of the date before. A view has no rows of its own: its query is
kept, and answered when it is read."""


class BadModel(Exception):
    """A model file cannot be used: the message names the file and what to change."""


@dataclass(frozen=True)
class Promise:
    """One line of the third paragraph, as the condition of a row that breaks it; a key has none."""

    text: str
    broken: str
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """What a model file says of its table in its three paragraphs."""

    grain: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    promises: Sequence[Promise]
    scope: Scope = "everything"
    virtual: Mapping[str, str] = field(default_factory=dict)
    """Columns that are worked out whenever they are read, each with its macro."""

    @property
    def kind(self) -> Literal["table", "view"]:
        """What it is in a database."""
        return "view" if self.scope == "view" else "table"

    @property
    def stored(self) -> str:
        """The columns that are not virtual, as a list for a query."""
        return ", ".join(name for name in self.columns if name not in self.virtual)

    @property
    def order(self) -> str:
        """How rows lie in the published file. What follows from dates lies in their order: so a question
        about a day reads little of a long history. On a day the first of all boards lie together, since
        places, and scores at one place, are numbers near each other, which take little room."""
        if self.scope == "everything":
            return ", ".join(self.key)
        return "as_of, position, board" if "position" in self.columns else "as_of, board"


def read_header(table: str, text: str) -> Header:
    """The header of a model. Raises BadModel where it is not right."""
    paragraphs = [p for p in re.split(r"\n\s*\n", text.strip()) if p.strip()]
    if len(paragraphs) != 3:
        raise BadModel(
            f"{table}: the header has {len(paragraphs)} paragraphs instead of three: "
            "what a row is, the columns, the promises"
        )
    columns: dict[str, str] = {}
    for line in paragraphs[1].splitlines():
        if line.startswith(" ") and columns:
            columns[next(reversed(columns))] += f" {line.strip()}"
        else:
            name, _, meaning = line.partition("  ")
            columns[name] = meaning.strip()
    if undescribed := [name for name, meaning in columns.items() if not meaning]:
        raise BadModel(f"{table}: say what {', '.join(undescribed)} means")
    promises, scope, virtual = _promises(table, paragraphs[2].splitlines())
    keys = [promise.key for promise in promises if promise.key]
    if not keys:
        raise BadModel(f"{table}: the promises begin with a key")
    return Header(" ".join(paragraphs[0].split()), columns, keys[0], promises, scope, virtual)


def _promises(table: str, lines: Sequence[str]) -> tuple[list[Promise], Scope, Mapping[str, str]]:
    promises: list[Promise] = []
    scope: Scope = "everything"
    virtual: dict[str, str] = {}
    for line in lines:
        kind, _, what = (part.strip() for part in line.partition(":"))
        names = tuple(name.strip() for name in what.split(","))
        if kind in ("key", "never null"):
            promises += [Promise(f"never null: {name}", f"{name} is null") for name in names]
        if kind == "key":
            promises.append(Promise(line.strip(), "", names))
        elif kind == "always":
            promises.append(Promise(line.strip(), f"not ({what})"))
        elif kind == "scope" and what in get_args(Scope):
            scope = what  # type: ignore[assignment]
        elif kind == "virtual" and "=" in what:
            column, _, macro = what.partition("=")
            virtual[column.strip()] = macro.strip()
        elif kind != "never null":
            raise BadModel(
                f"{table}: a promise is key, never null or always, virtual is a column = a macro, and "
                f"a scope is one of {', '.join(get_args(Scope))}, not {line!r}"
            )
    return promises, scope, virtual
