"""What a model file says of its table, in the three paragraphs of its first comment.

What a row is (COMMENT ON TABLE), what the columns are (COMMENT ON COLUMN; every column, in the order the
query makes them) and what always holds:

    key: a, b            no two rows agree on these, and none of them is null
    never null: c        as it says
    always: d >= 0       true for every row (null counts as true, as in a SQL check)
    scope: date          how much of the table follows from how much of what it reads (warehouse/scope.py)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["everything", "date", "step", "stretch"]
"""What the rows of a board from a date on follow from, of the tables read: from all there is; from the rows
of the same board and dates; also from those of the date before; a stretch is a step with rows that go on."""


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

    @property
    def order(self) -> str:
        """How rows lie in the published file. What follows from dates lies in their order, what still holds
        at the end: so a question about a day reads little of a long history."""
        if self.scope == "everything":
            return ", ".join(self.key)
        return "valid_to, board" if self.scope == "stretch" else "as_of, board"


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
    promises, scope = _promises(table, paragraphs[2].splitlines())
    keys = [promise.key for promise in promises if promise.key]
    if not keys:
        raise BadModel(f"{table}: the promises begin with a key")
    return Header(" ".join(paragraphs[0].split()), columns, keys[0], promises, scope)


def _promises(table: str, lines: Sequence[str]) -> tuple[list[Promise], Scope]:
    promises: list[Promise] = []
    scope: Scope = "everything"
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
        elif kind != "never null":
            raise BadModel(
                f"{table}: a promise is key, never null or always, and a scope is one of "
                f"{', '.join(get_args(Scope))}, not {line!r}"
            )
    return promises, scope
