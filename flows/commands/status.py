"""How the sources fare: for a person, and for a monitor."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
from rich.console import Console

from flows.commands.common import SICK, json_option
from flows.settings import Settings
from flows.show.status import print_status
from flows.watched import watched
from warehouse import reader
from warehouse.health import health


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Say for each source whether it is fresh, late or frozen, and what is wrong.

    Ends with 0 if all is well, with 1 if a source is late or its last look failed.
    """
    settings, now = Settings(), datetime.now(UTC)
    with reader.reader(settings.published) as db:
        found = health(db, watched(settings, now), now.replace(tzinfo=None))
    print_status(Console(), found, now.replace(tzinfo=None), as_json)
    if not all(one.well for one in found):
        sys.exit(SICK)
