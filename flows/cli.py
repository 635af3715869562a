"""The command line: `photofinish COMMAND`. Prefect is imported only by the commands that run a flow."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import duckdb
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from flows import show
from flows.doctor import examine
from flows.names import SOUNDS_ALIKE
from flows.names import suggest as name_proposals
from flows.progress import bars
from flows.settings import Settings
from sources import load_sources, tidy
from warehouse import reader
from warehouse.archive import ArchiveDamaged
from warehouse.database import NotADatabase
from warehouse.models import BadModel, BrokenPromise

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from flows.daily import Report

SICK, USAGE, NOTHING = 1, 2, 3
SPOKEN = (
    reader.NothingPublished,
    reader.UnknownBoard,
    NotADatabase,
    ArchiveDamaged,
    BrokenPromise,
    BadModel,
)


class Stop(Exception):
    """End the command with a sentence and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def main() -> None:
    """Entry point: errors are one plain sentence with the next step; a traceback only with --debug."""
    debug = "--debug" in sys.argv
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit("stopped; nothing is lost, the next run goes on from here")
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except Exception as error:
        if debug:
            raise
        code = error.code if isinstance(error, Stop) else _code(error)
        Console(stderr=True).print(
            f"[red]photofinish:[/] {escape(_sentence(error))}", soft_wrap=True
        )
        sys.exit(code)


def _code(error: Exception) -> int:
    return USAGE if isinstance(error, ValidationError | reader.UnknownBoard) else NOTHING


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return f"the settings are not right: {wrong}"
    if isinstance(error, (Stop, *SPOKEN)) or type(error).__module__.startswith("flows."):
        return str(error)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{where}; nothing that was archived is lost"
    if isinstance(error, duckdb.Error):
        return f"the database says: {str(error).splitlines()[0]}. Run again with --debug for more"
    return f"{type(error).__name__}: {error}. Run again with --debug to see where"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks and Prefect's own log.")
@click.version_option(package_name="photofinish")
def cli(debug: bool) -> None:
    """Keep the history of AI-model leaderboards, and see how close the race is."""
    _quiet_prefect(debug)


def _quiet_prefect(debug: bool) -> None:
    """Settings that Prefect reads when it is imported; what the user has set wins."""
    for name, value in {
        "PREFECT_LOGGING_LEVEL": "DEBUG" if debug else "CRITICAL",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING" if debug else "CRITICAL",
        "PREFECT_LOGGING_INTERNAL_LEVEL": "ERROR" if debug else "CRITICAL",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }.items():
        os.environ.setdefault(name, value)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def task_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--task", default="overall", show_default=True, help="A task of the board."
    )(command)


DAY = click.DateTime(["%Y-%m-%d"])
MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@cli.command()
@click.option("--source", "sources", multiple=True, metavar="ID", help="Only this source (repeat).")
@click.option("--as-of", type=MOMENT, help="Run as if it were this moment (UTC).")
@json_option
def run(sources: tuple[str, ...], as_of: datetime | None, as_json: bool) -> None:
    """Pull the sources, load, transform and publish: what the schedule runs every day."""
    moment = as_of.replace(tzinfo=UTC) if as_of else None
    report = _run_daily(_known(sources), moment, None)
    _print_report(report, as_json)


@cli.command()
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
        console.print(show.gaps_table(reader.latest_gaps(db)))
        told = reader.gap_story(db, "sample/arena_text", date(2023, 12, 20), date(2025, 2, 22))
    console.print(f"\n{told}")
    photofinish, python = _runnable("photofinish"), _runnable("python")
    console.print(
        f"\nThe tables are in [bold]{escape(str(settings.published))}[/]. To ask them yourself:\n"
        f"  {photofinish} gaps sample/arena_text\n"
        f'  {python} -c "import duckdb; print(duckdb.connect('
        f"'{escape(str(settings.published))}', read_only=True)"
        ".sql('from metrics.gap_history'))\"\n"
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


@cli.command()
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
@click.option("--source", "sources", multiple=True, metavar="ID", help="Only this source (repeat).")
@click.option("--since", type=DAY, help="Only versions captured on or after this day.")
@click.option("--until", type=DAY, help="Only versions captured on or before this day.")
def backfill(
    recordings: Path | None,
    git: str | None,
    sources: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Land past versions of sources with the time each was published, then publish.

    They come from a folder of recordings, or from the history of a git repository.
    """
    if (recordings is None) == (git is None):
        raise Stop("give one of --recordings DIR and --git PATH_OR_URL", USAGE)
    if git is not None and len(sources) != 1:
        raise Stop("--git holds the files of one source: name it with --source ID", USAGE)
    chosen = _known(sources) or [
        id_ for id_ in load_sources() if recordings and (recordings / id_ / "index.csv").exists()
    ]
    from flows.backfill import backfill as flow

    with bars(Console(stderr=True)):
        done = flow(
            recordings.resolve() if recordings else None,
            chosen,
            since.date() if since else None,
            until.date() if until else None,
            git,
        )
    Console().print(
        f"{done.landed} versions landed, {done.parsed} payloads read. Next: `photofinish gaps`, "
        "or `photofinish status` for what was quarantined and why."
    )
    if done.skipped:
        Console(stderr=True).print(escape(show.skipped(done.skipped)), soft_wrap=True)
        sys.exit(SICK)


@cli.command()
def rebuild() -> None:
    """Make the database anew from the archive, and publish it."""
    from flows import pipeline
    from flows.progress import announce

    settings = Settings()
    with pipeline.only_run(settings, "a rebuild"), bars(Console(stderr=True)):
        read = pipeline.rebuild(
            settings, load_sources(), lambda what, done, total: announce(what)(done, total)
        )
    Console().print(f"Rebuilt from {read} payloads. Next: `photofinish gaps`.")


@cli.command()
@json_option
def status(as_json: bool) -> None:
    """Say for each source when it last answered, what it holds and what is wrong."""
    with reader.reader(Settings().published) as db:
        found = reader.source_status(db)
    if as_json:
        return show.print_json(Console(), found.iter_rows(named=True))
    console = Console()
    console.print(show.status_table(found))
    for row in found.iter_rows(named=True):
        if told := show.problem(row):
            console.print(f"[yellow]{row['source']}[/]: {escape(told)}", soft_wrap=True)
    console.print("A refused payload changes nothing: its board keeps the last good state.")
    return None


@cli.command()
@click.argument("board", required=False)
@task_option
@json_option
@click.option("--last", default=30, show_default=True, help="Dates to show of one board.")
def gaps(board: str | None, task: str, as_json: bool, last: int) -> None:
    """Show how close the race is: on every board, or over time on one."""
    with reader.reader(Settings().published) as db:
        found = reader.gap_series(db, board, task) if board else reader.latest_gaps(db, task)
    if as_json:
        return show.print_json(Console(), found.iter_rows(named=True))
    if found.is_empty():
        raise Stop(f"no board has the task {task}; `photofinish gaps` shows overall", NOTHING)
    console = Console()
    if board:
        console.print(show.series_table(found.tail(last), board, task))
        console.print(f"Next: `photofinish board {board}` shows the table behind the last line.")
    else:
        console.print(show.gaps_table(found))
        console.print(
            "A gap is in percent of the lower-placed score. photo finish: the first two are within "
            "the noise.\nNext: `photofinish gaps BOARD` for its history."
        )
    return None


@cli.command()
@click.argument("board")
@task_option
@click.option("--as-of", type=DAY, help="The board as it stood on this day (default: the latest).")
@click.option("--top", default=25, show_default=True, help="Models to show; 0 for all.")
@json_option
def board(board: str, task: str, as_of: datetime | None, top: int, as_json: bool) -> None:
    """Show a leaderboard as it stands or stood, with the tie at the top marked."""
    with reader.reader(Settings().published) as db:
        found = reader.leaderboard(db, board, task, as_of.date() if as_of else None)
    shown = found.head(top) if top else found
    if as_json:
        return show.print_json(Console(), shown.iter_rows(named=True))
    console = Console()
    console.print(show.leaderboard_table(shown, board, task))
    if found["tied_with_leader"].sum() > 1:
        console.print("[bold yellow]Bold[/]: cannot be told from the leader (Holm, 5%).")
    if shown.height < found.height:
        console.print(f"{found.height - shown.height} more; --top 0 shows all.")
    return None


@cli.command()
@click.argument("source", required=False)
@json_option
def sources(source: str | None, as_json: bool) -> None:
    """List the sources, or show the card of one."""
    every = load_sources()
    if source:
        return show.print_card(Console(), every[_known((source,))[0]].card, as_json)
    return show.print_cards(Console(), [s.card for s in every.values()], as_json)


@cli.group()
def names() -> None:
    """Model names: which are one model."""


@names.command()
@click.option("--source", metavar="ID", help="Only names of this source.")
@click.option("--least", default=SOUNDS_ALIKE, show_default=True, help="Likeness, 0 to 100.")
@json_option
def suggest(source: str | None, least: float, as_json: bool) -> None:
    """Propose lines for sources/reference/aliases.csv; a person accepts or refuses each."""
    with reader.reader(Settings().published) as db:
        proposals = name_proposals(db, source, least)
    if as_json:
        return show.print_json(Console(), [asdict(proposal) for proposal in proposals])
    lines = csv.writer(sys.stdout, lineterminator="\n")
    for one in proposals:
        lines.writerow((one.source, one.model_raw, one.model, f"alike: {one.likeness}"))
    Console(stderr=True).print(
        f"{len(proposals)} proposals. To accept one, add its line to sources/reference/aliases.csv "
        "with the reason in the last column; the next run applies it."
    )
    return None


@cli.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is not as it should be, and how to mend it."""
    found = list(examine(Settings()))
    if as_json:
        show.print_json(Console(), [asdict(finding) for finding in found])
    for finding in found if not as_json else ():
        Console().print(f"[yellow]{finding.check}[/]: {escape(finding.found)}", soft_wrap=True)
        Console().print(f"  to mend it: {escape(finding.mend)}", soft_wrap=True)
    if found:
        sys.exit(SICK)
    if not as_json:
        Console().print("All is as it should be.")


def _known(wanted: tuple[str, ...]) -> list[str]:
    every = load_sources()
    if unknown := [id_ for id_ in wanted if id_ not in every]:
        raise Stop(f"no source {', '.join(unknown)}; there are {', '.join(every)}", USAGE)
    return list(wanted)


def _run_daily(chosen: list[str], as_of: datetime | None, folder: Path | None) -> Report:
    console = Console(stderr=True)
    with _starting(console):
        from flows.daily import daily
    with bars(console):
        state = cast("State[Any]", daily(chosen or None, as_of, folder, return_state=True))
    report = state.result(raise_on_failure=False)
    if isinstance(report, BaseException):
        raise report
    return cast("Report", report)


@contextmanager
def _starting(console: Console) -> Iterator[None]:
    with console.status("starting Prefect"):
        yield


def _print_report(report: Report, as_json: bool) -> None:
    show.print_report(Console(), report, as_json)
    sick = [source for source in report.sources if source.sick]
    if not as_json:
        Console().print("Next: `photofinish gaps`.")
    if sick:
        sys.exit(NOTHING if len(sick) == len(report.sources) else SICK)
