"""One rule on one board and task, taken through what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flows.alerts.message import event
from flows.alerts.model import Event, Phase, State, Status
from flows.alerts.rule import Rule
from flows.alerts.wording import Told
from warehouse.alert_observations import Observation

RECENT = timedelta(days=3)
"""What became known longer ago than this is past: nobody is woken for it."""

Z = 1.96


@dataclass(frozen=True)
class Clock:
    """The time of the evaluation, and since when crossings are told."""

    now: datetime
    live_since: datetime

    def is_past(self, known_at: datetime) -> bool:
        return known_at < self.live_since or self.now - known_at > RECENT


class Follower:
    """One rule on one board and task, taken through its observations in order of time."""

    def __init__(self, rule: Rule, clock: Clock, state: State | None) -> None:
        self.rule = rule
        self.clock = clock
        self.state = state
        self.events: list[Event] = []
        self.series: Sequence[Observation] = ()
        self.begun = state is None

    def follow(self, series: Sequence[Observation]) -> None:
        """Take the observations after the last one seen into account, each once."""
        self.series = series
        for one in series:
            if self.state is None:
                self.state = self._begin(one)
            elif one.at < self.state.seen_at:
                continue
            elif self.state.phase == "no_data":
                self._come_back(self.state, one)
            elif one.at > self.state.seen_at or one.snapshot_id != self.state.snapshot_id:
                self.state = self._judge(self.state, one)
            if self.state.phase == "pending":
                self.state = self._fire_if_due(self.state, one)

    def look_at_the_clock(self) -> None:
        """What only time brings: no data for too long, and a reminder."""
        rule, state, now = self.rule, self.state, self.clock.now
        if state is None:
            return
        last = self.series[-1] if self.series else None
        if rule.no_data_after and state.phase not in ("no_data", "ignored"):
            heard = max(state.seen_at, last.seen_until if last else state.seen_at)
            quiet = heard + rule.no_data_after
            if now > quiet:
                self.state = replace(state, phase="no_data", since=quiet, count=0, notified_at=None)
                if not self.begun and quiet >= self.clock.live_since:
                    self._tell("no_data", last, quiet, now)
                return
        told_at = state.notified_at if state.phase == "firing" else None
        if rule.repeat_every and told_at and now - told_at >= rule.repeat_every:
            self._tell("firing", last, now, now, repeated=True)

    def _begin(self, one: Observation) -> State:
        """The first value is where a board stands, not a crossing. A source that is ill is news."""
        state = self._at(one, "ok")
        if not self.rule.beyond(one.value):
            return state
        if self.rule.what.of == "source":
            return replace(state, phase="pending", count=1)
        return replace(state, phase="firing", count=1)

    def _come_back(self, state: State, one: Observation) -> None:
        """Data are seen again, be they the same. When it crossed meanwhile, if it did, is not known."""
        seen = max(one.at, one.seen_until)
        if seen > state.since:
            self.state = replace(self._begin(one), settled=state.value)
            if state.notified_at:
                self._tell("resolved", one, seen, max(one.captured_at, one.seen_until), back=True)

    def _at(self, one: Observation, phase: Phase) -> State:
        return State(
            rule=self.rule.name,
            board=one.board,
            task=one.task,
            phase=phase,
            since=one.at,
            seen_at=one.at,
            snapshot_id=one.snapshot_id,
            value=one.value,
        )

    def _judge(self, state: State, one: Observation) -> State:
        """The state after an observation: a later date, or another vintage of the date seen last."""
        again = one.at == state.seen_at
        fresh = state.phase == "pending" and state.count == 1
        before = state.settled if again and (fresh or state.phase == "ok") else state.value
        beyond = self.rule.beyond(one.value)
        seen = replace(state, seen_at=one.at, snapshot_id=one.snapshot_id, value=one.value)
        if state.phase in ("firing", "ignored") and not self._is_over(state, one):
            return replace(seen, count=state.count + (beyond and not again))
        if state.phase == "firing":
            self._recover(replace(seen, settled=before), one)
        if not beyond:
            since = state.since if state.phase == "ok" else one.at
            return replace(seen, phase="ok", since=since, count=0, settled=before, notified_at=None)
        # What crosses in one step, or in another vintage of the date on which it crossed, crosses anew.
        anew = self.rule.what.of == "step" or (again and fresh)
        if state.phase == "pending" and not anew:
            return replace(seen, count=state.count + (not again))
        phase: Phase = "ignored" if one.cause in self.rule.ignore_causes else "pending"
        return replace(seen, phase=phase, since=one.at, count=1, settled=before, notified_at=None)

    def _is_over(self, state: State, one: Observation) -> bool:
        """Whether a crossing has ended: it recovered, or it was of a step that has passed."""
        if self.rule.what.of == "step":
            return one.at > state.seen_at or not self.rule.beyond(one.value)
        return self.rule.recovered(one.value)

    def _recover(self, state: State, one: Observation) -> None:
        """Tell that it is over, unless nobody was told that it began and the rule ignores the cause."""
        unheard = state.notified_at is None and one.cause in self.rule.ignore_causes
        if self.rule.send_resolved and self.rule.what.of != "step" and not unheard:
            self.state = state
            self._tell("resolved", one, one.at, one.captured_at, because=one)

    def _fire_if_due(self, state: State, one: Observation) -> State:
        """Firing once it has been beyond for long enough, and the move is more than noise if asked."""
        wanted, at, known_at = self.rule.for_, one.at, one.captured_at
        if isinstance(wanted, int):
            long_enough = state.count >= wanted
        else:
            due = state.since + wanted
            # A board that stays as it is has no new date, but is seen again.
            long_enough = max(one.at, one.seen_until) >= due
            at, known_at = max(one.at, due), max(one.captured_at, one.seen_until)
        if not long_enough or not self._surely(state, one):
            return state
        self.state = replace(state, phase="firing", since=at)
        crossing = [past for past in self.series if past.at == state.since]
        self._tell("firing", one, at, known_at, because=crossing[0] if crossing else None)
        return self.state

    def _surely(self, state: State, one: Observation) -> bool:
        """Whether the value has moved from the settled one by more than 1.96 standard errors.

        Of the difference of two gaps that is sqrt(se1^2 + se2^2). Unknown noise is never enough.
        """
        if not self.rule.only_if_significant:
            return True
        if self.rule.what.of == "step":
            return one.z is not None and one.z >= Z
        earlier = [past for past in self.series if past.at < state.since]
        if not earlier or earlier[-1].noise is None or one.noise is None:
            return False
        if isinstance(one.value, str) or not isinstance(state.settled, int | float):
            return False
        error = (earlier[-1].noise ** 2 + one.noise**2) ** 0.5
        return bool(abs(one.value - state.settled) > Z * error)

    def _tell(
        self,
        status: Status,
        one: Observation | None,
        at: datetime,
        known_at: datetime,
        because: Observation | None = None,
        repeated: bool = False,
        back: bool = False,
    ) -> None:
        """Write an event about the state, unless it is of the past."""
        if self.state is None or self.clock.is_past(known_at):
            return
        told = Told(self.rule, self.state, status, one, at, because, repeated, back)
        self.events.append(event(told))
        self.state = replace(self.state, notified_at=self.clock.now)
