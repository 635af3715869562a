"""What the parsers refused: see it, and have it read again."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from flows.commands.common import NOTHING, SICK, Stop, json_option, known
from flows.progress import announce, bars
from flows.settings import Settings
from flows.show.text import print_json
from warehouse import reader

source_option = click.option(
    "--source", "sources", multiple=True, metavar="ID", help="Only this source (repeat)."
)


@click.group()
def quarantine() -> None:
    """Payloads that broke their source's contract: kept, and not used."""


@quarantine.command(name="list")
@source_option
@json_option
def list_(sources: tuple[str, ...], as_json: bool) -> None:
    """Show what is in quarantine, why, since when, and where the bytes are."""
    from flows.show.quarantine import facts, print_quarantine
    from warehouse.quarantine import quarantine as listed

    settings = Settings()
    with reader.reader(settings.published) as db:
        found = listed(db, known(sources))
    if as_json:
        return print_json(Console(), facts(found, settings.archive))
    return print_quarantine(Console(), found, settings)


@quarantine.command()
@source_option
@json_option
def retry(sources: tuple[str, ...], as_json: bool) -> None:
    """Read what is in quarantine again with the parsers of today, and publish what lands."""
    from flows import pipeline
    from flows.quarantine import retry as again
    from flows.show.quarantine import print_retried, retried_facts
    from sources import load_sources

    settings, chosen = Settings(), known(sources)
    if not settings.build.exists():
        raise Stop("nothing was read yet, so nothing is in quarantine: `photofinish run`", NOTHING)
    with pipeline.only_run(settings, "a retry"), bars(Console(stderr=True)):
        done = again(
            settings,
            load_sources(),
            chosen,
            lambda what, ready, total: announce(what)(ready, total),
        )
    if as_json:
        print_json(Console(), retried_facts(done, settings.archive))
    else:
        print_retried(Console(), done)
    if done.refused:
        sys.exit(SICK)
