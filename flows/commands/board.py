"""A leaderboard as it stands or stood."""

from __future__ import annotations

from datetime import date, datetime

import click
from rich.console import Console

from flows.commands.common import DAY, NOTHING, USAGE, Stop, json_option, known_option, task_option
from flows.settings import Settings
from flows.show.boards import as_known, leaderboard_table
from flows.show.text import print_json
from flows.show.trace import bytes_command, print_trace
from warehouse import known, reader
from warehouse.archive import Archive
from warehouse.trace import trace


@click.command()
@click.argument("board")
@task_option
@click.option("--as-of", type=DAY, help="The board as it stood on this day (default: the latest).")
@known_option
@click.option("--trace", "traced", is_flag=True, help="Name the payload behind the numbers.")
@click.option("--top", default=25, show_default=True, help="Models to show; 0 for all.")
@click.option("--heatmap", is_flag=True, help="Models by tasks: what the average hides.")
@json_option
def board(
    board: str,
    task: str,
    as_of: datetime | None,
    known_on: datetime | None,
    traced: bool,
    top: int,
    heatmap: bool,
    as_json: bool,
) -> None:
    """Show a leaderboard as it stands or stood, with the tie at the top marked."""
    settings = Settings()
    day = as_of.date() if as_of else None
    if heatmap:
        if known_on or traced:
            raise Stop("--heatmap goes with neither --known nor --trace", USAGE)
        return _heatmap(board, day, top, as_json)
    with reader.reader(settings.published) as db:
        if known_on:
            found = known.leaderboard_known(db, board, task, day, known_on.date())
        else:
            found = reader.leaderboard(db, board, task, day)
        told = trace(db, found[0]["snapshot_id"], Archive(settings.archive)) if traced else None
    shown = found[:top] if top else found
    if as_json:
        extra = {"trace": {**told, "show": bytes_command(told, settings.home)}} if told else {}
        return print_json(Console(), ({**row, **extra} for row in shown))
    console = Console()
    console.print(leaderboard_table(shown, board, task))
    if sum(bool(row["tied_with_leader"]) for row in found) > 1:
        console.print("[bold yellow]Bold[/]: cannot be told from the leader (Holm, 5%).")
    if known_on:
        console.print(as_known(known_on))
        if not found[0]["current"]:
            console.print("Other values of this date were published later; its ties are not known.")
    if len(shown) < len(found):
        console.print(f"{len(found) - len(shown)} more; --top 0 shows all.")
    if told:
        print_trace(console, told, settings.home)
    return None


def _heatmap(board: str, day: date | None, top: int, as_json: bool) -> None:
    from flows.show.heatmap import print_heatmap
    from warehouse import tasks

    with reader.reader(Settings().published) as db:
        found = tasks.task_ranks(db, board, day)
    if not found:
        raise Stop(
            f"{board} has no tasks besides overall; `photofinish board {board}` shows it", NOTHING
        )
    print_heatmap(Console(), found, board, top, as_json)
