"""How close the race is, and the leaderboards behind it."""

from __future__ import annotations

from datetime import datetime

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import (
    DAY,
    NOTHING,
    USAGE,
    Stop,
    json_option,
    task_option,
)
from flows.settings import Settings
from flows.show.boards import gaps_table, leaderboard_table, notes, series_table
from flows.show.chained import print_chained
from flows.show.definitions import print_definitions
from flows.show.frontier import print_latest, print_series
from flows.show.heatmap import print_heatmap
from flows.show.text import print_json
from warehouse import frontier, reader, tasks


@click.command()
@click.argument("board", required=False)
@task_option
@json_option
@click.option("--last", default=30, show_default=True, help="Dates to show of one board.")
@click.option("--chained", is_flag=True, help="BOARD over a fixed basket of models.")
@click.option("--definitions", is_flag=True, help="One date of BOARD under every definition.")
@click.option(
    "--frontier",
    "sides",
    is_flag=True,
    help="The best of the US against the best of China, of proprietary against open weights.",
)
@click.option("--as-of", type=DAY, help="With --definitions: the board as it stood on this day.")
def gaps(
    board: str | None,
    task: str,
    as_json: bool,
    last: int,
    chained: bool,
    definitions: bool,
    sides: bool,
    as_of: datetime | None,
) -> None:
    """Show how close the race is: on every board, or over time on one."""
    if (chained or definitions) and board is None:
        raise Stop("--chained and --definitions are of one board: name it", USAGE)
    if chained + definitions + sides > 1 or (as_of and not definitions):
        raise Stop(
            "choose --chained, --definitions or --frontier; --as-of goes with --definitions", USAGE
        )
    if sides:
        return _frontier(board, task, as_json, last)
    published = Settings().published
    if board and chained:
        return print_chained(Console(), published, board, task, last, as_json)
    if board and definitions:
        return print_definitions(Console(), published, board, task, as_of, as_json)
    with reader.reader(Settings().published) as db:
        found = reader.gap_series(db, board, task) if board else reader.latest_gaps(db, task)
    if as_json:
        return print_json(Console(), found.iter_rows(named=True))
    if found.is_empty():
        raise Stop(f"no board has the task {task}; `photofinish gaps` shows overall", NOTHING)
    console = Console()
    if board:
        shown = found.tail(last)
        console.print(series_table(shown, board, task))
        for note in notes(shown):
            console.print(f"[yellow]{escape(note)}[/]", highlight=False)
        console.print(f"Next: `photofinish board {board}` shows the table behind the last line.")
    else:
        console.print(gaps_table(found))
        console.print(
            "A gap is in percent of the lower-placed score. photo finish: the first two are within "
            "the noise.\nNext: `photofinish gaps BOARD` for its history."
        )
    return None


def _frontier(board: str | None, task: str, as_json: bool, last: int) -> None:
    with reader.reader(Settings().published) as db:
        if board is None:
            found = frontier.latest_frontier(db, task)
        else:
            found = frontier.frontier_series(db, board, task)
            leaders = frontier.country_leaders(db, board, task)
    if as_json:
        return print_json(Console(), found.iter_rows(named=True))
    if board is not None:
        if found.is_empty():
            Console().print(f"{board} has no date on which both sides have a model with a score.")
        return print_series(Console(), found, leaders, board, last)
    if found.is_empty():
        raise Stop(
            f"no board has models of both sides in the task {task}; country and licence come from "
            "the boards that state them (`photofinish sources`)",
            NOTHING,
        )
    return print_latest(Console(), found)


@click.command()
@click.argument("board")
@task_option
@click.option("--as-of", type=DAY, help="The board as it stood on this day (default: the latest).")
@click.option("--top", default=25, show_default=True, help="Models to show; 0 for all.")
@click.option("--heatmap", is_flag=True, help="Models by tasks: what the average hides.")
@json_option
def board(
    board: str, task: str, as_of: datetime | None, top: int, heatmap: bool, as_json: bool
) -> None:
    """Show a leaderboard as it stands or stood, with the tie at the top marked."""
    if heatmap:
        return _heatmap(board, as_of, top, as_json)
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


def _heatmap(board: str, as_of: datetime | None, top: int, as_json: bool) -> None:
    with reader.reader(Settings().published) as db:
        found = tasks.task_ranks(db, board, as_of.date() if as_of else None)
    if found.is_empty():
        raise Stop(
            f"{board} has no tasks besides overall; `photofinish board {board}` shows it", NOTHING
        )
    print_heatmap(Console(), found, board, top, as_json)
