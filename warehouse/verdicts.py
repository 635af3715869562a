"""What the data say of a claim: reproduced, only under another definition, contradicted, or not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

import duckdb

from warehouse.claims import Claim, GapClaim, GroupsClaim, LeaderClaim
from warehouse.definitions import Definition, Nth, Unit, Who
from warehouse.gap_queries import State, scored
from warehouse.quoting import quoted
from warehouse.rows import tuples

# A board stands until its next state, so the last one before a day speaks for it, but not for long: the
# arena moved within a week more than once. A claim older than the records is answered by the first state
# after it, which says less; the tables of 2023 are up to 37 days apart.
BEFORE, AFTER = timedelta(days=7), timedelta(days=45)


Value = float | list[str]
"""What a query gives: a number in the unit of the definition, or the names of those who led."""


class Verdict(StrEnum):
    REPRODUCED = "reproduced"
    ONLY_UNDER = "reproduced only under"
    CONTRADICTED = "contradicted"
    MISSING = "data missing"


@dataclass(frozen=True)
class Answer:
    """What the data say of one claim.

    `value` is what they give under `definition`, which is the claim's own unless it holds only under
    another one; `query` gives it. `found` has every definition that gives something, the claim's own
    first, and `holding` those that agree, the most alike first. `reason` is a sentence: what is
    missing, or what the data give instead.
    """

    claim: Claim
    verdict: Verdict
    definition: Definition
    state: State | None = None
    value: Value | None = None
    found: dict[Definition, Value] = field(default_factory=dict)
    holding: Sequence[Definition] = ()
    reason: str = ""
    query: str = ""

    @property
    def nearest(self) -> list[Definition]:
        """Of the definitions that agree, those that differ least from the claim's own."""
        apart = {one: len(one.apart(self.claim.definition)) for one in self.holding}
        return [one for one in self.holding if apart[one] == min(apart.values())]

    @property
    def spread(self) -> tuple[float, float] | None:
        """The least and the most that the data give under any definition; None unless they differ."""
        numbers = [value for value in self.found.values() if isinstance(value, float)]
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        return (low, high) if low < high else None


def judge(db: duckdb.DuckDBPyConnection, claim: Claim) -> Answer:
    """Hold a claim to the published file, under its own definition and then under the others."""
    days = _days(db, claim)
    as_of = nearest(days, claim.date)
    if as_of is None:
        return Answer(claim, Verdict.MISSING, claim.definition, reason=_no_state(claim, days))
    state = State(claim.board, claim.task, as_of)
    asked = {one: _ask(db, claim.query(state, one)) for one in claim.definitions()}
    own = claim.definition
    holding = [one for one, (_, agrees) in asked.items() if agrees]
    shown = next(iter(holding), own)
    if own in holding:
        verdict, reason = Verdict.REPRODUCED, ""
    elif holding:
        verdict, reason = Verdict.ONLY_UNDER, ""
    elif lacking := _lacking(db, claim, state, known=asked[own][0] is not None):
        verdict, reason = Verdict.MISSING, lacking
    else:
        verdict, reason = Verdict.CONTRADICTED, _instead(db, claim, state)
    return Answer(
        claim,
        verdict,
        shown,
        state,
        value=asked[shown][0],
        found={one: value for one, (value, _) in asked.items() if value is not None},
        holding=holding,
        reason=reason,
        query=claim.query(state, shown),
    )


def _ask(db: duckdb.DuckDBPyConnection, query: str) -> tuple[Value | None, bool | None]:
    """The columns value and agrees; no row (a group without a model) is no value."""
    rows = db.sql(query).fetchall()
    return (rows[0][-2], rows[0][-1]) if rows else (None, None)


def nearest(days: Iterable[date], day: date) -> date | None:
    """The state that answers for a day: that day's, else the last at most 7 days before, else the first
    at most 45 days after; None if there is none."""
    days = sorted(days)
    before = [one for one in days if day - BEFORE <= one <= day]
    after = [one for one in days if day < one <= day + AFTER]
    return before[-1] if before else after[0] if after else None


def _days(db: duckdb.DuckDBPyConnection, claim: Claim) -> list[date]:
    found = tuples(
        db,
        "select as_of from metrics.gap_history where board = $board and task = $task order by as_of",
        board=claim.board,
        task=claim.task,
    )
    return [day for (day,) in found]


def _no_state(claim: Claim, days: list[date]) -> str:
    if not days:
        return f"the published file has no board {claim.board} with the task {claim.task}"
    closest = min(days, key=lambda day: abs(day - claim.date))
    return (
        f"no state of {claim.board} is known from {BEFORE.days} days before {claim.date} to "
        f"{AFTER.days} after; the closest is of {closest}"
    )


def _lacking(db: duckdb.DuckDBPyConnection, claim: Claim, state: State, known: bool) -> str:
    """What would be needed to answer the claim under its own definition; empty if nothing is."""
    if isinstance(claim, LeaderClaim) and not _ever_listed(db, claim):
        return f"{claim.board} never listed {claim.leader}; names are those of core.models"
    if known:
        return ""
    definition = claim.definition
    models, makers, noisy, scale = db.sql(
        # The state is quoted by scored.
        f"{scored(state)} select count(*), count(distinct coalesce(maker, model)), count(sd), "
        "any_value(scale) from scored"
    ).fetchall()[0]
    if definition.unit is Unit.WIN_PROBABILITY and scale != "elo":
        return f"a win probability needs an Elo board, and this one's scale is {scale}"
    if not noisy and (definition.unit is Unit.SIGMA or definition.nth is Nth.DISPLAYED_RANK):
        return "the board publishes no noise"
    if isinstance(claim, GapClaim):
        listed = models if definition.who is Who.MODEL else makers
        if listed < claim.k:
            return (
                f"it has {listed} {definition.words('who')} with a score, and no number {claim.k}"
            )
    if isinstance(claim, GroupsClaim):
        for group in claim.groups:
            if not db.sql(f"{scored(state)} from scored where {claim.belongs(group)}").fetchall():
                return f"no model on it is known to be of the {claim.between} {group}"
    return "the scores do not allow this unit: one is 0 or has no noise"


def _ever_listed(db: duckdb.DuckDBPyConnection, claim: LeaderClaim) -> bool:
    return bool(
        tuples(
            db,
            """
            select 1
            from core.entries as entries
            join core.models as models using (model)
            where entries.board = $board
                and $name in (model, entries.model_raw, entries.organization, models.organization)
            limit 1
            """,
            board=claim.board,
            name=claim.leader,
        )
    )


def _instead(db: duckdb.DuckDBPyConnection, claim: Claim, state: State) -> str:
    """Who led instead and where the one named stood; empty for a number, which speaks for itself."""
    if not isinstance(claim, LeaderClaim):
        return ""
    name = quoted(claim.leader)
    leader, score, place, listed, theirs = db.sql(
        f"""{scored(state)}
        select
            arg_min(model, position),
            arg_min(score, position),
            min(rank) filter (where {name} in (model, model_raw, maker)),
            count(*),
            arg_min(score, position) filter (where {name} in (model, model_raw, maker))
        from scored"""
    ).fetchall()[0]
    stood = f"stood at {place} of {listed} with {theirs:.6g}" if place else "was not listed"
    return f"{leader} led with {score:.6g}; {claim.leader} {stood}"
