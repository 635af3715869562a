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
    known_option,
    task_option,
)
from flows.settings import Settings
from flows.show.boards import as_known, gaps_table, leaderboard_table, series_table
from flows.show.text import print_json
from flows.show.trace import bytes_command, print_trace
from warehouse import known, reader
from warehouse.archive import Archive
from warehouse.trace import trace


@click.command()
@click.argument("board", required=False)
@task_option
@known_option
@json_option
@click.option("--last", default=30, show_default=True, help="Dates to show of one board.")
def gaps(board: str | None, task: str, known_on: datetime | None, as_json: bool, last: int) -> None:
    """Show how close the race is: on every board, or over time on one."""
    if known_on and not board:
        raise Stop("--known is of one board: `photofinish gaps BOARD --known DAY`", USAGE)
    with reader.reader(Settings().published) as db:
        if board and known_on:
            found = known.gap_series_known(db, board, task, known_on.date())
        else:
            found = reader.gap_series(db, board, task) if board else reader.latest_gaps(db, task)
    if as_json:
        return print_json(Console(), found.iter_rows(named=True))
    if found.is_empty():
        raise Stop(f"no board has the task {task}; `photofinish gaps` shows overall", NOTHING)
    console = Console()
    if board:
        console.print(series_table(found.tail(last), board, task))
        same = board
        if known_on:
            console.print(as_known(known_on))
            same = f"{board} --known {known_on.date()}"
        console.print(f"Next: `photofinish board {same}` shows the table behind the last line.")
    else:
        console.print(gaps_table(found))
        console.print(
            "A gap is in percent of the lower-placed score. photo finish: the first two are within "
            "the noise.\nNext: `photofinish gaps BOARD` for its history."
        )
    return None


@click.command()
@click.argument("board")
@task_option
@click.option("--as-of", type=DAY, help="The board as it stood on this day (default: the latest).")
@known_option
@click.option("--trace", "traced", is_flag=True, help="Name the payload behind the numbers.")
@click.option("--top", default=25, show_default=True, help="Models to show; 0 for all.")
@json_option
def board(
    board: str,
    task: str,
    as_of: datetime | None,
    known_on: datetime | None,
    traced: bool,
    top: int,
    as_json: bool,
) -> None:
    """Show a leaderboard as it stands or stood, with the tie at the top marked."""
    settings = Settings()
    day = as_of.date() if as_of else None
    with reader.reader(settings.published) as db:
        if known_on:
            found = known.leaderboard_known(db, board, task, day, known_on.date())
        else:
            found = reader.leaderboard(db, board, task, day)
        told = trace(db, found["snapshot_id"][0], Archive(settings.archive)) if traced else None
    shown = found.head(top) if top else found
    if as_json:
        extra = {"trace": {**told, "show": bytes_command(told, settings.home)}} if told else {}
        return print_json(Console(), ({**row, **extra} for row in shown.iter_rows(named=True)))
    console = Console()
    console.print(leaderboard_table(shown, board, task))
    if found["tied_with_leader"].sum() > 1:
        console.print("[bold yellow]Bold[/]: cannot be told from the leader (Holm, 5%).")
    if known_on:
        console.print(as_known(known_on))
        if not found["current"][0]:
            console.print("Other values of this date were published later; its ties are not known.")
    if shown.height < found.height:
        console.print(f"{found.height - shown.height} more; --top 0 shows all.")
    if told:
        print_trace(console, told, settings.home)
    return None
