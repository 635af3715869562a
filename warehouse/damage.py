"""Payloads that the archive could not give back: which they are, and what a rebuild would lose by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.place import Place
from warehouse.reader import reader


@dataclass(frozen=True)
class Unread:
    """A payload that could not be read: its name, whose it is, and what is wrong with it."""

    sha256: str
    source: str
    url: str
    problem: str


def unread(db: duckdb.DuckDBPyConnection) -> list[Unread]:
    """What the last load could not read, by source and URL. `db` is the build or the published file."""
    rows = db.execute(
        "select sha256, source, url, problem from raw.damaged order by source, url, sha256"
    ).fetchall()
    return [Unread(*row) for row in rows]


def problems(published: Place) -> list[str]:
    """What is wrong with each payload that the archive could not give back, by what is published."""
    with reader(published) as db:
        return [one.problem for one in unread(db)]


def lost_by(fresh: Path, old: Path) -> Sequence[Unread]:
    """What the build database `fresh` could not read and `old` has read; nothing where `old` is none."""
    with duckdb.connect(str(fresh), read_only=True) as db:
        missing = unread(db)
    if not missing:
        return []
    try:
        with duckdb.connect(str(old), read_only=True) as db:
            held = set(db.execute("select sha256, source, url from parsed.payloads").fetchall())
    except duckdb.Error:
        return []
    return [one for one in missing if (one.sha256, one.source, one.url) in held]
