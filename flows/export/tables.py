"""What is said of the published tables, asked of the published file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import duckdb

from flows.export.about import About, Rights, units
from sources.contract import Card
from warehouse import descriptions

WHOLE = (
    "The history of AI-model leaderboards, and how close the race is: every snapshot with its scores "
    "and ranks, the gaps between first and second to tenth with their noise, and why they moved."
)


def about_table(
    db: duckdb.DuckDBPyConnection,
    table: str,
    key: tuple[str, ...] = (),
    cards: Mapping[str, Card] = MappingProxyType({}),
) -> About:
    """What is said of a whole published table; without its key if the file has other columns.

    `cards` of the sources by id say whose the prices are, of which core.boards knows nothing.
    """
    meant = descriptions.columns(db, table)
    whose = rights(db, descriptions.table_boards(db, table))
    if descriptions.priced(db, table) or ("source" in meant and "board" not in meant):
        whose += price_rights(cards, descriptions.price_sources(db))
    return About(
        title=table,
        description=descriptions.grain(db, table),
        columns=meant,
        units=units(meant),
        key=key if set(key) <= set(meant) else (),
        rights=whose,
        payloads=tuple(descriptions.table_payloads(db, table)),
    )


def rights(db: duckdb.DuckDBPyConnection, boards: Sequence[str]) -> tuple[Rights, ...]:
    """Whose data the boards are; a timeline of several sources brings in each of them."""
    return tuple(Rights(**row) for row in descriptions.rights(db, list(boards)))


def price_rights(cards: Mapping[str, Card], sources: Sequence[str]) -> tuple[Rights, ...]:
    """Whose data the prices of these sources are, as far as there are cards."""
    return tuple(
        Rights("", card.title, card.id, card.licence, card.credit, card.homepage)
        for card in (cards[source] for source in sources if source in cards)
    )
