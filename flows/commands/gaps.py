"""How close the race is, and the leaderboards behind it."""

from __future__ import annotations

from datetime import datetime

import click
from rich.console import Console

from flows.commands.common import (
    DAY,
    NOTHING,
    USAGE,
    Stop,
    json_option,
    task_option,
)
from flows.settings import Settings
from flows.show.boards import gaps_table, leaderboard_table, series_table
from flows.show.chained import chained_table
from flows.show.text import print_json
from warehouse import reader
from warehouse.chained import chained_gaps


@click.command()
@click.argument("board", required=False)
@task_option
@json_option
@click.option("--last", default=30, show_default=True, help="Dates to show of one board.")
@click.option("--chained", is_flag=True, help="One board over a fixed basket of models.")
def gaps(board: str | None, task: str, as_json: bool, last: int, chained: bool) -> None:
    """Show how close the race is: on every board, or over time on one."""
    if chained:
        return _chained(board, task, last, as_json)
    with reader.reader(Settings().published) as db:
        found = reader.gap_series(db, board, task) if board else reader.latest_gaps(db, task)
    if as_json:
        return print_json(Console(), found.iter_rows(named=True))
    if found.is_empty():
        raise Stop(f"no board has the task {task}; `photofinish gaps` shows overall", NOTHING)
    console = Console()
    if board:
        console.print(series_table(found.tail(last), board, task))
        console.print(f"Next: `photofinish board {board}` shows the table behind the last line.")
    else:
        console.print(gaps_table(found))
        console.print(
            "A gap is in percent of the lower-placed score. photo finish: the first two are within "
            "the noise.\nNext: `photofinish gaps BOARD` for its history."
        )
    return None


def _chained(board: str | None, task: str, last: int, as_json: bool) -> None:
    if board is None:
        raise Stop("--chained is of one board: `photofinish gaps BOARD --chained`", USAGE)
    with reader.reader(Settings().published) as db:
        series = chained_gaps(db, board, task, last)
    console = Console()
    if as_json:
        return print_json(console, series.iter_rows(named=True))
    console.print(chained_table(series, board, task))
    console.print(
        "basket: the gap among the models listed on every date shown, moves of the whole board taken "
        "back.\nWhere the two differ, the list moved, not the models. "
        f"Next: `photofinish explain {board}`."
    )
    return None


@click.command()
@click.argument("board")
@task_option
@click.option("--as-of", type=DAY, help="The board as it stood on this day (default: the latest).")
@click.option("--top", default=25, show_default=True, help="Models to show; 0 for all.")
@json_option
def board(board: str, task: str, as_of: datetime | None, top: int, as_json: bool) -> None:
    """Show a leaderboard as it stands or stood, with the tie at the top marked."""
    with reader.reader(Settings().published) as db:
        found = reader.leaderboard(db, board, task, as_of.date() if as_of else None)
    shown = found.head(top) if top else found
    if as_json:
        return print_json(Console(), shown.iter_rows(named=True))
    console = Console()
    console.print(leaderboard_table(shown, board, task))
    if found["tied_with_leader"].sum() > 1:
        console.print("[bold yellow]Bold[/]: cannot be told from the leader (Holm, 5%).")
    if shown.height < found.height:
        console.print(f"{found.height - shown.height} more; --top 0 shows all.")
    return None
