"""Which rules crossed their threshold, and which recovered: a pure function of what was observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from flows.alerts.follow import Clock, Follower
from flows.alerts.model import Event, State
from flows.alerts.rule import Rule
from warehouse.alert_observations import Observation

ALWAYS = datetime.min.replace(tzinfo=UTC)


def evaluate(
    rules: Iterable[Rule],
    observations: Mapping[str, Sequence[Observation]],
    states: Iterable[State],
    now: datetime,
    live_since: datetime,
) -> tuple[list[State], list[Event]]:
    """Where every rule stands now, and an event for each crossing and recovery since `states`.

    `observations` holds, by the name of the rule, all that is known, what `states` have seen already
    too: the noise of the value before a crossing is looked up there. What became known before
    `live_since`, or longer ago than RECENT, moves the states silently. States that no rule is about are
    returned as they are. The times are aware.
    """
    clock = Clock(now, live_since)
    held = {(state.rule, state.board, state.task): state for state in states}
    events: list[Event] = []
    for rule in rules:
        series = _series(observations.get(rule.name, ()))
        known = {key[1:]: None for key in held if key[0] == rule.name}
        for board, task in sorted({**series, **known}):
            one = Follower(rule, clock, held.get((rule.name, board, task)))
            one.follow(series.get((board, task), ()))
            one.look_at_the_clock()
            if one.state:
                held[rule.name, board, task] = one.state
            events += one.events
    return list(held.values()), _in_order(events)


def replay(rules: Iterable[Rule], observations: Mapping[str, Sequence[Observation]]) -> list[Event]:
    """Every event of the history, in order, as if each observation had been evaluated when it came.

    What depends on when the runs were (no data, repeats) is left out.
    """
    events: list[Event] = []
    for rule in rules:
        for series in _series(observations.get(rule.name, ())).values():
            one = Follower(rule, Clock(ALWAYS, ALWAYS), None)
            one.follow(series)
            events += one.events
    return _in_order(events)


def _series(
    observations: Iterable[Observation],
) -> dict[tuple[str, str], list[Observation]]:
    def key(one: Observation) -> tuple[str, str]:
        return one.board, one.task

    ordered = sorted(observations, key=lambda one: (*key(one), one.at, one.captured_at))
    return {name: list(series) for name, series in groupby(ordered, key)}


def _in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda one: (one.observed_at, one.rule, one.board, one.task))
