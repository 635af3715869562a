"""From the published tables to states and events: the rules, what they look at, and what they make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from flows.alerts.evaluate import evaluate, replay
from flows.alerts.model import Event, State
from flows.alerts.rule import Rule
from flows.show.text import listed
from warehouse.alert_observations import NotThere, Observation, observations, without_noise

SHOWN = 4


@dataclass(frozen=True)
class Found:
    """What came of an evaluation. `problems`: for each rule that could not be judged, why."""

    states: Sequence[State]
    events: Sequence[Event]
    problems: Mapping[str, str]


def watch(
    db: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    states: Iterable[State],
    now: datetime,
    live_since: datetime,
) -> Found:
    """Judge every rule on the tables as they are; `now` is the time of the run."""
    seen, problems = observe(db, rules, now)
    judged = [rule for rule in rules if rule.name in seen]
    return Found(*evaluate(judged, seen, states, now, live_since), problems)


def replayed(
    db: duckdb.DuckDBPyConnection, rules: Sequence[Rule], now: datetime
) -> tuple[list[Event], dict[str, str]]:
    """Every event of the recorded history, in order; and why a rule could not be judged.

    How long ago a source answered is known only now, so staleness has no history.
    """
    timed = [rule for rule in rules if rule.metric != "staleness_hours"]
    seen, problems = observe(db, timed, now)
    return replay([rule for rule in timed if rule.name in seen], seen), problems


def observe(
    db: duckdb.DuckDBPyConnection, rules: Iterable[Rule], now: datetime
) -> tuple[dict[str, list[Observation]], dict[str, str]]:
    """What each rule looks at, by its name; and why it cannot, where it cannot."""
    seen, problems = {}, {}
    for rule in rules:
        try:
            seen[rule.name] = observations(db, rule.what, rule.board, rule.task, now)
        except NotThere as error:
            problems[rule.name] = str(error)
    return seen, problems


def doubts(db: duckdb.DuckDBPyConnection, rule: Rule, now: datetime) -> Iterator[str]:
    """Reasons why a rule that is written right may still never tell anybody anything."""
    if not rule.notify:
        yield "notify names no channel: what it finds is recorded, and nobody is told"
    try:
        if not observations(db, rule.what, rule.board, rule.task, now):
            yield f"nothing matches board {', '.join(rule.board)}, task {', '.join(rule.task)}"
        elif rule.only_if_significant:
            unknown = without_noise(db, rule.what, rule.board, rule.task)
            if unknown:
                yield (
                    "only_if_significant never tells where no noise is published: "
                    f"{listed(unknown, SHOWN)}"
                )
    except NotThere as error:
        yield str(error)
