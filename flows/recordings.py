"""Recordings: a folder of past versions of files, with an index a source."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from flows.landing import Version, between
from warehouse.archive import fingerprint, utc


class BadRecordings(Exception):
    """The folder does not hold recordings, or not what its index says."""


@dataclass(frozen=True)
class Recorded(Version):
    """One recorded version of a file, as a line of index.csv tells it."""

    path: Path


def recorded(
    folder: Path, sources: Sequence[str], since: date | None, until: date | None
) -> list[Recorded]:
    """The versions that folder/<source>/index.csv lists between two dates (both included).

    Raises BadRecordings if no source has an index there, or a line of one is not as it should be.
    """
    found = []
    for source in sources:
        index = folder / source / "index.csv"
        if index.exists():
            found += list(_index(source, index))
    if not found:
        raise BadRecordings(
            f"no recordings of {', '.join(sources)} in {folder}: "
            "each source has a folder with an index.csv there"
        )
    return between(found, since, until)


def _index(source: str, index: Path) -> Iterator[Recorded]:
    with index.open(newline="", encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                yield Recorded(
                    source,
                    row["upstream_url"],
                    utc(datetime.fromisoformat(row["captured_at"])),
                    row["sha256"],
                    index.parent / row["path"],
                )
            except (KeyError, ValueError, TypeError) as error:
                raise BadRecordings(f"{index}, line {line}: {error!r}") from error


def read_recordings(versions: Sequence[Recorded]) -> Iterator[tuple[Recorded, bytes]]:
    """The versions with their bytes. Raises BadRecordings at one that is not what its index says."""
    for version in versions:
        yield version, _read(version)


def _read(version: Recorded) -> bytes:
    try:
        payload = gzip.decompress(version.path.read_bytes())
    except (OSError, EOFError) as error:
        raise BadRecordings(f"{version.path} cannot be read: {error}") from error
    if fingerprint(payload) != version.sha256:
        raise BadRecordings(f"{version.path} is not what its index says: another sha256")
    return payload
