"""The versions of a source's files that a clone of its publisher's git repository holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from flows import git
from flows.fetch import mirrored
from flows.git import NoHistory
from flows.landing import Version
from flows.settings import Settings
from sources import Card

RAW = re.compile(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/(?:refs/heads/)?([^/]+)/(.+)")
"""A file's URL; what it tells of the repository are the branch and the path."""

FEW = 64
"""Git looks for each of so many paths; of more it looks at their common folder, which is quicker."""


@dataclass(frozen=True)
class Committed(Version):
    """One version of a file in a git repository: its time is the commit's, its bytes are the blob."""

    path: str
    commit: str
    blob: str


def opened(place: str, settings: Settings) -> AbstractContextManager[Path]:
    """The git folder of a clone on disk, or of one made of a URL for the while. Raises NoHistory."""
    if not git.is_url(place):
        return nullcontext(git.repository(Path(place)))
    mirror = settings.mirror if place.startswith("https://") else None
    return git.cloned(mirrored(place, mirror), settings.home / "clone")


def committed(repository: Path, card: Card) -> list[Committed]:
    """Every version of the card's files that its branch showed; of those within a second, the last.

    Raises NoHistory if there is none, or if the card's files do not come from a repository.
    """
    found: dict[tuple[str, datetime], Committed] = {}
    for branch, urls in _paths(card, _days(repository)).items():
        paths = list(urls) if len(urls) <= FEW else [os.path.commonpath(urls)]
        changes = git.changes(repository, branch, paths)
        # Where both the old and the new path of a file changed, the new one is what was published.
        for change in sorted(changes, key=lambda change: change.path in card.former_paths):
            if url := urls.get(change.path):
                version = Committed(
                    card.id, url, change.at, None, change.path, change.commit, change.blob
                )
                found.setdefault((url, change.at), version)
    if not found:
        raise NoHistory(
            f"the repository has no version of the files of {card.id}; "
            f"`photofinish sources {card.id}` says who publishes it"
        )
    return list(found.values())


def read_blobs(
    repository: Path, versions: Sequence[Committed], *, max_bytes: int, skipped: list[str]
) -> Iterator[tuple[Committed, bytes]]:
    """The versions with their bytes; `skipped` learns of each that cannot be had, and why."""
    with git.Blobs(repository) as blobs:
        for version in versions:
            try:
                yield version, blobs.read(version.blob, max_bytes)
            except git.Unreadable as reason:
                named = f"{version.path} of {version.captured_at:%Y-%m-%d %H:%M}"
                skipped.append(f"{named} (commit {version.commit[:12]}) {reason}")


def _paths(card: Card, days: Sequence[date]) -> dict[str, dict[str, str]]:
    """Per branch, the paths that the card's files have on any of the days or had before, with URLs."""
    every = dict.fromkeys(url for day in days for file in card.requests(day) for url in file)
    places = [(match[1], match[2], url) for url in every if (match := RAW.fullmatch(url))]
    if not places:
        raise NoHistory(
            f"{card.id} is not published in a repository on GitHub, so there is no git history of "
            "it; `photofinish backfill --recordings` lands what was recorded"
        )
    branches = {url: branch for branch, _, url in places}
    former = [(branches[url], path, url) for path, url in card.former_paths.items()]
    found: dict[str, dict[str, str]] = {}
    for branch, path, url in [*places, *former]:
        if found.setdefault(branch, {}).setdefault(unquote(path), url) != url:
            raise NoHistory(
                f"{card.id} has two files called {path}, so a clone cannot say which it holds; "
                "`photofinish backfill --recordings` lands what was recorded"
            )
    return found


def _days(repository: Path) -> list[date]:
    """The days of the history, with one more at either end: where it is day differs on Earth."""
    first, last = (moment.date() for moment in git.span(repository))
    return [first + timedelta(days=n) for n in range(-1, (last - first).days + 2)]
