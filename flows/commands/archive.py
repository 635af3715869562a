"""The archive: whether it is whole, and a copy of it elsewhere."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import NOTHING, SICK, USAGE, Stop, json_option
from flows.progress import announce, bars
from flows.settings import Settings
from flows.show.text import counted, print_json
from warehouse.archive import Archive

SHOWN = 20


@click.group()
def archive() -> None:
    """The archive: verify that it is whole, and keep a copy elsewhere."""


@archive.command()
@json_option
def verify(as_json: bool) -> None:
    """Read and hash every payload again, and name those that are lost or damaged."""
    kept = _archive()
    seen = 0

    def progress(done: int, total: int) -> None:
        nonlocal seen
        seen = total
        announce("verifying payloads")(done, total)

    with bars(Console(stderr=True)):
        damaged = list(kept.verify(progress))
    if as_json:
        told = ({"path": str(d.path), "sha256": d.sha256, "problem": d.problem} for d in damaged)
        print_json(Console(), told)
    else:
        _print(sorted(one.problem for one in damaged))
        whole = seen - len(damaged)
        Console().print(f"{whole} of {counted(seen, 'payload')} are whole.", highlight=False)
    if damaged:
        sys.exit(SICK)


@archive.command()
@click.argument("dest")
@click.option("--check", is_flag=True, help="Also read and hash what was copied before.")
@json_option
def copy(dest: str, check: bool, as_json: bool) -> None:
    """Bring a copy of the archive at DEST up to date.

    DEST is a folder or an fsspec URL: file:///backup/photofinish, s3://bucket/photofinish. What is there
    already is not copied again, what is copied is read back, and a cut-off copy goes on where it stopped.
    """
    from warehouse.backup import CopyRefused, Place, copy_archive

    kept = _archive()
    try:
        with bars(Console(stderr=True)):
            done = copy_archive(kept, Place(dest), check, announce("copying payloads"))
    except CopyRefused as error:
        raise Stop(str(error), USAGE) from error
    if as_json:
        print_json(Console(), [asdict(done)])
    else:
        _print([f"mended there: {name}" for name in done.mended])
        _print(done.problems)
        Console().print(
            f"{counted(done.payloads, 'payload')} and {counted(done.journals, 'journal file')} copied "
            f"({done.bytes / 1e6:.1f} MB), {done.present} were there already.",
            soft_wrap=True,
            highlight=False,
        )
    if done.problems:
        sys.exit(SICK)


def _archive() -> Archive:
    settings = Settings()
    if not settings.archive.is_dir():
        raise Stop(f"{settings.archive} is not there yet: `photofinish run` makes it", NOTHING)
    return Archive(settings.archive)


def _print(sentences: list[str]) -> None:
    console = Console()
    for sentence in sentences[:SHOWN]:
        console.print(escape(sentence), soft_wrap=True, highlight=False)
    if len(sentences) > SHOWN:
        console.print(f"and {len(sentences) - SHOWN} more; --json has all")
