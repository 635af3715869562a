"""What a person is told of an error that ends a command: a sentence with the next step, and an exit code."""

from __future__ import annotations

import sys
import traceback

import duckdb
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from flows import trouble
from flows.commands.common import NOTHING, USAGE, Stop
from flows.redact import redacted
from warehouse import reader
from warehouse.archive import ArchiveDamaged, NewerJournal
from warehouse.headers import BadModel
from warehouse.lake import LakeUnreachable, ScaleMissing
from warehouse.layout import NewerHome, NotADatabase, OlderHome
from warehouse.promises import BrokenPromise

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


def tell(error: Exception, debug: bool) -> None:
    """Say on stderr what went wrong, without secrets: a sentence, or for who debugs the traceback."""
    if debug:
        sys.stderr.write(redacted("".join(traceback.format_exception(error))))
    else:
        told = escape(redacted(_sentence(error)))
        Console(stderr=True).print(f"[red]photofinish:[/] {told}", soft_wrap=True)


def code(error: Exception) -> int:
    """The exit code of an error."""
    if isinstance(error, Stop):
        return error.code
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
