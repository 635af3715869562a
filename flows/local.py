"""Adding your own results: merge them into the board as it stands, land that state, and publish it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flows import pipeline
from flows.landing import Version, land
from flows.settings import Settings
from sources import Source, SourceChanged, local
from sources.contract import OVERALL
from sources.local import Case
from warehouse.archive import Archive, fingerprint


class CannotAdd(Exception):
    """The results do not fit the board: the message says why and what to do."""


@dataclass(frozen=True)
class Added:
    """What adding came to: models of the file, models that stay from before, cases of the file."""

    models: int
    stayed: int
    cases: int
    changed: bool
    """False where the board already stood exactly so."""


def name_of(stem: str) -> str:
    """A file's stem as the name of a board: lower case, other characters as hyphens; may be empty."""
    return re.sub(r"[^a-z0-9_.-]+", "-", stem.lower()).strip("-_.")


def add(
    settings: Settings,
    sources: dict[str, Source],
    name: str,
    cases: Sequence[Case],
    as_of: date | None,
    now: datetime,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Added:
    """Land the board local/<name> with these cases, then load, make the tables and publish.

    The models of `cases` replace their earlier results; other models stay as they stood on the day.
    Raises CannotAdd, and nothing is landed then; pipeline.Busy while another run is at work.
    """
    doing = f"adding to local/{name}"
    with pipeline.only_run(settings, doing), pipeline.only_transform(settings, doing):
        archive = Archive(settings.archive)
        url = local.url_of(name)
        before = _standing(archive, url, as_of or now.date())
        models = {case.model for case in cases}
        stay = (
            [case for case in local.cases_of(before) if case.model not in models] if before else []
        )
        _check_tasks(name, cases, stay)
        payload = local.written([*stay, *cases], as_of)
        try:
            local.parse(payload, now, url=url)
            local.items(payload, now, url=url)
        except SourceChanged as error:
            raise CannotAdd(f"nothing was added to local/{name}: {error}") from error
        if payload != before:
            version = Version(local.CARD.id, url, now, fingerprint(payload))
            run_id = pipeline.new_run_id(now)
            land([version], lambda wanted: ((v, payload) for v in wanted), archive, run_id)
        # Also where nothing is new: a run that was cut off may have left the tables behind.
        pipeline.load_journal(settings, sources, lambda *n: progress("reading payloads", *n))
        pipeline.make_tables(settings, sources, lambda *n: progress("making tables", *n))
        pipeline.publish_tables(settings)
    return Added(len(models), len({c.model for c in stay}), len(cases), payload != before)


def _standing(archive: Archive, url: str, day: date) -> bytes | None:
    """The state of the board on a day: the last one dated no later, and of its date the last added."""
    found: list[tuple[date, datetime, bytes]] = []
    for fetch in archive.fetches():
        if fetch.url == url and fetch.payload_sha256:
            payload = archive.read(fetch.payload_sha256)
            dated = local.stated(local.cases_of(payload)) or fetch.captured_at.date()
            if dated <= day:
                found.append((dated, fetch.captured_at, payload))
    return max(found)[2] if found else None


def _check_tasks(name: str, cases: Iterable[Case], stay: Iterable[Case]) -> None:
    with_tasks = {case.task != OVERALL for case in cases}
    if any((case.task != OVERALL) not in with_tasks for case in stay):
        raise CannotAdd(
            f"of the file and the models that local/{name} has already only one gives tasks, so their "
            "cases cannot be compared; give tasks in both, or make another board with --name"
        )
