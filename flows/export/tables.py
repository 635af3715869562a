"""What is said of the published tables, asked of the published file."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from flows.export.about import About, Rights, units
from warehouse import descriptions

WHOLE = (
    "The history of AI-model leaderboards, and how close the race is: every snapshot with its scores "
    "and ranks, the gaps between first and second to tenth with their noise, and why they moved."
)


def about_table(db: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...]) -> About:
    """What is said of a whole published table; without its key if the file has other columns."""
    meant = descriptions.columns(db, table)
    return About(
        title=table,
        description=descriptions.grain(db, table),
        columns=meant,
        units=units(meant),
        key=key if set(key) <= set(meant) else (),
        rights=rights(db, descriptions.table_boards(db, table)),
        payloads=tuple(descriptions.table_payloads(db, table)),
    )


def rights(db: duckdb.DuckDBPyConnection, boards: Sequence[str]) -> tuple[Rights, ...]:
    """Whose data the boards are."""
    return tuple(Rights(**row) for row in descriptions.rights(db, list(boards)))
