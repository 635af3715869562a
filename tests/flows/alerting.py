"""What the tests of alerts share: rules and observations in a line each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.alerts.evaluate import evaluate
from flows.alerts.model import Event, State
from flows.alerts.rule import Rule
from warehouse.alert_observations import Observation

START = datetime(2025, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def rule(**fields: Any) -> Rule:
    """A rule that fires while the first two are less than half a percent apart."""
    given = {"name": "close", "metric": "gap_1_2_pct", "op": "<", "threshold": 0.5} | fields
    return Rule.model_validate(given)


def seen(number: float, value: Any, **fields: Any) -> Observation:
    """The value of test/board on a day, captured on that day."""
    one = Observation(
        board="test/board",
        task="overall",
        at=day(number),
        snapshot_id=f"state of {number}",
        captured_at=day(number),
        seen_until=day(number),
        value=value,
    )
    return replace(one, **fields)


def run(
    chosen: Rule, series: list[Observation], states: list[State] | None = None, **clock: datetime
) -> tuple[list[State], list[Event]]:
    """Evaluate once, on the day of the last observation, alerts being on since before the first."""
    now = clock.get("now", max((one.captured_at for one in series), default=START))
    live_since = clock.get("live_since", day(-100))
    return evaluate([chosen], {chosen.name: series}, states or [], now, live_since)


def daily(
    chosen: Rule, series: list[Observation], states: list[State] | None = None
) -> tuple[list[State], list[Event]]:
    """Evaluate after each observation, with all that is known by then."""
    events: list[Event] = []
    states = states or []
    for number in range(1, len(series) + 1):
        states, found = run(chosen, series[:number], states)
        events += found
    return states, events


def told(events: list[Event]) -> list[tuple[int, str]]:
    """Day and status of each event."""
    return [((event.observed_at - START).days, event.status) for event in events]
