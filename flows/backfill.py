"""The backfill flow: land the past versions of sources, with the time each was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import git_history, pipeline
from flows.landing import between, land
from flows.progress import announce
from flows.recordings import BadRecordings as BadRecordings
from flows.recordings import Recorded as Recorded
from flows.recordings import read_recordings as read_recordings
from flows.recordings import recorded as recorded
from flows.settings import Settings
from flows.tasks import evaluate_alerts, load, publish, transform
from sources import load_sources
from warehouse.archive import Archive


@dataclass(frozen=True)
class Backfilled:
    """What a backfill came to: versions new to the journal, payloads read, versions left out and why."""

    landed: int
    parsed: int
    skipped: Sequence[str] = ()


@task(name="land", cache_policy=NO_CACHE)
def land_recordings(
    folder: Path, sources: list[str], since: date | None, until: date | None, run_id: str
) -> int:
    """Land the recorded versions of the sources."""
    archive = Archive(Settings().archive)
    versions = recorded(folder, sources, since, until)
    return land(versions, read_recordings, archive, run_id, announce("landing recordings"))


@task(name="land", cache_policy=NO_CACHE)
def land_history(
    place: str, source: str, since: date | None, until: date | None, run_id: str
) -> tuple[int, list[str]]:
    """Land what a git repository holds of a source. Also returns what could not be read of it."""
    settings = Settings()
    skipped: list[str] = []
    with git_history.opened(place, settings) as repository:
        card = load_sources()[source].card
        versions = between(git_history.committed(repository, card), since, until)
        read = partial(
            git_history.read_blobs, repository, max_bytes=settings.max_bytes, skipped=skipped
        )
        archive = Archive(settings.archive)
        landed = land(versions, read, archive, run_id, announce("landing commits"))
    return landed, skipped


@task(name="pull history", task_run_name="pull the history of {source}", cache_policy=NO_CACHE)
def pull_history(source: str, run_id: str) -> tuple[int, list[str]]:
    """Pull the files in which a publisher offers its whole past. Also returns what failed."""
    pulled = pipeline.pull(
        load_sources()[source], Settings(), run_id, lambda: datetime.now(UTC), history=True
    )
    return sum(fetch.outcome == "new" for fetch in pulled.fetches), list(pulled.failures)


@flow(
    name="photofinish-backfill",
    flow_run_name=lambda: f"backfill {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
)
def backfill(
    recordings: Path | None,
    sources: list[str] | None = None,
    since: date | None = None,
    until: date | None = None,
    git: str | None = None,
    history: bool = False,
) -> Backfilled:
    """Land versions, then load, transform and publish. Twice or in any order: same tables.

    They come from a folder of recordings, or, of one source, from the git repository it publishes in
    or from the publisher's own files of its whole past.
    """
    chosen = sources or list(load_sources())
    run_id = pipeline.new_run_id(datetime.now(UTC))
    with pipeline.only_run(Settings(), f"the backfill {run_id}"):
        landed, skipped = 0, list[str]()
        if recordings:
            landed = land_recordings(recordings, chosen, since, until, run_id)
        if git:
            landed, skipped = land_history(git, chosen[0], since, until, run_id)
        if history:
            landed, skipped = pull_history(chosen[0], run_id)
        parsed = load()
        transform()
        evaluate_alerts(datetime.now(UTC), quiet=True)
        publish()
    return Backfilled(landed, parsed, skipped)
