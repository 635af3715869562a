"""Alerting in a run: evaluate and save before publication, send and announce after it.

Nothing here stops a run: what goes wrong is said in the report, and the data are published.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from flows.alerts import announce
from flows.alerts.deliver import deliver
from flows.alerts.model import Event, State
from flows.alerts.store import Store, StoreUnusable
from flows.settings import Settings


@dataclass(frozen=True)
class Alerted:
    """What alerting came to in a run."""

    on: bool = False
    events: Sequence[Event] = ()
    sent: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why messages did not go out, by channel."""
    problems: Sequence[str] = ()

    @property
    def wrong(self) -> bool:
        """Whether something did not work."""
        return bool(self.failed or self.problems)

    @property
    def told(self) -> str:
        """The report's line about it; empty where alerting is off and nothing is wrong."""
        if not self.on and not self.problems:
            return ""
        said = [f"alerts: {len(self.events)} new, {self.sent} sent"]
        said += [f"channel {channel}: {reason}, waiting" for channel, reason in self.failed.items()]
        return "; ".join([*said, *self.problems])


def evaluate_and_save(settings: Settings, now: datetime, quiet: bool = False) -> Alerted:
    """Hold the made tables to the rules; keep the states, and events with the messages to send.

    `quiet` (a backfill) moves the states and sends nothing. Reads the build database: the tables must
    be made, and nobody else may have it open.
    """
    rules = settings.rules
    if rules is None:
        return Alerted()
    if not rules.exists():
        given = "alerts" in settings.model_fields_set
        missing = f"no alerts: there is no file {rules}, which PHOTOFINISH_ALERTS names"
        return Alerted(problems=[missing] if given else ())

    def evaluate() -> Alerted:
        store = Store(settings.alerts_store)
        states, events, problems = evaluated(
            settings, store.load_states(), now, store.live_since(now)
        )
        known = {event.id for event in store.events()}
        store.save(states, events, now, quiet)
        new = [event for event in events if event.id not in known]
        return Alerted(True, [] if quiet else new, problems=problems)

    return _safely(evaluate, Alerted(True), "the rules were not evaluated")


def deliver_and_announce(
    settings: Settings, run_id: str, now: datetime, alerted: Alerted
) -> Alerted:
    """Send what waits in the outbox, and tell Prefect of the events. Returns the completed report.

    Also what earlier runs left, and where this one evaluated nothing because its rules are broken.
    """
    store = Store(settings.alerts_store)
    if settings.rules is None or not store.path.exists():
        return alerted

    def send() -> Alerted:
        done = deliver(store, now, run_id)
        return replace(alerted, sent=done.sent, failed=done.failed)

    def tell() -> Alerted:
        announce.announce(store)
        return alerted

    alerted = _safely(send, alerted, "messages were not sent")
    return _safely(tell, alerted, "Prefect was not told of the events")


def _safely(step: Callable[[], Alerted], before: Alerted, what: str) -> Alerted:
    try:
        return step()
    except StoreUnusable as error:
        problem = f"{what}: {error}"
    # A mistake in alerting must not cost the day's data. Its text is not shown: it may quote an address.
    except Exception as error:  # noqa: BLE001
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
        problem = f"{what} ({where}); the next run tries again"
    return replace(before, problems=[*before.problems, problem])


def evaluated(
    settings: Settings, states: Sequence[State], now: datetime, live_since: datetime
) -> tuple[Sequence[State], Sequence[Event], Sequence[str]]:
    """The states and events after the rules were held to the tables, and what is wrong with the rules."""
    from flows.alerts.rules import BrokenRules, read_rules
    from flows.alerts.watch import watch
    from warehouse.database import connect

    try:
        written = read_rules(Path(settings.alerts))
    except BrokenRules as error:
        return states, (), [str(error)]
    with closing(connect(settings.build)) as db:
        found = watch(db, written.rules, states, now, live_since)
    problems = [f"rule {r.name!r}, line {r.line}, is not used: {r.reason}" for r in written.refused]
    problems += [f"rule {name!r} is not used: {why}" for name, why in found.problems.items()]
    return found.states, found.events, problems
