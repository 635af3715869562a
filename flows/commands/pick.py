"""What to buy, given how close the race is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import DAY, NOTHING, Stop, json_option, task_option
from flows.settings import Settings
from flows.show.shortlist import notes, nothing_left, reason, shortlist_table
from flows.show.text import print_json
from warehouse import reader
from warehouse.offers import Wanted
from warehouse.shortlist import shortlist


@click.command()
@click.argument("board")
@task_option
@click.option("--as-of", type=DAY, help="Board and prices of this day (default: the latest).")
@click.option(
    "--max-price",
    type=click.FloatRange(min=0, min_open=True),
    metavar="USD",
    help="At most this for a million tokens, three read for one written.",
)
@click.option(
    "--min-context", type=click.IntRange(min=1), metavar="TOKENS", help="Reads this many at once."
)
@click.option("--open", "open_weights", is_flag=True, help="Only models whose weights can be had.")
@click.option("--tools", is_flag=True, help="Only where it is stated that the model calls tools.")
@json_option
def pick(
    board: str,
    task: str,
    as_of: datetime | None,
    max_price: float | None,
    min_context: int | None,
    open_weights: bool,
    tools: bool,
    as_json: bool,
) -> None:
    """Name the cheapest model that cannot be told from the leader, and the best at each price.

    The options filter offers: a model is sold by several providers on different terms. What is
    not stated of an offer does not meet an option.
    """
    wanted = Wanted(
        max_price=max_price, min_context=min_context, open_weights=open_weights, tools=tools
    )
    with reader.reader(Settings().published) as db:
        found = shortlist(db, board, task, as_of.date() if as_of else None, wanted)
    if not found.n_meeting:
        raise Stop(nothing_left(found), NOTHING)
    console = Console()
    if as_json:
        lines = [{**asdict(one), "reason": reason(one, found, wanted)} for one in found.choices]
        return print_json(console, [{**asdict(found), "choices": lines}])
    console.print(shortlist_table(found, wanted))
    console.print()
    for note in notes(found, wanted):
        console.print(f"• {escape(note)}", highlight=False)
    return None
