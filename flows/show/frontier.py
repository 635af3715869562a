"""The best of one side against the best of the other, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.show.text import (
    VERDICT_STYLE,
    ending,
    fixed,
    number,
    pair,
    percent,
    titled,
    verdict,
)
from warehouse.rows import Row

NOTE = (
    "+: the first named is ahead, in percent of the lower-placed score. unknown (3): three models that "
    "are placed above the lower of the two are of unknown origin or licence, so the gap may be another."
)


def print_latest(console: Console, frontier: Sequence[Row]) -> None:
    """Per board the latest gap between the US and China, and between proprietary and open weights."""
    table = titled("The best of each side")
    table.add_column("board\n[dim]as of[/]", width=22, overflow="fold")
    fixed(table, "", ["open weights"])
    _gap_columns(table)
    for row in frontier:
        table.add_row(
            f"{escape(row['board'])}\n[dim]{row['as_of']}[/]",
            f"{row['a']}\n{row['b']}",
            *_gap_cells(row),
        )
    console.print(table)
    console.print(f"{NOTE}\nNext: `photofinish gaps BOARD --frontier` for the same over time.")


def print_series(
    console: Console, series: Sequence[Row], leaders: Sequence[Row], board: str, last: int
) -> None:
    """The `last` dates of each dimension on one board, then who leads in each country."""
    for dimension in dict.fromkeys(row["dimension"] for row in series):
        rows = [row for row in series if row["dimension"] == dimension]
        first = rows[0]
        table = titled(f"{board} · {first['task']} · {first['a']} against {first['b']}")
        fixed(table, "as of", ["2025-01-01"])
        _gap_columns(table)
        for row in ending(rows, last):
            table.add_row(str(row["as_of"]), *_gap_cells(row))
        console.print(table)
    if leaders:
        console.print(leaders_table(leaders))
    console.print(NOTE)


def leaders_table(leaders: Sequence[Row]) -> Table:
    """One line a country: its first model and how far that is behind the leader."""
    table = titled(f"The first of each country · {leaders[0]['as_of']}")
    fixed(table, "", ["US"])
    table.add_column("model", no_wrap=True, overflow="ellipsis")
    table.add_column("organization", no_wrap=True, overflow="ellipsis")
    fixed(table, "rank", ["1000"], right=True)
    fixed(table, "score", ["1234.56"], right=True)
    fixed(table, "behind", ["100.00%"], right=True)
    fixed(table, "models", ["1000"], right=True)
    for row in leaders:
        table.add_row(
            row["country"],
            escape(row["model"]),
            escape(row["organization"] or ""),
            str(row["rank"]),
            number(row["score"]),
            percent(row["gap_pct"]),
            str(row["n_models"]),
        )
    return table


def _gap_columns(table: Table) -> None:
    table.add_column("best of each", overflow="ellipsis")
    fixed(table, "score", ["1234.56"], right=True)
    fixed(table, "gap\n[dim]verdict[/]", VERDICT_STYLE)


def _gap_cells(row: Row) -> tuple[Any, ...]:
    pct = row["gap_pct"]
    unplaced = f" ({row['unplaced']})" if row["unplaced"] else ""
    return (
        pair(row["model_a"], row["model_b"], ("", "")),
        f"{number(row['best_a'])}\n{number(row['best_b'])}",
        f"[bold]{'–' if pct is None else f'{pct:+.2f}%'}[/]\n{verdict(row['verdict'])}{unplaced}",
    )
