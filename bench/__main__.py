"""Measure photofinish beside its peers and print one table: `python -m bench`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from filelock import FileLock, Timeout

from bench import table
from bench.machine import machine
from bench.runner import Results, measured, save, saved

FLOORS = ("read", "unzip", "orjson", "insert")
PEERS = ("pandas", "plain-sql", "dlt-arrow", "dlt")
OURS = ("day", "unchanged", "queries", "file", "gaps", "ranks")
EVERYTHING = (*FLOORS, "rebuild", *PEERS, *OURS)

PLANS: dict[str, list[tuple[str, str]]] = {
    "T": [(name, "T") for name in EVERYTHING],
    "S": [(name, "S") for name in EVERYTHING],
    "M": [*((name, "M") for name in EVERYTHING), ("day", "S"), ("day", "M90")],
    "L": [("rebuild", "L"), ("queries", "L"), ("file", "L"), ("gaps", "L")],
}
"""Per size what is measured, on which archive: a day on S and on the end of M is what one on M is held to."""


@click.command()
@click.option(
    "--size",
    type=click.Choice(list(PLANS)),
    default="M",
    show_default=True,
    help="The archive to measure on; T is tiny, to see that all of it works.",
)
@click.option("--repeat", default=5, show_default=True, help="Runs of each; the median counts.")
@click.option(
    "--patience",
    default=300.0,
    show_default=True,
    help="Seconds after which a measurement is not repeated again.",
)
@click.option("--only", multiple=True, type=click.Choice(EVERYTHING), help="Measure just this.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).parent / "data",
    help="Where archives and results are kept (default: bench/data).",
)
@click.option("--saved", "only_saved", is_flag=True, help="Print the last results again.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown for the documents.")
def main(
    size: str,
    repeat: int,
    patience: float,
    only: tuple[str, ...],
    data: Path,
    only_saved: bool,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Measure photofinish and its peers side by side. Archives are made once and kept."""
    file = data / "results.json"
    results = saved(file)
    if not only_saved:
        plan = [(name, on) for name, on in PLANS[size] if not only or name in only]
        data.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(data / "lock", timeout=0):
                _measure(plan, data, repeat, patience, results)
        except Timeout as error:
            raise click.ClickException(f"another measurement is at work in {data}") from error
    results = {key: found for key, found in results.items() if "T" not in key or size == "T"}
    if as_json:
        print(json.dumps([asdict(result) for result in results.values()]))
    else:
        _print(results, table.markdown if as_markdown else table.plain)
    sys.exit(any(result.error for result in results.values()))


def _measure(
    plan: list[tuple[str, str]], data: Path, repeat: int, patience: float, results: Results
) -> None:
    """Measure the plan in its order, keeping each result as it comes, in place of the one before."""
    shutil.rmtree(data / "work", ignore_errors=True)  # what a measurement that was killed left
    for size in dict.fromkeys(size for _, size in plan):
        for step in ("generate", "prepare"):
            made = measured(step, size, data, 1, patience)
            if made.error:
                raise click.ClickException(f"{step} {size}: {made.error}")
    for name, size in plan:
        results.pop((name, size), None)
        click.echo(f"{datetime.now(UTC):%H:%M:%S} {name} {size}", err=True)
        results[name, size] = measured(name, size, data, repeat, patience)
        save(results, data / "results.json")


def _print(results: Results, written: Callable[[Sequence[table.Row]], str]) -> None:
    print(
        f"{machine()}\n\n{written(table.measurements(results))}\n\n{written(table.targets(results))}"
    )


if __name__ == "__main__":
    main()
