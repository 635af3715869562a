"""The third schema: what a model made of one case. A source that has item-level results defines
`items(payload, captured_at, *, url="")` beside `parse`; they let two models be tested case by case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from sources.contract import SourceChanged, plain_names, records

ITEMS = pl.Schema(
    {
        "board": pl.String,
        "task": pl.String,
        "model_raw": pl.String,
        "case_id": pl.String,
        "score": pl.Float64,
        "as_of": pl.Date,
        "refused": pl.Boolean,
        "latency_ms": pl.Float64,
        "review_minutes": pl.Float64,
        "prompt": pl.String,
        "expected": pl.String,
        "output": pl.String,
    }
)
"""One row says: this model scored this much, 0 to 1 (the mean over its samples), on this case of this task.

board, task, model_raw and as_of are those of the tidy rows that the cases are behind. A board whose items
never say the task `overall` has all its cases behind overall. The rest may be null."""


def to_items(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Put results into the item schema; missing columns are null.

    Returns the rows sorted by board, as_of, task, model_raw, case_id. Raises SourceChanged for a wrong
    type, a row without a name, a score outside 0 to 1, a negative number and a case that a model has
    twice. Its sentence never holds a prompt or an output.
    """
    frame = records(rows, ITEMS, private=True).with_columns(
        plain_names("board", "task", "model_raw")
    )
    named = ["board", "task", "model_raw", "case_id"]
    for bad, reason in (
        (
            pl.any_horizontal(pl.col(c).is_null() | (pl.col(c) == "") for c in named),
            "a case has no board, task, model or id",
        ),
        (
            ~pl.col("score").is_between(0, 1).fill_null(False),
            "the score of a case is not within 0 to 1",
        ),
        (
            pl.any_horizontal(
                ~pl.col(c).is_between(0, float("inf"), closed="left")
                for c in ("latency_ms", "review_minutes")
            ),
            "a time is negative or infinite",
        ),
        (pl.struct(*named, "as_of").is_duplicated(), "a model has the same case twice"),
    ):
        found = frame.filter(bad)
        if not found.is_empty():
            board, task, model = found.select("board", "task", "model_raw").row(0)
            raise SourceChanged(
                f"{reason} ({found.height} rows, e.g. of {model!r} in {board}/{task})"
            )
    return frame.sort("board", "as_of", "task", "model_raw", "case_id")
