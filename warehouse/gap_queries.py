"""The queries behind gaps and claims: each can be pasted into DuckDB on the published file.

They are built from the same first CTE and carry their values in them instead of parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from warehouse.quoting import quoted


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
        if(scale = 'elo', 1 / (1 + 10 ^ (-points / 400)), null)
            as win_probability
    from pairs
)"""

_GROUPS = """,

best as (
    select *, {one} as is_first
    from scored
    where {one} or {other}
    qualify row_number() over (partition by {one} order by position) = 1
),

pairs as (
    select
        one.model as one_model,
        other.model as other_model,
        one.scale,
        one.direction * (one.score - other.score) as points,
        if(one.position < other.position, one.score, other.score) as upper,
        if(one.position < other.position, other.score, one.score) as lower,
        sqrt(one.sd ^ 2 + other.sd ^ 2) as noise
    from best as one
    join best as other on one.is_first and not other.is_first
),

gaps as (
    select
        one_model,
        other_model,
        points,
        100 * points / nullif(abs(lower), 0) as pct_of_lower,
        100 * points / nullif(abs(upper), 0) as pct_of_upper,
        points / nullif(noise, 0) as sigma,
        if(scale = 'elo', 1 / (1 + 10 ^ (-points / 400)), null)
            as win_probability
    from pairs
)"""


def gaps_query(state: State, ks: Sequence[int]) -> str:
    """A query that gives the CTE `gaps`, up to its last select: one row per k, nth and who.

    Columns: k, nth, who, top_model, kth_model, top_score, kth_score and one for each Unit (percent,
    the board's unit, standard errors, share of wins). They are null where the definition gives
    nothing: fewer than k, no noise, a score of zero, not an Elo board.
    """
    return scored(state) + _GAPS.format(ks=[int(k) for k in ks])


def groups_query(state: State, one: str, other: str) -> str:
    """The same for two groups, given as conditions on `scored`: the CTE `gaps` with one row.

    Columns: one_model, other_model (the best of each group) and one for each Unit, negative (a win
    probability below a half) where the first group is behind. No row if a group has no model. Lower is
    the worse of the two scores, upper the better.
    """
    return scored(state) + _GROUPS.format(one=one, other=other)


def leaders_query(state: State, name: str, rank: str, claimed: str) -> str:
    """The CTE `leaders`: the names (an expression on `scored`) whose `rank` is 1.

    Columns: name, position and claimed (whether the condition of that name holds for one of its models).
    """
    return f"""{scored(state)},

leaders as (
    select
        {name} as name,
        min(position) as position,
        bool_or({claimed}) as claimed
    from scored
    where {rank} = 1
    group by {name}
)"""
