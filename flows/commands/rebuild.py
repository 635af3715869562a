"""The database, made anew from the archive."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from flows.commands.common import SICK, tell_damaged
from flows.progress import bars
from flows.settings import Settings
from sources import load_sources
from warehouse.damage import problems


@click.command()
@click.option(
    "--without-damaged",
    is_flag=True,
    help="Go on even if payloads that were read before are damaged now.",
)
def rebuild(without_damaged: bool) -> None:
    """Make the database anew from the archive, and publish it."""
    from flows import pipeline
    from flows.progress import announce

    settings = Settings()
    with (
        pipeline.only_run(settings, "the rebuild"),
        pipeline.only_transform(settings, "the rebuild"),
        bars(Console(stderr=True)),
    ):
        read = pipeline.rebuild(
            settings,
            load_sources(),
            lambda what, done, total: announce(what)(done, total),
            without_damaged,
        )
    Console().print(f"Rebuilt from {read} payloads. Next: `photofinish gaps`.")
    damaged = problems(settings.published)
    tell_damaged(damaged)
    if damaged:
        sys.exit(SICK)
