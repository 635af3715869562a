"""Schedules on one machine, without a server to look after."""

from __future__ import annotations

import signal
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Event

import click
from filelock import FileLock, Timeout
from rich.console import Console

from flows.commands.common import NOTHING, USAGE, Stop
from flows.settings import ROOT, Settings
from sources import load_sources


@click.command()
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "prefect.yaml",
    help="The schedules (default: the prefect.yaml of the project).",
)
@click.option("--now", "at_once", is_flag=True, help="Run each once at the start, too.")
def serve(file: Path, at_once: bool) -> None:
    """Keep the schedules of prefect.yaml until stopped (Ctrl-C or SIGTERM)."""
    from flows.schedule import BadSchedule, Planned, planned
    from flows.serve import Ran, keep, run_photofinish
    from flows.show.serve import next_line, plan_line, ran_line

    console, stop = Console(highlight=False), Event()
    try:
        every = planned(file)
    except BadSchedule as error:
        raise Stop(str(error), USAGE) from error
    cadences = {source.card.cadence for source in load_sources().values()}
    plans = [plan for plan in every if _has_work(plan.arguments, cadences)]
    if not plans:
        raise Stop(f"{file} has no active schedule with something to do", NOTHING)

    def say(plan: Planned, due: datetime, ran: Ran | None) -> None:
        if ran:
            console.print(ran_line(ran, datetime.now(UTC)), soft_wrap=True)
        console.print(next_line(plan, due, datetime.now(UTC)), soft_wrap=True)

    with _only_one(Settings()), _stopping(stop):
        for plan in every:
            console.print(plan_line(plan, plan in plans), soft_wrap=True)
        keep(plans, lambda plan: run_photofinish(plan.arguments, stop), stop, say, at_once=at_once)
    console.print("Stopped. What was begun, the next run completes.")


def _has_work(arguments: Sequence[str], cadences: Container[str]) -> bool:
    """Whether a command is for some source: that of a cadence which no card states is for none."""
    asked = [value for name, value in pairwise(arguments) if name == "--cadence"]
    return not asked or any(cadence in cadences for cadence in asked)


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Two on one home would ask every publisher twice."""
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "serve.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise Stop(f"another serve keeps the schedules of {settings.home}", NOTHING) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stopping(stop: Event) -> Iterator[None]:
    """Inside, Ctrl-C, SIGTERM and a closed terminal set `stop` instead of ending the process."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
