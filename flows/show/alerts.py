"""Alerts for the terminal and for machines: what would be sent, where every rule stands, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from flows.alerts.model import Event, State
from flows.alerts.rule import Rule
from flows.alerts.wording import shown
from flows.show.text import fixed, moment, titled

STATUS_STYLE = {"firing": "bold yellow", "resolved": "green", "no_data": "dim"}
PHASE_STYLE = {"firing": "bold yellow", "pending": "yellow", "ignored": "dim", "no_data": "dim"}


def print_events(console: Console, events: Sequence[Event]) -> None:
    """What would be sent, in order: day, status and severity, then the message."""
    for event in events:
        style = STATUS_STYLE[event.status]
        console.print(
            f"[bold]{event.observed_at:%Y-%m-%d}[/] [{style}]{event.status}[/] {event.severity}",
            highlight=False,
        )
        console.print(Padding.indent(escape(event.text), 2), highlight=False)


def event_facts(event: Event) -> dict[str, Any]:
    """One event for machines."""
    return {"id": event.id, **asdict(event)}


def state_facts(state: State, rule: Rule, silenced: datetime | None) -> dict[str, Any]:
    """Where one rule stands, for machines."""
    return {
        **asdict(state),
        "metric": rule.what.name,
        "op": rule.op,
        "threshold": rule.threshold,
        "silenced_until": silenced,
    }


def states_table(
    states: Sequence[State], rules: Mapping[str, Rule], silences: Mapping[str, datetime]
) -> Table:
    """One line a rule and board: where it stands, since when, and until when it is silenced."""
    table = titled("Alerts")
    table.add_column("rule\n[dim]board[/]", overflow="fold")
    fixed(table, "state", ["no_data"])
    fixed(table, "value\n[dim]threshold[/]", ["== photo finish"], right=True)
    fixed(table, "since", ["2025-01-01"])
    fixed(table, "silenced until", ["2025-01-01 00:00"])
    for state in states:
        rule = rules[state.rule]
        place = state.board if state.task == "overall" else f"{state.board} {state.task}"
        style = PHASE_STYLE.get(state.phase, "green")
        until = silences.get(state.rule)
        table.add_row(
            f"{escape(state.rule)}\n[dim]{escape(place)}[/]",
            f"[{style}]{state.phase}[/]",
            f"{escape(shown(rule.what, state.value))}\n"
            f"[dim]{rule.op} {escape(shown(rule.what, rule.threshold))}[/]",
            f"{state.since:%Y-%m-%d}",
            moment(until) if until else "–",
        )
    return table
