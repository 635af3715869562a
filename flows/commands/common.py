"""What the commands share: exit codes, options, and how to stop with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

SICK, USAGE, NOTHING = 1, 2, 3

DAY = click.DateTime(["%Y-%m-%d"])
MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


class Stop(Exception):
    """End the command with a sentence and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def task_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--task", default="overall", show_default=True, help="A task of the board."
    )(command)


def known_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--known",
        "known_on",
        type=DAY,
        help="As it was known at the end of this day, UTC (default: now).",
    )(command)


def known(wanted: tuple[str, ...]) -> list[str]:
    """The ids as a list. Stops with wrong usage, naming what there is, if one is no source."""
    if not wanted:
        return []
    # Their parsers are much to import for a command that names none.
    from sources import load_sources

    every = load_sources()
    if unknown := [id_ for id_ in wanted if id_ not in every]:
        raise Stop(f"no source {', '.join(unknown)}; there are {', '.join(every)}", USAGE)
    return list(wanted)


def tell_damaged(problems: Sequence[str]) -> None:
    """Say that payloads are damaged, and what to do; nothing if there are none."""
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        told = f"{problems[0]}{more}. The rest landed; `photofinish doctor` says how to mend it."
        Console(stderr=True).print(escape(told), soft_wrap=True, highlight=False)
