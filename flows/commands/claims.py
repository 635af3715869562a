"""Published sentences, held to the recorded data."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from flows.commands.common import USAGE, Stop, json_option
from flows.settings import ROOT, Settings
from flows.show.claims import answer_facts, print_answers
from flows.show.text import print_json
from warehouse import reader
from warehouse.claims import BrokenClaims, Refused, read_claims
from warehouse.verdicts import judge

CLAIMS = ROOT / "claims.toml"


@click.command()
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=CLAIMS,
    help="A file of claims (default: the claims.toml of the project).",
)
@click.option("--queries", is_flag=True, help="Show the query behind each answer.")
@json_option
def claims(file: Path, queries: bool, as_json: bool) -> None:
    """Say of published sentences whether the data reproduce or contradict them."""
    try:
        written = read_claims(file)
    except BrokenClaims as error:
        raise Stop(f"{error}; docs/claims.md shows how to write one", USAGE) from error
    with reader.reader(Settings().published) as db:
        answers = [one if isinstance(one, Refused) else judge(db, one) for one in written]
    console = Console()
    if as_json:
        print_json(console, (answer_facts(*numbered) for numbered in enumerate(answers, start=1)))
    else:
        print_answers(console, answers, queries)
        console.print("Next: --queries shows the query behind each answer; paste it into DuckDB.")
    if refused := [str(one.number) for one in answers if isinstance(one, Refused)]:
        raise Stop(
            f"of {file} claim {', '.join(refused)} is not written right; docs/claims.md shows how",
            USAGE,
        )
