"""The backfill flow: land the past versions of sources, with the time each was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import as_completed

from flows import git_history, pipeline
from flows.landing import between, land
from flows.progress import announce
from flows.pull import pull
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


@task(name="land", task_run_name="land {source}", cache_policy=NO_CACHE)
def land_recordings(
    folder: Path, source: str, since: date | None, until: date | None, run_id: str
) -> tuple[int, int]:
    """Land the recorded versions of a source; on a lake, read them there and then.

    Returns how many versions were new, and how many payloads were read.
    """
    settings = Settings()
    versions = recorded(folder, [source], since, until)
    landed = land(versions, read_recordings, Archive(settings.archive), run_id)
    own = {source: load_sources()[source]}
    return landed, pipeline.load_journal(settings, own) if settings.lake else 0


def land_side_by_side(
    folder: Path, sources: list[str], since: date | None, until: date | None, run_id: str
) -> tuple[int, int]:
    """Land the sources that have recordings, each as a task of its own, wherever the runner puts it.

    Raises BadRecordings if none has any.
    """
    there = [id_ for id_ in sources if (folder / id_ / "index.csv").exists()]
    if not there:
        recorded(folder, sources, since, until)
    tell = announce("landing sources")
    futures = [land_recordings.submit(folder, id_, since, until, run_id) for id_ in there]
    done = []
    for future in as_completed(futures):
        done.append(future.result())
        tell(len(done), len(futures))
    return sum(landed for landed, _ in done), sum(read for _, read in done)


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
    pulled = pull(
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
    doing = f"the backfill {run_id}"
    with pipeline.only_run(Settings(), doing):
        landed, parsed, skipped = 0, 0, list[str]()
        if recordings:
            landed, parsed = land_side_by_side(recordings, chosen, since, until, run_id)
        if git:
            landed, skipped = land_history(git, chosen[0], since, until, run_id)
        if history:
            landed, skipped = pull_history(chosen[0], run_id)
        parsed += load()
        with pipeline.only_transform(Settings(), doing):
            transform()
            evaluate_alerts(datetime.now(UTC), quiet=True)
            publish()
    return Backfilled(landed, parsed, skipped)
