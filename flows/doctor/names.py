"""Names that sources use and the reference files do not have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from flows.doctor.finding import Finding

SHOWN = 20


def unknown_names(db: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Organisations and licences that no file of sources/reference knows."""
    try:
        yield from _unknown(db, "organization", "organizations")
        yield from _unknown(db, "license", "licenses")
    except duckdb.CatalogException:
        # A run was cut off before it made the tables; another check says so.
        return


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
