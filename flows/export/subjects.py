"""What a page or a table is about, asked of the published file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from flows.export.about import About, Rights, units
from flows.export.jsonld import PROJECT, Subject
from warehouse import descriptions

WHOLE = (
    "The history of AI-model leaderboards, and how close the race is: every snapshot with its scores "
    "and ranks, the gaps between first and second to tenth with their noise, and why they moved."
)


def board_subject(db: duckdb.DuckDBPyConnection, board: str, path: str) -> Subject:
    """A board and the page about it at `path`. Raises warehouse.reader.UnknownBoard."""
    facts = descriptions.board_facts(db, board)
    better = "higher" if facts["higher_is_better"] else "lower"
    told = (
        f"{facts['title']}: every recorded state of this leaderboard from {facts['since']} to "
        f"{facts['until']}, with the gaps at its top. A score is {facts['metric']} in {facts['unit']}; "
        f"{better} is better."
    )
    keywords = ("AI models", "leaderboard", "benchmark", facts["task_family"])
    return _subject(db, facts, path, facts["title"], told, [board], keywords)


def model_subject(db: duckdb.DuckDBPyConnection, model: str, path: str) -> Subject:
    """A model and the page about it at `path`. Raises warehouse.reader.UnknownBoard."""
    facts = descriptions.model_facts(db, model)
    by = f" by {facts['organization']}" if facts["organization"] else ""
    told = (
        f"Where the AI model {model}{by} stood on {len(facts['boards'])} leaderboards from "
        f"{facts['since']} to {facts['until']}: its scores and ranks over time."
    )
    keywords = ("AI models", "leaderboard", model, facts["organization"])
    return _subject(db, facts, path, model, told, facts["boards"], keywords)


def front_subject(db: duckdb.DuckDBPyConnection, path: str = "index.html") -> Subject:
    """All that is published, and the front page."""
    facts = descriptions.whole_facts(db)
    name = f"{PROJECT}: how close the race is on AI-model leaderboards"
    keywords = ("AI models", "leaderboard", "benchmark", "ranking", "statistical ties")
    return _subject(db, facts, path, name, WHOLE, facts["boards"] or [], keywords)


def about_board(
    db: duckdb.DuckDBPyConnection, board: str, table: str, title: str, names: Sequence[str] = ()
) -> About:
    """What is said of the rows that `table` has of one board: the meanings of `names` (default: all its
    columns), the board's own unit for scores, its publisher and payloads. Raises UnknownBoard."""
    facts = descriptions.board_facts(db, board)
    every = descriptions.columns(db, table)
    meant = {name: every.get(name, "") for name in names or every}
    return About(
        title=title,
        description=descriptions.grain(db, table),
        columns=meant,
        units=units(meant, facts["unit"]),
        rights=rights(db, [board]),
        payloads=tuple(facts["payloads"]),
        modified=facts["modified"],
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


def _subject(
    db: duckdb.DuckDBPyConnection,
    facts: Mapping[str, Any],
    path: str,
    name: str,
    told: str,
    boards: Sequence[str],
    keywords: Sequence[str | None],
) -> Subject:
    whose = rights(db, boards)
    return Subject(
        path=path,
        name=name,
        description=told,
        since=facts["since"],
        until=facts["until"],
        modified=facts["modified"],
        rights=whose,
        based_on=tuple(dict.fromkeys(one.homepage for one in whose if one.homepage)),
        keywords=tuple(word for word in keywords if word),
    )
