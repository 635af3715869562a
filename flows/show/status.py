"""How the sources fare, for the terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.show.text import counted, fixed, listed, moment, print_json, titled
from warehouse.health import LATE_AFTER, Health

STYLE = {"late": "red", "failing": "yellow", "fresh": "green"}
NAMED = 5


def print_status(console: Console, found: Sequence[Health], now: datetime, as_json: bool) -> None:
    """A line a source, then what is wrong; `now` is UTC without a zone."""
    if as_json:
        return print_json(console, map(facts, found))
    asked = [one for one in found if one.freshness != "never"]
    console.print(status_table(asked, now))
    for line in problems(asked):
        console.print(line, soft_wrap=True, highlight=False)
    if never := [one.source for one in found if one.freshness == "never"]:
        console.print(f"Never asked: {listed(never, NAMED)}.", highlight=False)
    console.print(_summary(asked), soft_wrap=True, highlight=False)
    return None


def status_table(found: Sequence[Health], now: datetime) -> Table:
    """Per source: how it stands, when it last answered and when it is asked next, what it holds."""
    table = titled("Sources")
    table.add_column("source", no_wrap=True, overflow="ellipsis")
    fixed(table, "state", ["on demand"])
    fixed(table, "last good", ["1,000 d ago"], right=True)
    fixed(table, "next", ["59 min"], right=True)
    fixed(table, "newest", ["2025-01-01"])
    fixed(table, "rows", ["10,000"], right=True)
    fixed(table, "refused", ["100"], right=True)
    for one in found:
        state = _state(one)
        table.add_row(
            one.source,
            f"[{STYLE[state]}]{state}[/]" if state in STYLE else state,
            f"{age(now - one.last_success)} ago" if one.last_success else "never",
            _next(one.next_due, now),
            str(one.as_of or "–"),
            f"{one.rows:,}",
            str(one.quarantined or "–"),
        )
    return table


def problems(found: Sequence[Health]) -> Iterator[str]:
    """What is wrong now, a line a source; what was wrong once and is over is left to --json."""
    for one in found:
        if one.failing:
            yield (
                f"[yellow]{one.source}[/]: at {moment(one.problem_at)} UTC: "
                f"{escape(one.problem or '')}"
            )
    if late := [one.source for one in found if one.freshness == "late"]:
        yield (
            f"[red]Late[/], with nothing good for {LATE_AFTER:g} times what their cards promise: "
            f"{', '.join(late)}."
        )


def facts(one: Health) -> dict[str, Any]:
    """A source as a JSON object."""
    return {**asdict(one), "well": one.well}


def age(passed: timedelta) -> str:
    """A span in its largest whole unit: 3 d, 5 h, 12 min."""
    minutes = int(passed.total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60):,} d"
    return f"{minutes // 60} h" if minutes >= 2 * 60 else f"{minutes} min"


def _state(one: Health) -> str:
    return "failing" if one.failing and one.freshness != "late" else one.freshness


def _next(due: datetime | None, now: datetime) -> str:
    if due is None:
        return "–"
    return age(due - now) if due >= now else "now"


def _summary(asked: Sequence[Health]) -> str:
    sick = sum(not one.well for one in asked)
    if not sick:
        return "All is well. A monitor sees it from the exit code, 0."
    return (
        f"{counted(sick, 'source')} late or failing; the boards keep their last good state. "
        "Next: `photofinish run` asks again."
    )
