"""The same gap under every definition, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.show.text import number, percent, print_json, titled
from warehouse import reader
from warehouse.definitions import (
    PERCENTAGES,
    WORDS,
    Nth,
    Unit,
    Who,
    gaps_by_definition,
    spread,
    state_on,
)
from warehouse.gap_queries import State
from warehouse.place import Place
from warehouse.rows import Row

KS = (2, 10)
ORDINALS = {2: "second", 10: "tenth"}
HEADINGS = {
    Unit.PCT_OF_LOWER: "of lower\nscore",
    Unit.PCT_OF_UPPER: "of upper\nscore",
    Unit.POINTS: "points\n",
    Unit.SIGMA: "standard\nerrors",
    Unit.WIN_PROBABILITY: "win prob-\nability",
}


def print_definitions(
    console: Console,
    published: Place,
    board: str,
    task: str,
    day: datetime | None,
    as_json: bool,
) -> None:
    """The gaps of a board on a day (default: the latest state) from first to second and to tenth."""
    with reader.reader(published) as db:
        state, higher_is_better = state_on(db, board, task, day.date() if day else None)
        gaps = gaps_by_definition(db, state, KS)
    if as_json:
        facts = {"board": state.board, "task": state.task, "as_of": state.as_of}
        return print_json(console, ({**facts, **row} for row in gaps))
    console.print(definitions_table(gaps, state))
    if not higher_is_better:
        console.print(
            "Lower is better here: the lower score means the k-th (worse), the upper the first."
        )
    console.print(spread_sentence(gaps))
    return None


def definitions_table(gaps: Sequence[Row], state: State) -> Table:
    """Two lines for each k, way to find the k-th and kind of contender; one column per unit."""
    table = titled(f"{state.board} · {state.task} · as of {state.as_of}")
    table.add_column("from first to\n[dim]k-th of[/]", overflow="ellipsis")
    for unit in Unit:
        table.add_column(HEADINGS[unit], justify="right", no_wrap=True)
    for row in gaps:
        kth = f"{ORDINALS[row['k']]} by {WORDS[Nth(row['nth'])]}"
        model = f"{WORDS[Who(row['who'])]}: {row['kth_model'] or '–'}"
        table.add_row(
            Text.assemble(kth, "\n", (model, "dim"), no_wrap=True, overflow="ellipsis"),
            *(amount(unit, row[unit]) for unit in Unit),
        )
    return table


def amount(unit: Unit, value: float | None) -> str:
    """A gap with the decimals that its unit needs, or a dash."""
    if unit in PERCENTAGES:
        return percent(value)
    if unit is Unit.WIN_PROBABILITY and value is not None:
        return f"{value:.3f}"
    return number(value)


def spread_sentence(gaps: Sequence[Row]) -> str:
    """How far the percentages of each k lie apart."""
    said = ", ".join(f"to {ORDINALS[k]}: {_range(between)}" for k, between in spread(gaps).items())
    return f"Gap from first {said}, depending on the definition."


def _range(between: tuple[float, float] | None) -> str:
    if between is None:
        return "not known"
    low, high = map(percent, between)
    return low if low == high else f"{low} to {high}"
