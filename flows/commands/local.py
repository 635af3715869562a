"""Your own test: add its results, read its losses, see which models are really apart."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import DAY, SICK, USAGE, Stop, json_option, task_option
from flows.progress import announce, bars
from flows.settings import Settings
from flows.show import local as show
from flows.show.text import counted, print_json
from warehouse import local_reader, reader

# The parsers are for who adds results; the others need not wait for them.
if TYPE_CHECKING:
    from sources.local import Case
    from sources.local_file import BadRow


@click.group()
def local() -> None:
    """Your own test: results of single cases, kept at home."""


@local.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="The board is local/NAME (default: the name of the file).")
@click.option("--as-of", type=DAY, help="The day the results are of (default: today).")
@click.option("--skip-bad", is_flag=True, help="Load the good rows of a file with bad ones.")
def add(file: Path, name: str | None, as_of: datetime | None, skip_bad: bool) -> None:
    """Add the results in FILE (CSV or JSON lines) to a board of your own.

    One row is what one model made of one case: model, case_id, and correct (0 or 1) or score (0 to 1);
    optional are task, refused, latency_ms, review_minutes, prompt, expected and output. Models in the
    file replace their earlier results, others stay. docs/local.md has an example.
    """
    from flows import local as adding
    from sources import load_sources
    from sources.local import NAME

    chosen = name or adding.name_of(file.stem)
    if not NAME.fullmatch(chosen):
        raise Stop(
            f"{chosen!r} cannot name a board; give --name with a-z, 0-9, hyphens and dots", USAGE
        )
    now = datetime.now(UTC)
    day = as_of.date() if as_of else None
    if day and day > now.date():
        raise Stop(f"{day} is still to come; results are of today or an earlier day", USAGE)
    cases, bad = _read(file)
    _refuse(file, cases, bad, skip_bad)
    settings = Settings()
    try:
        with bars(Console(stderr=True)):
            added = adding.add(
                settings,
                load_sources(),
                chosen,
                cases,
                day,
                now,
                lambda what, done, total: announce(what)(done, total),
            )
    except adding.CannotAdd as error:
        raise Stop(str(error), USAGE) from error
    console, board = Console(), f"local/{chosen}"
    loaded = "" if added.changed else "Nothing is new: "
    console.print(
        f"{loaded}{counted(added.cases, 'case')} of {counted(added.models, 'model')} "
        f"on {board}, {counted(added.stayed, 'other model')} from before."
    )
    with reader.reader(settings.published) as db:
        stood = local_reader.standing(db, board, day or now.date())
    console.print(escape(show.story(board, stood)), highlight=False)
    console.print(
        f"Next: `photofinish local losses {chosen}` shows the failing cases, "
        f"`photofinish local compare {chosen}` who is really apart."
    )
    if bad:
        _warn(f"{counted(len(bad), 'bad row')} skipped:\n{show.bad_rows(bad)}")
        sys.exit(SICK)


def _read(file: Path) -> tuple[list[Case], list[BadRow]]:
    from sources import SourceChanged
    from sources.local_file import read_cases

    try:
        return read_cases(file.read_bytes(), file.name)
    except SourceChanged as error:
        raise Stop(f"{file}: {error}; nothing was loaded", USAGE) from error


def _refuse(file: Path, cases: list[Case], bad: list[BadRow], skip_bad: bool) -> None:
    if bad and not (skip_bad and cases):
        whole = len(cases) + len(bad)
        advice = "" if skip_bad or not cases else ", or load the good ones with --skip-bad"
        raise Stop(
            f"{len(bad)} of {counted(whole, 'row')} in {file} cannot be used; "
            f"nothing was loaded:\n{show.bad_rows(bad)}\nMend them{advice}.",
            USAGE,
        )


def _warn(text: str) -> None:
    Console(stderr=True).print(f"[yellow]{escape(text)}[/]", soft_wrap=True, highlight=False)


@local.command()
@click.argument("name")
@click.option("--search", metavar="TEXT", help="Only cases with TEXT in id, prompt or answers.")
@click.option("--model", help="Only cases that this model failed.")
@click.option("--task", help="Only cases of this task.")
@click.option("--top", default=25, show_default=True, help="Cases to show; 0 for all.")
@json_option
def losses(
    name: str, search: str | None, model: str | None, task: str | None, top: int, as_json: bool
) -> None:
    """List the failing cases of a board of your own, those that most models fail first."""
    board = _board(name)
    with local_reader.build_reader(Settings().build) as db:
        found = local_reader.losses(db, board, search, model, task)
    if as_json:
        return print_json(Console(), found)
    console = Console()
    if not found:
        console.print(f"No failing case of {board} is like that.")
        return None
    shown = found[:top] if top else found
    console.print(show.losses_table(shown, board))
    if len(shown) < len(found):
        console.print(f"{len(found) - len(shown)} more; --top 0 shows all, --search chooses.")
    console.print("Next: --json gives them whole, with the expected answers.")
    return None


@local.command()
@click.argument("name")
@task_option
@json_option
def compare(name: str, task: str, as_json: bool) -> None:
    """Say which neighbours of a board of your own are really apart, and where public boards differ."""
    board = _board(name)
    with reader.reader(Settings().published) as db:
        local_reader.check_local(db, board)
        reader.check_board(db, board, task)
        tests = local_reader.paired(db, board, task)
        against = local_reader.against_public(db, board)
    if as_json:
        return print_json(Console(), [{"paired_tests": tests, "local_vs_public": against}])
    console = Console()
    if not tests:
        console.print(f"{board} has no two neighbours with a case in common: add another model.")
    else:
        console.print(show.tests_table(tests, board, task))
        console.print(
            "apart: on the cases on which they differ, one does better more often than chance "
            "(McNemar's exact test, Holm, 5%)."
        )
    if not against:
        console.print("No public board has three models in common with it.")
    else:
        console.print(show.public_table(against))
    console.print(f"Next: `photofinish local losses {name}` shows the cases behind it.")
    return None


def _board(name: str) -> str:
    return f"local/{name.removeprefix('local/')}"
