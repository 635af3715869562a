"""Why a gap moved."""

from __future__ import annotations

from datetime import datetime

import click
from rich.console import Console
from rich.markup import escape

from flows.commands.common import DAY, USAGE, Stop, json_option, task_option
from flows.settings import Settings
from flows.show.explain import mattered, sentence, steps_table
from flows.show.text import print_json
from warehouse import reader
from warehouse.explain import explain as explain_gap


@click.command()
@click.argument("board")
@task_option
@click.option(
    "--k",
    type=click.Choice(["2", "3", "5", "10"]),
    default="10",
    show_default=True,
    help="The gap from the first to this place.",
)
@click.option("--from", "since", type=DAY, help="Default: before the last change of the gap.")
@click.option("--to", "until", type=DAY, help="Default: the latest snapshot.")
@json_option
def explain(
    board: str, task: str, k: str, since: datetime | None, until: datetime | None, as_json: bool
) -> None:
    """Say why the gap moved: models that left or came, their scores, or the scale."""
    if since and until and since >= until:
        raise Stop("--from must be before --to", USAGE)
    with reader.reader(Settings().published) as db:
        told = explain_gap(
            db,
            board,
            task,
            int(k),
            since.date() if since else None,
            until.date() if until else None,
        )
    console = Console()
    if as_json:
        return print_json(console, told.steps)
    console.print(escape(sentence(told)), highlight=False)
    if len(told.steps) > 1:
        console.print()
        console.print(steps_table(told))
    else:
        for line in mattered(told):
            console.print(f"  {escape(line)}", highlight=False)
    console.print(
        f"Next: `photofinish explain {board} --from DAY --to DAY` for another span, "
        f"`photofinish board {board} --as-of {told.as_of}` for the list.",
        style="dim",
        highlight=False,
    )
    return None
