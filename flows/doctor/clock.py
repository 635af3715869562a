"""Times: nothing can have been captured after now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from flows.doctor.finding import Finding
from warehouse.archive import Archive, Fetch

SLACK = timedelta(minutes=5)


def future_times(archive: Archive, fetches: Sequence[Fetch], now: datetime) -> Iterator[Finding]:
    """Attempts dated after now: either this clock is behind, or they were written with a wrong one.

    The time at which the journal was last written tells the two apart.
    """
    late = [fetch for fetch in fetches if fetch.captured_at > now + SLACK]
    if not late:
        return
    last = max(late, key=lambda fetch: fetch.captured_at)
    written = max(path.stat().st_mtime for path in archive.journal.glob("*.ndjson"))
    behind = datetime.fromtimestamp(written, UTC) > now + SLACK
    yield Finding(
        "clock",
        f"{len(late)} attempts are dated after now ({now:%Y-%m-%d %H:%M} UTC), the last "
        f"{last.captured_at:%Y-%m-%d %H:%M} ({last.source}, run {last.run_id})",
        "the journal was written after now too, so the clock of this machine is behind: set it before "
        "the next run"
        if behind
        else "this clock seems right, so they were written with a wrong one, or with --as-of; until then "
        "these states count as the newest. Give their lines of the journal the right time, then "
        "`photofinish rebuild`",
    )
