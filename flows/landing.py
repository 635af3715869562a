"""Landing: versions of files found elsewhere go into the archive and the journal, with their own times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TypeVar

from warehouse.archive import Archive, Fetch

JOURNAL_BATCH = 64


@dataclass(frozen=True)
class Version:
    """One version of one file: whose it is, where it lies upstream, when it was published."""

    source: str
    url: str
    captured_at: datetime
    sha256: str | None
    """None where only reading it would tell."""


V = TypeVar("V", bound=Version)


def between(versions: Iterable[V], since: date | None, until: date | None) -> list[V]:
    """The versions captured from one day to another (both included), oldest first."""
    return [
        version
        for version in sorted(versions, key=lambda v: (v.captured_at, v.url))
        if (since is None or version.captured_at.date() >= since)
        and (until is None or version.captured_at.date() <= until)
    ]


def land(
    versions: Sequence[V],
    read: Callable[[Sequence[V]], Iterator[tuple[V, bytes]]],
    archive: Archive,
    run_id: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Archive and journal the versions that the journal does not have. Returns how many that were.

    `read` gives the bytes of those it is asked for, one after another; what it leaves out is not landed.
    """
    journalled = [fetch for fetch in archive.fetches() if fetch.payload_sha256]
    # A version whose hash is not known yet is told from others by its time alone.
    known = {(f.url, f.captured_at, sha) for f in journalled for sha in (f.payload_sha256, None)}
    seen = {(f.url, f.payload_sha256) for f in journalled}
    missing = [v for v in versions if (v.url, v.captured_at, v.sha256) not in known]
    payloads = read(missing)
    landed = 0
    while batch := [
        _stored(version, payload, archive, run_id, seen)
        for version, payload in islice(payloads, JOURNAL_BATCH)
    ]:
        archive.append(batch)
        landed += len(batch)
        progress(landed, len(missing))
    return landed


def _stored(
    version: Version,
    payload: bytes,
    archive: Archive,
    run_id: str,
    seen: set[tuple[str, str | None]],
) -> Fetch:
    """Archive one payload; `seen` learns it. Returns its line for the journal."""
    sha256 = archive.store(payload)
    outcome = "unchanged" if (version.url, sha256) in seen else "new"
    seen.add((version.url, sha256))
    return Fetch(
        run_id=run_id,
        source=version.source,
        url=version.url,
        captured_at=version.captured_at,
        outcome=outcome,
        payload_sha256=sha256,
        bytes=len(payload),
    )
