"""The second schema: what a model costs. Price sources parse to it instead of the tidy schema."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from sources.contract import EARLIEST, Card, SourceChanged, check_lengths, plain_names, records

PRICES = pl.Schema(
    {
        "provider": pl.String,
        "model_raw": pl.String,
        "as_of": pl.Date,
        "input_usd_per_mtok": pl.Float64,
        "output_usd_per_mtok": pl.Float64,
        "context_tokens": pl.Int64,
        "max_output_tokens": pl.Int64,
        "tool_use": pl.Boolean,
        "open_weights": pl.Boolean,
        "extra": pl.String,
    }
)
"""One row says: from as_of on (null: the day it was captured) this provider asks this price for text,
in USD per million tokens at the base tier. Null means not stated, which is not zero."""

DEAREST_USD_PER_MTOK = 10_000.0
"""No model has cost a tenth of this; a higher number is a unit mistaken (per token, per thousand)."""


def to_prices(
    rows: Iterable[Mapping[str, Any]], card: Card, captured_at: dt.datetime
) -> pl.DataFrame:
    """Put parsed rows into the price schema and hold them against the card's row bounds.

    Rows with neither price are left out (they price something else than text). Returns the rows sorted
    by provider, model_raw, as_of. Raises SourceChanged for an empty table, a wrong type, a negative,
    infinite or absurd price, a future date, or two different prices for one key.
    """
    frame = records(rows, PRICES).with_columns(plain_names("provider", "model_raw"))
    check_lengths(frame)
    usd = ("input_usd_per_mtok", "output_usd_per_mtok")
    priced = frame.with_columns(pl.col(*usd).fill_nan(None)).filter(
        pl.any_horizontal(pl.col(c).is_not_null() for c in usd)
    )
    key = ["provider", "model_raw", "as_of"]
    if not card.min_rows <= priced.height <= card.max_rows:
        raise SourceChanged(
            f"{priced.height} prices; the card allows {card.min_rows} to {card.max_rows}"
        )
    distinct = priced.unique(subset=[*key, *usd], keep="first", maintain_order=True)
    for bad, reason in (
        (pl.any_horizontal(pl.col(c).is_null() | (pl.col(c) == "") for c in key[:2]), "no name"),
        (
            pl.any_horizontal(~pl.col(c).is_between(0, DEAREST_USD_PER_MTOK) for c in usd),
            "a price below zero or above any known",
        ),
        (pl.col("as_of") > captured_at.date() + dt.timedelta(days=1), "a date in the future"),
        (pl.col("as_of") < EARLIEST, f"a date before {EARLIEST}"),
        (
            pl.any_horizontal(pl.col("context_tokens", "max_output_tokens") < 0),
            "a negative number of tokens",
        ),
        (pl.struct(key).is_duplicated(), "one model has two prices"),
    ):
        found = distinct.filter(bad)
        if not found.is_empty():
            example = found.row(0, named=True)
            raise SourceChanged(f"{reason}: {example['provider']}/{example['model_raw']}")
    return distinct.sort(key)
