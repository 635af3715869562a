"""What every result of a parser must satisfy, written down a second time, row by row and without polars.

The contract in sources/ says the same in expressions over columns; here it is said in plain loops.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from sources import Source
from sources.contract import TIDY
from sources.item_contract import ITEMS
from sources.price_contract import PRICES

LONGEST_NAME = 300
EARLIEST = date(2000, 1, 1)
NAMES = ("board", "task", "model_raw", "provider", "case_id")


def broken(source: Source, rows: pl.DataFrame, captured_at: datetime) -> str:
    """The first promise that a result breaks, as a sentence; empty if it keeps them all."""
    return next(_broken(source, rows, captured_at), "")


def _broken(source: Source, rows: pl.DataFrame, captured_at: datetime) -> Iterator[str]:
    prices = source.card.kind == "prices"
    if rows.schema != (PRICES if prices else TIDY):
        yield f"the schema is {rows.schema}"
        return
    latest = captured_at.date() + timedelta(days=1)
    keys: set[tuple[Any, ...]] = set()
    for row in rows.iter_rows(named=True):
        yield from _names(row)
        yield from _finite(row)
        yield from _prices(row) if prices else _interval(row)
        if row["as_of"] is not None and not EARLIEST <= row["as_of"] <= latest:
            yield f"dated {row['as_of']}, captured {captured_at}"
        key = tuple(row.get(c) for c in ("board", "task", "provider", "model_raw", "as_of"))
        if key in keys:
            yield f"twice: {key}"
        keys.add(key)
        if row["extra"] is not None and not isinstance(json.loads(row["extra"]), dict):
            yield f"extra is no object: {row['extra'][:80]}"
    if not prices:
        yield from _card(source, rows)


def _card(source: Source, rows: pl.DataFrame) -> Iterator[str]:
    bounds = {board.board: board for board in source.card.boards}
    models: dict[tuple[str, date | None], set[str]] = defaultdict(set)
    for row in rows.iter_rows(named=True):
        models[row["board"], row["as_of"]].add(row["model_raw"])
        board, score = bounds.get(row["board"]), row["score"]
        if bounds and board is None:
            yield f"the card has no board {row['board']}"
        if board and score is not None and not board.min_score <= score <= board.max_score:
            yield f"score {score} outside the card's bounds"
    for (name, as_of), listed in models.items():
        board = bounds.get(name)
        if board and not board.min_rows <= len(listed) <= board.max_rows:
            yield f"{len(listed)} models on {name} of {as_of}"


def _names(row: Mapping[str, Any]) -> Iterator[str]:
    for name in NAMES:
        if name in row:
            value = row[name]
            if not isinstance(value, str) or not value.strip():
                yield f"no {name}"
            elif len(value) > LONGEST_NAME:
                yield f"{name} is {len(value)} characters long"
            elif any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value):
                yield f"{name} has a control character: {value[:80]!r}"
    for name in ("organization_raw", "license_raw"):
        if name in row and row[name] is not None and len(row[name]) > LONGEST_NAME:
            yield f"{name} is {len(row[name])} characters long"


def _finite(row: Mapping[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{name} is {value}"


def _prices(row: Mapping[str, Any]) -> Iterator[str]:
    asked = [row["input_usd_per_mtok"], row["output_usd_per_mtok"]]
    if asked == [None, None]:
        yield "no price"
    if any(price is not None and not 0 <= price <= 10_000 for price in asked):
        yield f"prices of {asked}"
    if any((row[name] or 0) < 0 for name in ("context_tokens", "max_output_tokens")):
        yield "a negative number of tokens"


def _interval(row: Mapping[str, Any]) -> Iterator[str]:
    score, low, high, n = row["score"], row["ci_low"], row["ci_high"], row["n"]
    slack = 1e-9 * abs(score or 0) + 1e-9
    if score is not None and low is not None and low > score + slack:
        yield f"ci_low {low} above the score {score}"
    if score is not None and high is not None and high < score - slack:
        yield f"ci_high {high} below the score {score}"
    if low is not None and high is not None and low > high:
        yield f"the interval {low} to {high} is empty"
    if n is not None and n < 1:
        yield f"n is {n}"


def broken_items(items: pl.DataFrame) -> str:
    """The first promise that results of single cases break; empty if they keep them all."""
    if items.schema != ITEMS:
        return f"the schema of items is {items.schema}"
    keys = set()
    for row in items.iter_rows(named=True):
        if any(not row[c] for c in ("board", "task", "model_raw", "case_id")):
            return f"a case without a name: {row}"
        if row["score"] is None or not 0 <= row["score"] <= 1:
            return f"the score of a case is {row['score']}"
        key = tuple(row[c] for c in ("board", "task", "model_raw", "case_id", "as_of"))
        if key in keys:
            return f"a case twice: {key}"
        keys.add(key)
    return ""
