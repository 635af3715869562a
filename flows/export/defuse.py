"""Cells that a spreadsheet would run as a formula are made text."""

from __future__ import annotations

import polars as pl

STARTS = r"^[=+\-@\t\r\n]"


def defused(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before text that begins like a formula. Numbers stay numbers."""
    text = pl.col(pl.String)
    return frame.with_columns(
        pl.when(text.str.contains(STARTS)).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)
    )
