"""The backfill flow: land recorded versions of sources, with the time each was published."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import pipeline
from flows.progress import announce
from flows.settings import Settings
from flows.tasks import load, publish, transform
from sources import load_sources
from warehouse.archive import Archive, Fetch, fingerprint, utc

JOURNAL_BATCH = 64


class BadRecordings(Exception):
    """The folder does not hold recordings, or not what its index says."""


@dataclass(frozen=True)
class Recorded:
    """One recorded version of a file, as a line of index.csv tells it."""

    source: str
    path: Path
    url: str
    captured_at: datetime
    sha256: str


@dataclass(frozen=True)
class Backfilled:
    """What a backfill came to: versions new to the journal, payloads read."""

    landed: int
    parsed: int


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
    return [
        version
        for version in sorted(found, key=lambda v: (v.captured_at, v.url))
        if (since is None or version.captured_at.date() >= since)
        and (until is None or version.captured_at.date() <= until)
    ]


def _index(source: str, index: Path) -> Iterator[Recorded]:
    with index.open(newline="", encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                yield Recorded(
                    source,
                    index.parent / row["path"],
                    row["upstream_url"],
                    utc(datetime.fromisoformat(row["captured_at"])),
                    row["sha256"],
                )
            except (KeyError, ValueError, TypeError) as error:
                raise BadRecordings(f"{index}, line {line}: {error!r}") from error


def land(
    versions: Sequence[Recorded],
    archive: Archive,
    run_id: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Archive and journal the versions that the journal does not have. Returns how many that were."""
    journalled = list(archive.fetches())
    known = {(f.url, f.captured_at, f.payload_sha256) for f in journalled}
    seen = {(f.url, f.payload_sha256) for f in journalled}
    missing = [v for v in versions if (v.url, v.captured_at, v.sha256) not in known]
    for start in range(0, len(missing), JOURNAL_BATCH):
        batch = []
        for version in missing[start : start + JOURNAL_BATCH]:
            payload = _read(version)
            archive.store(payload)
            repeated = (version.url, version.sha256) in seen
            seen.add((version.url, version.sha256))
            batch.append(
                Fetch(
                    run_id=run_id,
                    source=version.source,
                    url=version.url,
                    captured_at=version.captured_at,
                    outcome="unchanged" if repeated else "new",
                    payload_sha256=version.sha256,
                    bytes=len(payload),
                )
            )
        archive.append(batch)
        progress(start + len(batch), len(missing))
    return len(missing)


def _read(version: Recorded) -> bytes:
    try:
        payload = gzip.decompress(version.path.read_bytes())
    except (OSError, EOFError) as error:
        raise BadRecordings(f"{version.path} cannot be read: {error}") from error
    if fingerprint(payload) != version.sha256:
        raise BadRecordings(f"{version.path} is not what its index says: another sha256")
    return payload


@task(name="land", cache_policy=NO_CACHE)
def land_recordings(
    folder: Path, sources: list[str], since: date | None, until: date | None, run_id: str
) -> int:
    """Land the recorded versions of the sources."""
    archive = Archive(Settings().archive)
    versions = recorded(folder, sources, since, until)
    return land(versions, archive, run_id, announce("landing recordings"))


@flow(
    name="photofinish-backfill",
    flow_run_name=lambda: f"backfill {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
)
def backfill(
    recordings: Path,
    sources: list[str] | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Backfilled:
    """Land recorded versions, then load, transform and publish. Twice or in any order: same tables."""
    chosen = sources or list(load_sources())
    run_id = pipeline.new_run_id(datetime.now(UTC))
    with pipeline.only_run(Settings(), f"the backfill {run_id}"):
        landed = land_recordings(recordings, chosen, since, until, run_id)
        parsed = load()
        transform()
        publish()
    return Backfilled(landed, parsed)
