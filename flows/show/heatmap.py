"""Models by tasks, for the terminal: bright where a model is among the first."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import polars as pl
from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flows.show.text import fixed, number, print_json, titled

SHADES = (
    (10, "█", "bold bright_green"),
    (25, "▓", "green"),
    (50, "▒", "yellow"),
    (100, "░", "red"),
)
"""Up to which percentile of rank a cell has which shade: it reads without colour too."""
MISSING = "·"
PROFILES = ("generalist", "specialist", "mixed")
BESIDE = len("rank") + max(map(len, PROFILES)) + 3 * 2
"""Width of rank and profile with the padding of the table."""
LEAST_NAME, MOST_NAME = 22, 40
"""Width of the models' names: tasks take the rest of a narrow terminal."""


def print_heatmap(
    console: Console, cells: pl.DataFrame, board: str, top: int, as_json: bool
) -> None:
    """The first `top` models (0: all) by the tasks that fit, widest spread first; all tasks as JSON.

    `cells` is what warehouse.tasks.task_ranks gives.
    """
    models = cells["model"].unique(maintain_order=True)
    first = models.head(top) if top else models
    shown = cells.filter(pl.col("model").is_in(first.implode()))
    if as_json:
        return print_json(console, shown.iter_rows(named=True))
    tasks = cells.unique("task").sort("spread", "task", descending=[True, False])
    fitting = tasks.head(min(_room(console.width - LEAST_NAME), len(ascii_letters)))
    console.print(heatmap_table(shown, fitting["task"].to_list(), board, console.width))
    console.print(_legend())
    console.print(Columns([_named(row) for row in _lettered(fitting)], padding=(0, 2)))
    console.print(_notes(tasks.height - fitting.height, models.len() - first.len()))
    return None


def heatmap_table(cells: pl.DataFrame, tasks: list[str], board: str, width: int) -> Table:
    """One line a model, one cell a task in the order given, under letters; its profile at the end."""
    heads = " ".join(ascii_letters[: len(tasks)])
    room = width - BESIDE - len(heads)
    table = titled(f"{board} · where each model stands in each task · {cells['as_of'][0]}")
    fixed(table, "rank", ["100"], right=True)
    table.add_column(
        "model", no_wrap=True, overflow="ellipsis", width=min(max(room, LEAST_NAME), MOST_NAME)
    )
    fixed(table, heads, [heads])
    fixed(table, "profile", PROFILES)
    for rows in cells.partition_by("model", maintain_order=True):
        first = rows.row(0, named=True)
        placed = dict(rows.select("task", "rank_pct").iter_rows())
        scored = set(rows["task"])
        table.add_row(
            "–" if first["overall_rank"] is None else str(first["overall_rank"]),
            escape(first["model"]),
            Text(" ").join(_cell(placed.get(task), task in scored) for task in tasks),
            first["profile"] or "–",
        )
    return table


def _cell(rank_pct: float | None, scored: bool) -> Text:
    if not scored:
        return Text(MISSING, "dim")
    return next(Text(mark, style) for end, mark, style in SHADES if (rank_pct or 0) <= end)


def _room(width: int) -> int:
    """How many tasks fit beside rank and profile, each with a letter and a space."""
    return max((width - BESIDE + 1) // 2, 1)


def _legend() -> Text:
    parts = [Text.assemble((mark, style), f" best {end}%") for end, mark, style in SHADES[:-1]]
    end = Text.assemble((SHADES[-1][1], SHADES[-1][2]), f" below  {MISSING} no score")
    return Text("  ").join([*parts, end])


def _lettered(tasks: pl.DataFrame) -> list[dict[str, Any]]:
    rows = tasks.iter_rows(named=True)
    return [{**row, "letter": letter} for letter, row in zip(ascii_letters, rows, strict=False)]


def _named(row: dict[str, Any]) -> Text:
    mark = "*" if row["saturated"] else ""
    return Text.assemble(
        (row["letter"], "bold"), f" {row['task']} ", (f"{number(row['spread'])}{mark}", "cyan")
    )


def _notes(tasks_left: int, models_left: int) -> str:
    lines = [
        "Beside each task its spread, best minus worst score, the widest first. "
        "*: saturated, the ten best average within 5% of the perfect score.",
        "generalist: among the first nearly everywhere. specialist: among the first here, far down "
        "there.",
    ]
    if tasks_left:
        lines.append(
            f"{tasks_left} more tasks of narrower spread; a wider terminal or --json shows them."
        )
    if models_left:
        lines.append(f"{models_left} more models; --top 0 shows all.")
    return "\n".join(lines)
