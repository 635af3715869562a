"""A gap as published, beside the gap over a fixed basket of models."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from flows.show.text import fixed, percent, print_json, titled
from warehouse import reader
from warehouse.chained import chained_gaps
from warehouse.place import Place
from warehouse.rows import Row


def print_chained(
    console: Console, published: Place, board: str, task: str, last: int, as_json: bool
) -> None:
    """The last dates of a board: its gaps as published, and over the models listed on all of them."""
    with reader.reader(published) as db:
        series = chained_gaps(db, board, task, last)
    if as_json:
        return print_json(console, series)
    console.print(chained_table(series, board, task))
    console.print(
        "basket: the gap among the models listed on every date shown; moves of the whole board (last "
        "column) are taken back. Where the two gaps differ, the list moved, not the models. "
        f"Next: `photofinish explain {board}`.",
        highlight=False,
    )
    return None


def chained_table(series: Sequence[Row], board: str, task: str) -> Table:
    """A line a date: both gaps as published and over the basket, and moves of the whole board."""
    table = titled(f"{board} · {task} · {series[-1]['n_basket']} models listed on every date")
    fixed(table, "as of", ["2025-01-01"])
    fixed(table, "models", ["1000"], right=True)
    fixed(table, "gap 1–2", ["100.00%"], right=True)
    fixed(table, "basket", ["100.00%"], right=True)
    fixed(table, "gap 1–10", ["100.00%"], right=True)
    fixed(table, "basket", ["100.00%"], right=True)
    fixed(table, "board", ["+100.00"], right=True)
    for row in series:
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
