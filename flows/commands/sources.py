"""The sources: what is watched, and how each fares."""

from __future__ import annotations

import click
from rich.console import Console

from flows.commands.common import (
    json_option,
    known,
)
from flows.show.sources import print_card, print_cards
from sources import load_sources


@click.command()
@click.argument("source", required=False)
@json_option
def sources(source: str | None, as_json: bool) -> None:
    """List the sources, or show the card of one."""
    every = load_sources()
    if source:
        return print_card(Console(), every[known((source,))[0]].card, as_json)
    return print_cards(Console(), [s.card for s in every.values()], as_json)
