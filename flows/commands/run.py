"""The daily job: on the public sources, and on the bundled sample."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
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
from flows.settings import Settings
from flows.show.boards import gaps_table
from flows.show.sources import print_report
from sources import load_sources, tidy
from warehouse import reader
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
    report = _run_daily(known(sources), moment, None, cadence)
    _print_report(report, as_json)


@click.command()
@json_option
def demo(as_json: bool) -> None:
    """Run the daily job on the bundled sample, and say what it found."""
    report = _run_daily([tidy.CARD.id], None, tidy.SAMPLE)
    settings = Settings()
    if as_json:
        _print_report(report, as_json)
        return
    console = Console()
    with reader.reader(settings.published) as db:
        console.print(gaps_table(reader.latest_gaps(db)))
        told = reader.gap_story(db, "sample/arena_text", date(2023, 12, 20), date(2025, 2, 22))
    console.print(f"\n{told}")
    index = settings.site / "index.html"
    if index.exists():
        console.print(f"\nThe page: open {index.resolve().as_uri()} in a browser.", soft_wrap=True)
    photofinish, python = _runnable("photofinish"), _runnable("python")
    by_hand = (
        f'  {python} -c "import duckdb; print(duckdb.connect('
        f"'{escape(str(settings.published))}', read_only=True)"
        ".sql('from metrics.gap_history'))\"\n"
    )
    console.print(
        f"\nThe tables are in [bold]{escape(str(settings.published))}[/]. To ask them yourself:\n"
        f"  {photofinish} gaps sample/arena_text\n"
        f"{'' if settings.lake else by_hand}"
        f"Next: `{photofinish} run` pulls the public sources, `{photofinish} sources` lists them.",
        soft_wrap=True,
        highlight=False,
    )


def _runnable(program: str) -> str:
    """How to call a program of this environment from where the user stands."""
    beside = Path(sys.executable).with_name(program)
    found = shutil.which(program)
    if found and Path(found).resolve() == beside.resolve():
        return program
    return os.path.relpath(beside) if beside.is_relative_to(Path.cwd()) else str(beside)


def _run_daily(
    chosen: list[str], as_of: datetime | None, folder: Path | None, cadence: str | None = None
) -> Report:
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


def _print_report(report: Report, as_json: bool) -> None:
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
