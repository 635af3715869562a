"""Models by tasks, for the terminal: bright where a model is among the first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from string import ascii_letters

from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flows.show.text import fixed, number, print_json, titled
from warehouse.rows import Row

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
    console: Console, cells: Sequence[Row], board: str, top: int, as_json: bool
) -> None:
    """The first `top` models (0: all) by the tasks that fit, widest spread first; all tasks as JSON.

    `cells` is what warehouse.tasks.task_ranks gives.
    """
    models = list(dict.fromkeys(cell["model"] for cell in cells))
    first = dict.fromkeys(models[:top] if top else models)
    shown = [cell for cell in cells if cell["model"] in first]
    if as_json:
        return print_json(console, shown)
    each = {cell["task"]: cell for cell in cells}.values()
    tasks = sorted(each, key=lambda cell: (-cell["spread"], cell["task"]))
    fitting = tasks[: min(_room(console.width - LEAST_NAME), len(ascii_letters))]
    console.print(heatmap_table(shown, [one["task"] for one in fitting], board, console.width))
    console.print(_legend())
    lettered = zip(ascii_letters, fitting, strict=False)
    console.print(Columns([_named(letter, task) for letter, task in lettered], padding=(0, 2)))
    console.print(_notes(len(tasks) - len(fitting), len(models) - len(first)))
    return None


def heatmap_table(cells: Sequence[Row], tasks: list[str], board: str, width: int) -> Table:
    """One line a model, one cell a task in the order given, under letters; its profile at the end."""
    heads = " ".join(ascii_letters[: len(tasks)])
    room = width - BESIDE - len(heads)
    table = titled(f"{board} · where each model stands in each task · {cells[0]['as_of']}")
    fixed(table, "rank", ["100"], right=True)
    table.add_column(
        "model", no_wrap=True, overflow="ellipsis", width=min(max(room, LEAST_NAME), MOST_NAME)
    )
    fixed(table, heads, [heads])
    fixed(table, "profile", PROFILES)
    for model, rows in groupby(cells, key=itemgetter("model")):
        placed = {cell["task"]: cell for cell in rows}
        first = next(iter(placed.values()))
        table.add_row(
            "–" if first["overall_rank"] is None else str(first["overall_rank"]),
            escape(model),
            Text(" ").join(_cell(placed.get(task)) for task in tasks),
            first["profile"] or "–",
        )
    return table


def _cell(cell: Row | None) -> Text:
    if cell is None:
        return Text(MISSING, "dim")
    rank_pct = cell["rank_pct"] or 0
    return next(Text(mark, style) for end, mark, style in SHADES if rank_pct <= end)


def _room(width: int) -> int:
    """How many tasks fit beside rank and profile, each with a letter and a space."""
    return max((width - BESIDE + 1) // 2, 1)


def _legend() -> Text:
    parts = [Text.assemble((mark, style), f" best {end}%") for end, mark, style in SHADES[:-1]]
    end = Text.assemble((SHADES[-1][1], SHADES[-1][2]), f" below  {MISSING} no score")
    return Text("  ").join([*parts, end])


def _named(letter: str, task: Row) -> Text:
    mark = "*" if task["saturated"] else ""
    return Text.assemble(
        (letter, "bold"), f" {task['task']} ", (f"{number(task['spread'])}{mark}", "cyan")
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
