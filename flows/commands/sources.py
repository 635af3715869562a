"""The sources: what is watched, and how each fares."""

from __future__ import annotations

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import (
    json_option,
    known,
)
from flows.settings import Settings
from flows.show.sources import print_card, print_cards, problem, status_table
from flows.show.text import print_json
from sources import load_sources
from warehouse import reader


@click.command()
@click.argument("source", required=False)
@json_option
def sources(source: str | None, as_json: bool) -> None:
    """List the sources, or show the card of one."""
    every = load_sources()
    if source:
        return print_card(Console(), every[known((source,))[0]].card, as_json)
    return print_cards(Console(), [s.card for s in every.values()], as_json)


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Say for each source when it last answered, what it holds and what is wrong."""
    with reader.reader(Settings().published) as db:
        found = reader.source_status(db)
    if as_json:
        return print_json(Console(), found.iter_rows(named=True))
    console = Console()
    console.print(status_table(found))
    for row in found.iter_rows(named=True):
        if told := problem(row):
            console.print(f"[yellow]{row['source']}[/]: {escape(told)}", soft_wrap=True)
    console.print("A refused payload changes nothing: its board keeps the last good state.")
    return None
