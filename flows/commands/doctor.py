"""The doctor: is all well, and if not, what to do."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import SICK, json_option
from flows.doctor import examine
from flows.progress import announce, bars
from flows.settings import Settings
from flows.show.text import print_json


@click.command()
@click.option("--quick", is_flag=True, help="Do not read every payload of the archive again.")
@json_option
def doctor(quick: bool, as_json: bool) -> None:
    """Say what is not as it should be, and how to mend it.

    Looks at versions, disk, permissions, clock, archive, databases, messages that did not go out, and
    what killed runs left. Changes nothing. Exit code 1 if there is anything to mend.
    """
    with bars(Console(stderr=True)):
        found = list(examine(Settings(), quick, progress=announce("hashing payloads")))
    if as_json:
        print_json(Console(), [asdict(finding) for finding in found])
    for finding in found if not as_json else ():
        Console().print(f"[yellow]{finding.check}[/]: {escape(finding.found)}", soft_wrap=True)
        Console().print(f"  to mend it: {escape(finding.mend)}", soft_wrap=True)
    if found:
        sys.exit(SICK)
    if not as_json:
        Console().print("All is as it should be.")
