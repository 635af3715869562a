"""What "the gap" can mean: one small vocabulary, and the same gap under every word of it.

A published gap rests on three choices that are seldom stated. Which model is the k-th: by order, or by
the rank the arena displays? In what is the distance told? Do models compete, or organisations?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product

import duckdb
import polars as pl
from pydantic import BaseModel, ConfigDict

from warehouse.models import quoted
from warehouse.reader import UnknownBoard, check_board


class Nth(StrEnum):
    """Which is the k-th: the one in position k, or the middle one of those displayed at rank k."""

    POSITION = "position"
    DISPLAYED_RANK = "displayed_rank"


class Unit(StrEnum):
    """In what the distance is told. Lower is the k-th (worse) score, upper the first (better) one."""

    PCT_OF_LOWER = "pct_of_lower"
    PCT_OF_UPPER = "pct_of_upper"
    POINTS = "points"
    SIGMA = "sigma"
    WIN_PROBABILITY = "win_probability"

    @property
    def alike(self) -> tuple[Unit, ...]:
        """The units whose numbers can be told apart only by the definition: the two percentages."""
        return PERCENTAGES if self in PERCENTAGES else (self,)


class Who(StrEnum):
    """Who competes: every model, or every organisation with its best model."""

    MODEL = "model"
    ORGANIZATION = "organization"


PERCENTAGES = (Unit.PCT_OF_LOWER, Unit.PCT_OF_UPPER)

WORDS = {
    Nth.POSITION: "order",
    Nth.DISPLAYED_RANK: "displayed rank",
    Unit.PCT_OF_LOWER: "percent of the lower score",
    Unit.PCT_OF_UPPER: "percent of the upper score",
    Unit.POINTS: "points",
    Unit.SIGMA: "standard errors",
    Unit.WIN_PROBABILITY: "win probability",
    Who.MODEL: "models",
    Who.ORGANIZATION: "organisations",
}


class Definition(BaseModel):
    """One choice of each. The default is that of metrics.gaps.gap_pct."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nth: Nth = Nth.POSITION
    unit: Unit = Unit.PCT_OF_LOWER
    who: Who = Who.MODEL

    def words(self, *parts: str) -> str:
        """The choices (default: all three) as a person says them."""
        return ", ".join(WORDS[getattr(self, part)] for part in parts or ("nth", "unit", "who"))

    def apart(self, other: Definition) -> list[str]:
        """The parts (nth, unit, who) in which the other chooses differently."""
        return [name for name in type(self).model_fields if getattr(self, name) != getattr(other, name)]

    def others(self) -> Iterator[Definition]:
        """Every other definition that gives a number of the same kind, the most alike first."""
        every = [Definition(nth=n, unit=u, who=w) for n, u, w in product(Nth, self.unit.alike, Who)]
        yield from sorted((d for d in every if d != self), key=lambda d: len(d.apart(self)))


@dataclass(frozen=True)
class State:
    """One snapshot of a board and task: what a query is about."""

    board: str
    task: str
    as_of: date


def scored(state: State) -> str:
    """The CTE `scored`, with which every query begins: the models of the state that have a score.

    What the board does not say of a model (who made it, where, whether its weights are open) is taken
    from core.models, where another board has said it.
    """
    return f"""with scored as (
    select
        entries.*,
        coalesce(entries.organization, models.organization) as maker,
        coalesce(entries.country, models.country) as home,
        coalesce(entries.open_weights, models.open_weights) as is_open,
        boards.scale,
        if(boards.higher_is_better, 1, -1) as direction
    from core.entries as entries
    join core.boards as boards on boards.board = entries.board
    left join core.models as models on models.model = entries.model
    where entries.current and entries.position is not null
        and entries.board = {quoted(state.board)}
        and entries.task = {quoted(state.task)}
        and entries.as_of = date '{state.as_of}'
)"""


# The rank of an organisation is worked out as core.entries does that of a model (rank_ub): 1 + the
# others whose interval is wholly better. Of an even number of models that share a rank the middle one
# is the worse of the two in the middle, so that of two the leader is not the second.
_GAPS = """,

best as (
    select
        *,
        direction * score - if(ci_low is null or ci_high is null, 1.96 * sd,
            if(direction = 1, score - ci_low, ci_high - score)) as bad_end,
        direction * score + if(ci_low is null or ci_high is null, 1.96 * sd,
            if(direction = 1, ci_high - score, score - ci_low)) as good_end
    from scored
    qualify row_number() over (
        partition by maker, if(maker is null, model, null) order by position
    ) = 1
),

ranked as (
    select 'model' as who, model, score, sd, scale, position, rank_ub as shown
    from scored
    union all
    select
        'organization',
        model,
        score,
        sd,
        scale,
        row_number() over (order by position),
        if(sd is null, null, 1 + (
            select count(*)
            from best as other
            where other.sd is not null and other.bad_end > best.good_end
        ))
    from best
),

wanted as (
    select who, unnest({ks}) as k, count(*) as listed
    from ranked
    group by who
),

displayed as (
    select who, k, max(shown) as shown
    from ranked
    join wanted using (who)
    where shown <= k and k <= listed
    group by who, k
),

shared as (
    select
        displayed.k,
        ranked.*,
        row_number() over (partition by who, k order by position) as number,
        count(*) over (partition by who, k) as sharing
    from displayed
    join ranked using (who, shown)
),

kth as (
    select 'position' as nth, position as k, who, model, score, sd
    from ranked
    union all
    select 'displayed_rank', k, who, model, score, sd
    from shared
    where number = sharing // 2 + 1 and position > 1
),

pairs as (
    select
        wanted.k,
        ways.nth,
        wanted.who,
        first.model as top_model,
        kth.model as kth_model,
        first.score as top_score,
        kth.score as kth_score,
        first.scale,
        abs(first.score - kth.score) as points,
        sqrt(first.sd ^ 2 + kth.sd ^ 2) as noise
    from wanted
    cross join (values ('position'), ('displayed_rank')) as ways(nth)
    join ranked as first on first.who = wanted.who and first.position = 1
    left join kth
        on kth.k = wanted.k and kth.nth = ways.nth and kth.who = wanted.who
),

gaps as (
    select
        k,
        nth,
        who,
        top_model,
        kth_model,
        top_score,
        kth_score,
        100 * points / nullif(abs(kth_score), 0) as pct_of_lower,
        100 * points / nullif(abs(top_score), 0) as pct_of_upper,
        points,
        points / nullif(noise, 0) as sigma,
        if(scale = 'elo', 1 / (1 + 10 ^ (-points / 400)), null) as win_probability
    from pairs
)"""


def gaps_query(state: State, ks: Sequence[int]) -> str:
    """A query that gives the CTE `gaps`, up to its last select: one row per k, nth and who.

    Columns: k, nth, who, top_model, kth_model, top_score, kth_score and one for each Unit (percent,
    the board's unit, standard errors, share of wins). They are null where the definition gives
    nothing: fewer than k, no noise, a score of zero, not an Elo board.
    """
    return scored(state) + _GAPS.format(ks=[int(k) for k in ks])


def gaps_by_definition(
    db: duckdb.DuckDBPyConnection, state: State, ks: Sequence[int]
) -> pl.DataFrame:
    """The gap from first to k-th under every definition, with the columns of gaps_query."""
    return db.sql(
        f"{gaps_query(state, ks)}\nselect *\nfrom gaps\norder by k, nth desc, who"
    ).pl()


def state_on(
    db: duckdb.DuckDBPyConnection, board: str, task: str, day: date | None
) -> tuple[State, bool]:
    """The state of a board on a day (default: the latest), and whether higher scores are better.

    Raises UnknownBoard if there is no such board or task, or nothing that early.
    """
    check_board(db, board, task)
    as_of, higher = db.execute(
        """
        select max(history.as_of), any_value(boards.higher_is_better)
        from metrics.gap_history as history
        join core.boards as boards using (board)
        where history.board = $board and history.task = $task
            and history.as_of <= coalesce($day, history.as_of)
        """,
        {"board": board, "task": task, "day": day},
    ).fetchall()[0]
    if as_of is None:
        raise UnknownBoard(f"nothing is known of {board} as early as {day}")
    return State(board, task, as_of), higher
