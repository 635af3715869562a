"""The command line: `photofinish COMMAND`.

What is much to import is imported by the command that needs it: Prefect by those that run a flow, the
parsers by those that read payloads, polars by those that work on whole tables.
"""

from __future__ import annotations

import os
import sys

import click

from flows.commands import Commands
from flows.commands.common import USAGE


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
        # Who meets no error does not wait for all the modules that can raise one.
        from flows import spoken

        spoken.tell(error, debug)
        sys.exit(spoken.code(error))


@click.group(commands=Commands(), context_settings={"help_option_names": ["-h", "--help"]})
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
