"""Model names: which are one model."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict

import click
from rich.console import Console

from flows.commands.common import (
    json_option,
)
from flows.names import SOUNDS_ALIKE
from flows.names import suggest as name_proposals
from flows.settings import Settings
from flows.show.text import print_json
from warehouse import reader


@click.group()
def names() -> None:
    """Model names: which are one model."""


@names.command()
@click.option("--source", metavar="ID", help="Only names of this source.")
@click.option("--least", default=SOUNDS_ALIKE, show_default=True, help="Likeness, 0 to 100.")
@json_option
def suggest(source: str | None, least: float, as_json: bool) -> None:
    """Propose lines for sources/reference/aliases.csv; a person accepts or refuses each."""
    with reader.reader(Settings().published) as db:
        proposals = name_proposals(db, source, least)
    if as_json:
        return print_json(Console(), [asdict(proposal) for proposal in proposals])
    lines = csv.writer(sys.stdout, lineterminator="\n")
    for one in proposals:
        lines.writerow((one.source, one.model_raw, one.model, f"alike: {one.likeness}"))
    Console(stderr=True).print(
        f"{len(proposals)} proposals. To accept one, add its line to sources/reference/aliases.csv "
        "with the reason in the last column; the next run applies it."
    )
    return None
