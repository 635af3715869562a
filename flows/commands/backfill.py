"""The past: versions that were published before."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import (
    DAY,
    SICK,
    USAGE,
    Stop,
    known,
    tell_damaged,
)
from flows.progress import bars
from flows.settings import Settings
from flows.show.sources import skipped
from sources import load_sources
from warehouse.damage import problems


@click.command()
@click.option(
    "--recordings",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with <source>/index.csv and the recorded payloads.",
)
@click.option(
    "--git",
    metavar="PATH_OR_URL",
    help="A clone of the repository in which the one --source is published.",
)
@click.option(
    "--history",
    is_flag=True,
    help="The files in which the publisher of the one --source offers its whole past.",
)
@click.option("--source", "sources", multiple=True, metavar="ID", help="Only this source (repeat).")
@click.option("--since", type=DAY, help="Only versions captured on or after this day.")
@click.option("--until", type=DAY, help="Only versions captured on or before this day.")
def backfill(
    recordings: Path | None,
    git: str | None,
    history: bool,
    sources: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Land past versions of sources with the time each was published, then publish.

    They come from a folder of recordings, from the history of a git repository, or from the
    publisher's own files of its whole past.
    """
    if sum((recordings is not None, git is not None, history)) != 1:
        raise Stop("give one of --recordings DIR, --git PATH_OR_URL and --history", USAGE)
    if recordings is None and len(sources) != 1:
        raise Stop("--git and --history are of one source: name it with --source ID", USAGE)
    if history and not load_sources()[known(sources)[0]].card.history:
        raise Stop(f"{sources[0]} offers no file of its whole past; --git may do", USAGE)
    chosen = known(sources) or [
        id_ for id_ in load_sources() if recordings and (recordings / id_ / "index.csv").exists()
    ]
    from flows.backfill import backfill as flow
    from flows.runners import task_runner

    flow = flow.with_options(task_runner=task_runner(Settings().runner))
    with bars(Console(stderr=True)):
        done = flow(
            recordings.resolve() if recordings else None,
            chosen,
            since.date() if since else None,
            until.date() if until else None,
            git,
            history,
        )
    Console().print(
        f"{done.landed} versions landed, {done.parsed} payloads read. Next: `photofinish gaps`, "
        "or `photofinish status` for what was quarantined and why."
    )
    if done.skipped:
        Console(stderr=True).print(escape(skipped(done.skipped)), soft_wrap=True)
    damaged = problems(Settings().published)
    tell_damaged(damaged)
    if damaged or done.skipped:
        sys.exit(SICK)
