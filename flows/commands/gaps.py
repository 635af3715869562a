"""How close the race is."""

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
    known_option,
    task_option,
)
from flows.settings import Settings
from flows.show.boards import as_known, gaps_table, notes, series_table
from flows.show.text import ending, print_json
from warehouse import reader
from warehouse.place import Place


@click.command()
@click.argument("board", required=False)
@task_option
@known_option
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
    known_on: datetime | None,
    as_json: bool,
    last: int,
    chained: bool,
    definitions: bool,
    sides: bool,
    as_of: datetime | None,
) -> None:
    """Show how close the race is: on every board, or over time on one."""
    one_board = {"--chained": chained, "--definitions": definitions, "--known DAY": bool(known_on)}
    if board is None and (asked := [view for view, wanted in one_board.items() if wanted]):
        raise Stop(
            f"{asked[0].split()[0]} is of one board: `photofinish gaps BOARD {asked[0]}`", USAGE
        )
    if chained + definitions + sides + bool(known_on) > 1 or (as_of and not definitions):
        raise Stop(
            "choose one of --chained, --definitions, --frontier and --known; "
            "--as-of goes with --definitions",
            USAGE,
        )
    published = Settings().published
    if sides:
        return _frontier(published, board, task, as_json, last)
    if board and chained:
        from flows.show.chained import print_chained

        return print_chained(Console(), published, board, task, last, as_json)
    if board and definitions:
        from flows.show.definitions import print_definitions

        return print_definitions(Console(), published, board, task, as_of, as_json)
    if board:
        return _series(published, board, task, known_on, last, as_json)
    return _latest(published, task, as_json)


def _latest(published: Place, task: str, as_json: bool) -> None:
    with reader.reader(published) as db:
        found = reader.latest_gaps(db, task)
    if as_json:
        return print_json(Console(), found)
    if not found:
        raise Stop(f"no board has the task {task}; `photofinish gaps` shows overall", NOTHING)
    console = Console()
    console.print(gaps_table(found))
    console.print(
        "A gap is in percent of the lower-placed score. photo finish: the first two are within "
        "the noise.\nNext: `photofinish gaps BOARD` for its history."
    )
    return None


def _series(
    published: Place, board: str, task: str, known_on: datetime | None, last: int, as_json: bool
) -> None:
    with reader.reader(published) as db:
        if known_on:
            from warehouse import known

            found = known.gap_series_known(db, board, task, known_on.date())
        else:
            found = reader.gap_series(db, board, task)
    if as_json:
        return print_json(Console(), found)
    console, shown = Console(), ending(found, last)
    console.print(series_table(shown, board, task))
    for note in notes(shown):
        console.print(f"[yellow]{escape(note)}[/]", highlight=False)
    same = board
    if known_on:
        console.print(as_known(known_on))
        same = f"{board} --known {known_on.date()}"
    console.print(
        f"Next: `photofinish board {same}` shows the table behind the last line, "
        f"`photofinish explain {board}` why the gap moved."
    )
    return None


def _frontier(published: Place, board: str | None, task: str, as_json: bool, last: int) -> None:
    from flows.show.frontier import print_latest, print_series
    from warehouse import frontier

    with reader.reader(published) as db:
        if board is None:
            found = frontier.latest_frontier(db, task)
        else:
            found = frontier.frontier_series(db, board, task)
            leaders = frontier.country_leaders(db, board, task)
    if as_json:
        return print_json(Console(), found)
    if board is not None:
        if not found:
            Console().print(f"{board} has no date on which both sides have a model with a score.")
        return print_series(Console(), found, leaders, board, last)
    if not found:
        raise Stop(
            f"no board has models of both sides in the task {task}; country and licence come from "
            "the boards that state them (`photofinish sources`)",
            NOTHING,
        )
    return print_latest(Console(), found)
