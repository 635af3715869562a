"""The daily job on the bundled sample."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import json_option
from flows.commands.run import run_daily, tell_report
from flows.settings import Settings
from flows.show.boards import gaps_table
from sources import tidy
from warehouse import reader


@click.command()
@json_option
def demo(as_json: bool) -> None:
    """Run the daily job on the bundled sample, and say what it found."""
    report = run_daily([tidy.CARD.id], None, tidy.SAMPLE)
    settings = Settings()
    if as_json:
        tell_report(report, as_json)
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
