"""Events and states made by hand, and a small evaluation, for the tests of what comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.alerts.model import Event, State

NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)


def at(day: int) -> datetime:
    return NOW + timedelta(days=day)


def an_event(**facts: Any) -> Event:
    plain: dict[str, Any] = {
        "rule": "close",
        "severity": "warning",
        "board": "test/board",
        "task": "overall",
        "metric": "gap_1_2_pct",
        "status": "firing",
        "observed_at": NOW,
        "value": 0.7,
        "before": 1.4,
        "threshold": 1.0,
        "text": "The gap on test/board fell below 1%.",
        "notify": ("hook",),
    }
    return Event(**plain | facts)


def a_state(**facts: Any) -> State:
    plain: dict[str, Any] = {
        "rule": "close",
        "board": "test/board",
        "task": "overall",
        "phase": "ok",
        "since": NOW,
        "seen_at": NOW,
        "snapshot_id": "s1",
        "value": 1.4,
    }
    return State(**plain | facts)


@dataclass(frozen=True)
class Seen:
    """One observation: a value on a board at a time."""

    at: datetime
    value: float


THRESHOLD, CLEARS = 1.0, 1.5
SERIES = [2.0, 1.2, 0.9, 1.3, 0.8, 1.4, 0.95, 1.2, 1.8, 1.3, 2.0]
"""Crosses below 1.0 once, flaps inside the band up to 1.5, recovers once, dips into the band again."""


def evaluate(
    rules: Sequence[Any],
    observations: Sequence[Seen],
    states: Sequence[State],
    now: datetime,
    live_since: datetime,
) -> tuple[list[State], list[Event]]:
    """The signature of flows.alerts.evaluate.evaluate, for one rule with hysteresis and no more."""
    state = states[0] if states else a_state(seen_at=datetime.min.replace(tzinfo=UTC))
    events = []
    for seen in observations:
        if seen.at <= state.seen_at:
            continue
        crossed = seen.value < THRESHOLD if state.phase == "ok" else seen.value <= CLEARS
        phase = "firing" if crossed else "ok"
        if phase != state.phase and seen.at >= live_since:
            status = "firing" if crossed else "resolved"
            events.append(an_event(status=status, observed_at=seen.at, value=seen.value))
        state = replace(state, phase=phase, seen_at=seen.at, value=seen.value)
    return [state], events
