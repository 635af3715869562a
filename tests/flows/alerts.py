"""Events and states made by hand, and a series that crosses, for the tests of what comes after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.alerts.deliver import Delivered, deliver
from flows.alerts.evaluate import evaluate
from flows.alerts.model import Event, State
from flows.alerts.store import Store
from tests.flows.alerting import rule, seen
from warehouse.alert_observations import Observation

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


SERIES = [2.0, 1.2, 0.9, 1.3, 0.8, 1.4, 0.95, 1.2, 1.8, 1.3, 2.0]
"""Crosses below 1.0 once, flaps inside the band up to 1.5, recovers once, dips into the band again."""

RULE = rule(board="test/board", threshold=1.0, recover=1.5, ignore_causes=[], notify=["hook"])


def observed(day: int, value: float) -> Observation:
    moment = {"at": at(day), "captured_at": at(day), "seen_until": at(day)}
    return seen(0, value, snapshot_id=f"s{day}", **moment)


def one_run(store: Store, day: int, environ: Mapping[str, str]) -> Delivered:
    """What a run does on a day of SERIES: evaluate, save, deliver."""
    seen = [observed(past, SERIES[past]) for past in range(day + 1)]
    states, events = evaluate(
        [RULE], {RULE.name: seen}, store.load_states(), at(day), store.live_since(at(day))
    )
    store.save(states, events, at(day))
    return deliver(store, at(day), f"run-{day}", environ=environ, first_pause=0)
