"""Pulling a source: its files, or what has changed of them, into the archive and the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from flows.fetch import FetchFailed, get
from flows.settings import Settings
from flows.watched import files_of
from sources import Source
from warehouse.archive import Archive, Fetch, utc


@dataclass(frozen=True)
class Pulled:
    """What pulling one source came to: how many files, the attempts, what could not be had."""

    source: str
    files: int
    fetches: Sequence[Fetch]
    failures: Sequence[str]
    permanent: bool = False
    """True where trying again would be vain."""


def pull(
    source: Source,
    settings: Settings,
    run_id: str,
    clock: Callable[[], datetime],
    history: bool = False,
) -> Pulled:
    """Get what is new from one source into the archive and the journal.

    With `history` the files in which the publisher offers its whole past, instead of today's.

    The payload is on disk before the journal names it. A file whose first URL answers 404 is looked for
    at the next one.
    """
    archive = Archive(settings.archive)
    attempts: list[Fetch] = []
    failures: list[str] = []
    permanent = True
    files = (
        [(url,) for url in source.card.history] if history else files_of(source, settings, clock())
    )
    latest = archive.latest({url for choices in files for url in choices})
    for choices in files:
        for url in choices:
            attempt, error = _attempt(
                source.id, url, latest.get(url), archive, settings, run_id, clock
            )
            attempts.append(attempt)
            if error is None or error.status != 404:
                break
        if error is not None:
            failures.append(f"{attempt.url}: {error}")
            permanent = permanent and error.permanent
    archive.append(attempts)
    return Pulled(source.id, len(files), attempts, failures, bool(failures) and permanent)


def _attempt(
    source: str,
    url: str,
    previous: Fetch | None,
    archive: Archive,
    settings: Settings,
    run_id: str,
    clock: Callable[[], datetime],
) -> tuple[Fetch, FetchFailed | None]:
    # What the archive cannot give back is asked for anew: the publisher may still show it.
    known = previous if previous and archive.intact(previous.payload_sha256 or "") else None
    started, captured_at = monotonic(), utc(clock())
    try:
        answer = get(url, known, settings)
    except FetchFailed as error:
        failed = Fetch(
            run_id=run_id,
            source=source,
            url=url,
            captured_at=captured_at,
            outcome="failed",
            http_status=error.status,
            elapsed_ms=round(1000 * (monotonic() - started)),
            error=str(error),
        )
        return failed, error
    # What told the server which version we have belongs to that version alone.
    unchanged = known if answer.payload is None else None
    if unchanged:
        sha256, outcome = unchanged.payload_sha256, "not_modified"
    else:
        sha256 = archive.store(answer.payload or b"")
        outcome = "unchanged" if known and known.payload_sha256 == sha256 else "new"
    return (
        Fetch(
            run_id=run_id,
            source=source,
            url=url,
            captured_at=captured_at,
            outcome=outcome,
            http_status=answer.status,
            payload_sha256=sha256,
            bytes=None if answer.payload is None else len(answer.payload),
            elapsed_ms=round(1000 * (monotonic() - started)),
            etag=answer.etag or (unchanged.etag if unchanged else None),
            last_modified=answer.last_modified or (unchanged.last_modified if unchanged else None),
        ),
        None,
    )
