"""What is looked at before a database is replaced: nothing of another kind or version is lost by it."""

from __future__ import annotations

from pathlib import Path

from flows.progress import note
from warehouse import layout
from warehouse.damage import lost_by
from warehouse.raw_tables import RAW_TABLES


class WouldLose(Exception):
    """A rebuild would lose rows of payloads that the archive cannot give back any more."""


def is_none(build: Path) -> bool:
    """Whether what stands in the place of the build database is none of ours. Raises NewerHome."""
    try:
        age = layout.standing(build, RAW_TABLES)
    except layout.NotADatabase:
        return True
    if age == "newer":
        raise layout.newer(build)
    return age == "foreign"


def no_loss(fresh: Path, old: Path) -> None:
    """Raise WouldLose if `old` has read payloads that were damaged when `fresh` was filled."""
    if lost := lost_by(fresh, old):
        raise WouldLose(
            f"{len(lost)} payloads that were read before are damaged now, so nothing was replaced; "
            f"the first: {lost[0].problem}. `photofinish doctor` says how to mend them, "
            "`photofinish rebuild --without-damaged` goes on without them"
        )


def published_place(path: Path) -> None:
    """Make way for a new published file. Raises NewerHome."""
    try:
        age = layout.standing(path)
    except layout.NotADatabase:
        # A file of DuckDB that cannot be opened is an old copy, in use or damaged.
        age = "older" if layout.is_database(path) else "foreign"
    if age == "newer":
        raise layout.newer(path)
    if age == "foreign":
        set_aside(path)


def set_aside(path: Path) -> None:
    """Move away what is no database of photofinish, and say so."""
    note(f"{path} was not a database of photofinish: it is kept as {layout.set_aside(path)}")
