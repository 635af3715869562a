"""The sources: what is watched, and what is not as it should be."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import (
    SICK,
    json_option,
    known,
)
from flows.doctor import examine
from flows.settings import Settings
from flows.show.sources import print_card, print_cards
from flows.show.text import print_json
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


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is not as it should be, and how to mend it."""
    found = list(examine(Settings()))
    if as_json:
        print_json(Console(), [asdict(finding) for finding in found])
    for finding in found if not as_json else ():
        Console().print(f"[yellow]{finding.check}[/]: {escape(finding.found)}", soft_wrap=True)
        Console().print(f"  to mend it: {escape(finding.mend)}", soft_wrap=True)
    if found:
        sys.exit(SICK)
    if not as_json:
        Console().print("All is as it should be.")
