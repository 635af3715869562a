"""The command line: `photofinish COMMAND`. Prefect is imported only by the commands that run a flow."""

from __future__ import annotations

import os
import sys
import traceback

import click
import duckdb
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from flows import trouble
from flows.commands import load_commands
from flows.commands.common import NOTHING, USAGE, Stop
from flows.redact import redacted
from warehouse import reader
from warehouse.archive import ArchiveDamaged, NewerJournal
from warehouse.lake import LakeUnreachable, ScaleMissing
from warehouse.layout import NewerHome, NotADatabase, OlderHome
from warehouse.models import BadModel, BrokenPromise

SPOKEN = (
    reader.NothingPublished,
    reader.UnknownBoard,
    NotADatabase,
    NewerHome,
    OlderHome,
    NewerJournal,
    LakeUnreachable,
    ScaleMissing,
    ArchiveDamaged,
    BrokenPromise,
    BadModel,
)


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
    # The last place where it can be put in words, and where secrets are taken out of them.
    except Exception as error:  # noqa: BLE001
        if debug:
            sys.stderr.write(redacted(traceback.format_exc()))
        else:
            told = escape(redacted(_sentence(error)))
            Console(stderr=True).print(f"[red]photofinish:[/] {told}", soft_wrap=True)
        sys.exit(error.code if isinstance(error, Stop) else _code(error))


def _code(error: Exception) -> int:
    return USAGE if isinstance(error, ValidationError | reader.UnknownBoard) else NOTHING


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return f"the settings are not right: {wrong}"
    if isinstance(error, (Stop, *SPOKEN)) or type(error).__module__.startswith("flows."):
        return str(error)
    if isinstance(error, OSError | duckdb.Error):
        return trouble.sentence(error)
    return f"{type(error).__name__}: {error}. Run again with --debug to see where"


@click.group(
    commands=list(load_commands()), context_settings={"help_option_names": ["-h", "--help"]}
)
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
