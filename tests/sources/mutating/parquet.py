"""Damage to a Parquet file that is still one: columns, types, values, dates."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import polars as pl

from tests.sources.mutating.odd import ODD

FLOATS = (float("nan"), float("inf"), 1e308, -1.0, 0.5, 0.0)
WHOLES = (0, -1, 2**31 - 1)
DAYS = (-800_000, -1, 2_000_000, 0)


def damaged(frame: pl.DataFrame, chance: random.Random) -> tuple[str, bytes]:
    column, what = chance.choice(frame.columns), chance.choice(list(DAMAGES))
    file = io.BytesIO()
    DAMAGES[what](frame, column, chance).write_parquet(file)
    return f"{what} {column}", file.getvalue()


def _odd(frame: pl.DataFrame, column: str, chance: random.Random) -> pl.DataFrame:
    kind = frame.schema[column]
    odd: list[Any] = [None]
    if kind.is_float():
        odd += FLOATS
    elif kind.is_integer():
        odd += WHOLES
    elif kind == pl.String:
        odd += [value for value in ODD if isinstance(value, str)]
    here = pl.int_range(pl.len()) == chance.randrange(max(frame.height, 1))
    value = pl.when(here).then(pl.lit(chance.choice(odd), dtype=kind)).otherwise(column)
    return frame.with_columns(value.alias(column))


def _odd_dates(frame: pl.DataFrame, column: str, chance: random.Random) -> pl.DataFrame:
    day = pl.lit(chance.choice(DAYS)).cast(pl.Int32).cast(pl.Date)
    dated = [name for name, kind in frame.schema.items() if kind.is_temporal()]
    return frame.with_columns(day.alias(name) for name in dated)


DAMAGES: dict[str, Callable[[pl.DataFrame, str, random.Random], pl.DataFrame]] = {
    "drop": lambda frame, column, chance: frame.drop(column),
    "rename": lambda frame, column, chance: frame.rename({column: f"{column}_2"}),
    "as text": lambda frame, column, chance: frame.with_columns(pl.col(column).cast(pl.String)),
    "null": lambda frame, column, chance: frame.with_columns(
        pl.lit(None, dtype=frame.schema[column]).alias(column)
    ),
    "odd": _odd,
    "another odd": _odd,
    "odd dates": _odd_dates,
    "double": lambda frame, column, chance: pl.concat([frame, frame.head(1)]),
    "no rows": lambda frame, column, chance: frame.clear(),
    "list": lambda frame, column, chance: frame.with_columns(pl.concat_list(column).alias(column)),
}
