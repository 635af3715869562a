"""A gap as published, beside the gap over a fixed basket of models."""

from __future__ import annotations

import polars as pl
from rich.table import Table

from flows.show.text import fixed, percent, titled


def chained_table(series: pl.DataFrame, board: str, task: str) -> Table:
    """A line a date: both gaps as published and over the basket, and moves of the whole board."""
    table = titled(f"{board} · {task} · {series['n_basket'][-1]} models listed on every date")
    fixed(table, "as of", ["2025-01-01"])
    fixed(table, "models", ["1000"], right=True)
    fixed(table, "gap 1–2", ["100.00%"], right=True)
    fixed(table, "basket", ["100.00%"], right=True)
    fixed(table, "gap 1–10", ["100.00%"], right=True)
    fixed(table, "basket", ["100.00%"], right=True)
    fixed(table, "board", ["+100.00"], right=True)
    for row in series.iter_rows(named=True):
        table.add_row(
            str(row["as_of"]),
            str(row["n_models"]),
            percent(row["gap_1_2_pct"]),
            percent(row["basket_gap_1_2_pct"]),
            percent(row["gap_1_10_pct"]),
            percent(row["basket_gap_1_10_pct"]),
            "" if row["shift"] is None else f"[yellow]{row['shift']:+.4g}[/]",
        )
    return table
