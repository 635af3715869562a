"""Cells that a spreadsheet would run as a formula are made text."""

from __future__ import annotations

import polars as pl


def defused(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before text that begins like a formula. Numbers stay numbers."""
    return frame.with_columns(pl.col(pl.String).str.replace(r"^([=+\-@\t\r\n])", "'${1}"))
