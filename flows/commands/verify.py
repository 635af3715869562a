"""Whether the published tables are what the archive gives."""

from __future__ import annotations

import click
from rich.console import Console

from flows.commands.common import SICK, Stop
from flows.progress import announce, bars
from flows.settings import Settings
from sources import load_sources


@click.command()
def verify() -> None:
    """Rebuild beside the database and compare every published table; changes nothing."""
    from flows import pipeline
    from flows.verify import Differs, verified

    settings = Settings()
    with pipeline.only_run(settings, "a verification"), bars(Console(stderr=True)):
        try:
            tables = verified(
                settings, load_sources(), lambda what, done, total: announce(what)(done, total)
            )
        except Differs as error:
            raise Stop(str(error), SICK) from error
    Console().print(f"All {tables} published tables are what the archive gives.")
