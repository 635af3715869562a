"""What is not as it should be, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.alerts.names import variable
from flows.alerts.store import Store, StoreUnusable, undelivered
from flows.settings import Settings
from warehouse.archive import Archive

SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, and the way to mend it."""

    check: str
    found: str
    mend: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding about a home. Reads only; raises duckdb.Error if a run holds the database."""
    archive = Archive(settings.archive)
    for where in archive.cut_lines():
        yield Finding(
            "journal",
            f"{where} cannot be read: a run was cut off while writing it",
            "nothing is lost; the next run fetches that file again",
        )
    yield from _undelivered(settings)
    if settings.build.exists():
        with duckdb.connect(str(settings.build), read_only=True) as db:
            yield from _unknown(db, "organization", "organizations")
            yield from _unknown(db, "license", "licenses")


def _undelivered(settings: Settings) -> Iterator[Finding]:
    """Messages of alerts that did not go out, by channel and reason."""
    try:
        rows = Store(settings.alerts_store).rows("outbox")
    except StoreUnusable as error:
        yield Finding("alerts", str(error), "until then no alert is evaluated or sent")
        return
    for channel, outcome, reason, count in undelivered(rows):
        yield Finding(
            "alerts",
            f"{count} to the channel {channel} {outcome}: {reason}",
            f"see that {variable(channel)} is right and its receiver answers; "
            + ("these are lost" if outcome == "given up" else "a later run tries again"),
        )


def _unknown(db: duckdb.DuckDBPyConnection, what: str, file: str) -> Iterator[Finding]:
    """Names that sources use and sources/reference/<file>.csv does not have; never guessed."""
    names = db.execute(
        f"""
        select {what}_raw, list(distinct source order by source)
        from parsed.names
        where {what}_raw is not null
            and {what}_raw not in (select as_it_appears from reference.{file})
        group by {what}_raw
        order by {what}_raw
        """
    ).fetchall()
    for name, sources in names[:SHOWN]:
        yield Finding(
            f"unknown {what}",
            f"{name!r}, used by {', '.join(sources)}",
            f"add a line to {Path('sources', 'reference', file)}.csv",
        )
    if len(names) > SHOWN:
        yield Finding(f"unknown {what}", f"{len(names) - SHOWN} more", "the same")
