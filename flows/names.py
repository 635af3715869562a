"""Proposals for aliases.csv, for a person to accept: nothing is matched by likeness at run time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
from rapidfuzz import fuzz, process

SOUNDS_ALIKE = 88.0


@dataclass(frozen=True)
class Proposal:
    """Two models that may be one: `model_raw` as the source writes it, `model` as others know it."""

    source: str
    model_raw: str
    model: str
    likeness: float


def suggest(
    db: duckdb.DuckDBPyConnection, source: str | None = None, least: float = SOUNDS_ALIKE
) -> list[Proposal]:
    """Models that look alike across sources and never stand on one list, the likeliest first.

    Likeness is rapidfuzz's token-sort ratio, 0 to 100. Names whose numbers differ (sizes, dates,
    versions) are never proposed.
    """
    names = db.execute(
        "select source, model, min(model_raw) from core.model_names group by source, model"
    ).fetchall()
    together = _seen_together(db)
    sources_of: dict[str, set[str]] = defaultdict(set)
    for where, model, _ in names:
        sources_of[model].add(where)
    found = []
    for numbers, models in _by_numbers(sources_of).items():
        for where, model, raw in names:
            if _numbers(model) != numbers or (source and where != source):
                continue
            for other, likeness, _ in process.extract(
                model, models, scorer=fuzz.token_sort_ratio, score_cutoff=least, limit=None
            ):
                shared = sources_of[model] & sources_of[other]
                if other != model and not shared and frozenset((model, other)) not in together:
                    found.append(Proposal(where, raw, other, round(likeness, 1)))
    return sorted(found, key=lambda p: (-p.likeness, p.source, p.model_raw, p.model))


def _by_numbers(models: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    grouped: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for model in models:
        grouped[_numbers(model)].append(model)
    return {numbers: group for numbers, group in grouped.items() if len(group) > 1}


def _numbers(model: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"\d+", model)))


def _seen_together(db: duckdb.DuckDBPyConnection) -> set[frozenset[str]]:
    """Pairs of models with the same numbers in their names that one list shows side by side."""
    lists = db.execute(
        "select list(distinct model) from core.entries where current group by board, as_of"
    ).fetchall()
    pairs = set()
    for (models,) in lists:
        for group in _by_numbers(models).values():
            pairs |= {frozenset((a, b)) for a in group for b in group if a != b}
    return pairs
