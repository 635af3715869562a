"""What is not as it should be, and how to mend it: one function a check, and all of them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from flows.doctor import archive, clock, databases, leftovers, machine
from flows.doctor.alerts import undelivered_messages
from flows.doctor.finding import Finding
from flows.lock import at_work
from flows.settings import Settings
from warehouse.archive import Archive, NewerJournal

__all__ = ["Finding", "examine"]

Progress = Callable[[int, int], None]


def examine(
    settings: Settings,
    quick: bool = False,
    now: datetime | None = None,
    progress: Progress = lambda done, total: None,
) -> Iterator[Finding]:
    """Every finding about this machine and a home. Reads only; `quick` does not hash the payloads.

    While a run is at work the databases and leftovers are not looked at, which is a finding too.
    """
    yield from machine.versions()
    yield from machine.permissions(settings)
    yield from machine.disk(settings)
    kept = Archive(settings.archive)
    try:
        fetches = list(kept.fetches())
    except NewerJournal as error:
        yield Finding("journal", str(error), "until then nothing is run on this home")
        return
    yield from archive.cut_lines(kept)
    yield from clock.future_times(kept, fetches, now or datetime.now(UTC))
    yield from archive.payloads(kept, fetches, quick, progress)
    yield from undelivered_messages(settings)
    if holder := at_work(settings):
        found = f"{holder} is at work, so its databases were not looked at"
        yield Finding("databases", found, "ask again when it is done")
        return
    yield from databases.examine(settings, fetches)
    yield from leftovers.leftovers(settings)
