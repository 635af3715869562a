"""Files that a killed run has left. Nothing uses them, and nothing but a person deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flows.doctor.finding import Finding, size
from flows.lock import note_of
from flows.settings import Settings

REPLACED = "the next run replaces it; until then it may be deleted"


def leftovers(settings: Settings) -> Iterator[Finding]:
    """Half-written files, the note of a dead holder, and what was moved aside. No run may be at work."""
    folders = {
        settings.archive: ("??/*.tmp", "a payload half written: it was fetched again", "delete it"),
        settings.home: (
            "photofinish.duckdb.next*",
            "a run was cut off while publishing",
            REPLACED,
        ),
        settings.build.parent: ("*.new*", "a rebuild was cut off", REPLACED),
    }
    for folder, (pattern, found, mend) in folders.items():
        for path in sorted(folder.glob(pattern)):
            yield Finding("leftover", f"{path} ({size(path.stat().st_size)}): {found}", mend)
    if (note := note_of(settings)).exists():
        yield Finding(
            "leftover",
            f"{note} names a run that is no more ({note.read_text(errors='replace')})",
            "nothing: the lock went with it, and the next run writes the note anew",
        )
    asides = (folder.glob("*.aside-*") for folder in (settings.home, settings.build.parent))
    for path in sorted(chain.from_iterable(asides)):
        yield Finding(
            "leftover",
            f"{path} was moved aside because it was no database of photofinish",
            "delete it when you do not need it",
        )
