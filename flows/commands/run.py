"""The daily job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import (
    MOMENT,
    NOTHING,
    SICK,
    json_option,
    known,
    tell_damaged,
)
from flows.progress import bars
from flows.show.sources import print_report
from sources import load_sources
from warehouse.health import PERIODS

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from flows.daily import Report


@click.command()
@click.option("--source", "sources", multiple=True, metavar="ID", help="Only this source (repeat).")
@click.option("--as-of", type=MOMENT, help="Run as if it were this moment (UTC).")
@click.option(
    "--cadence", type=click.Choice(list(PERIODS)), help="Only sources whose card says so."
)
@json_option
def run(
    sources: tuple[str, ...], as_of: datetime | None, cadence: str | None, as_json: bool
) -> None:
    """Pull the sources, load, transform and publish: what the schedule runs every day."""
    moment = as_of.replace(tzinfo=UTC) if as_of else None
    if cadence and not any(s.card.cadence == cadence for s in load_sources().values()):
        Console().print(f"No card says {cadence}, so there is nothing to do.")
        return
    report = run_daily(known(sources), moment, None, cadence)
    tell_report(report, as_json)


def run_daily(
    chosen: list[str], as_of: datetime | None, folder: Path | None, cadence: str | None = None
) -> Report:
    """Run the flow on the chosen sources (none: all), at `as_of` or now, with the sample in `folder`."""
    console = Console(stderr=True)
    with _starting(console):
        from flows.daily import daily
    with bars(console):
        state = cast("State[Any]", daily(chosen or None, as_of, folder, cadence, return_state=True))
    report = state.result(raise_on_failure=False)
    if isinstance(report, BaseException):
        raise report
    return cast("Report", report)


@contextmanager
def _starting(console: Console) -> Iterator[None]:
    with console.status("starting Prefect"):
        yield


def tell_report(report: Report, as_json: bool) -> None:
    """Print what came of a run; ends the command with an exit code where not all is well."""
    print_report(Console(), report, as_json)
    sick = [source for source in report.sources if source.sick]
    if not as_json:
        Console().print("Next: `photofinish gaps`.")
    elif report.alerts.wrong:
        Console(stderr=True).print(escape(report.alerts.told), soft_wrap=True, highlight=False)
    tell_damaged(report.damaged)
    if sick:
        sys.exit(NOTHING if len(sick) == len(report.sources) else SICK)
    if report.damaged:
        sys.exit(SICK)
