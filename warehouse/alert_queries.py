"""The queries behind warehouse/alert_observations.py.

Each gives board, task, at, snapshot_id, captured_at, seen_until and value, perhaps noise, z and cause, and
as further columns the facts that a message tells.
"""

from __future__ import annotations

from warehouse.alert_frontier_query import FRONTIER

_WANTED = """
with wanted as (
    select distinct board, task
    from metrics.gap_history
    where
        exists (from unnest($boards) as globs (pattern) where board glob pattern)
        and exists (from unnest($tasks) as globs (pattern) where task glob pattern)
),

snapshots as (
    select states.snapshot_id, states.captured_at, states.last_seen_at, states.source, states.url,
        homes.homepage
    from core.snapshots as states
    -- A timeline is told by other sources than the one its card is of.
    left join (
        select source, any_value(homepage) as homepage
        from core.boards
        group by source
    ) as homes on homes.source = states.source
),
"""

# gap / z is the standard error of a gap; where the gap is 0 it is worked out from the scores.
_GAPS = """
gaps as (
    select gaps.*, history.n_tied
    from metrics.gaps as gaps
    semi join wanted using (board, task)
    join metrics.gap_history as history using (board, task, as_of)
    where gaps.k = $k
),

even as (
    select
        gaps.board,
        gaps.task,
        gaps.as_of,
        sqrt(sum(entries.sd ^ 2)) as sd
    from gaps
    join core.entries as entries
        on entries.snapshot_id = gaps.snapshot_id
        and entries.task = gaps.task
        and entries.model in (gaps.top_model, gaps.kth_model)
    where gaps.z = 0
    group by gaps.board, gaps.task, gaps.as_of
)
select
    board,
    task,
    as_of as at,
    gaps.snapshot_id,
    snapshots.captured_at,
    snapshots.last_seen_at as seen_until,
    {value} as value,
    if(gaps.z = 0, 100 * even.sd / abs(gaps.kth_score), gaps.gap_pct / gaps.z) as noise,
    changes.cause,
    gaps.k,
    gaps.top_model,
    gaps.kth_model,
    gaps.gap_pct,
    gaps.z as gap_z,
    gaps.p_top_better,
    gaps.verdict,
    gaps.n_tied,
    changes.prev_as_of,
    changes.prev_gap_pct,
    changes.delta_pct,
    changes.from_exits,
    changes.from_rescale,
    changes.from_scores,
    changes.from_entries,
    changes.left_top,
    changes.entered_top,
    churn.exits as n_exits,
    snapshots.source,
    snapshots.url,
    boards.title,
    snapshots.homepage
from gaps
join snapshots using (snapshot_id)
join core.boards as boards using (board)
left join even using (board, task, as_of)
left join metrics.gap_changes as changes using (board, task, as_of, k)
left join metrics.rank_churn as churn using (board, task, as_of)
where {value} is not null
"""

_STEPS = """
steps as (
    select
        churn.*,
        now.snapshot_id,
        now.leader,
        now.verdict,
        now.p_top_better,
        now.z_1_2,
        now.gap_1_2_pct,
        before.leader as prev_leader,
        before.snapshot_id as prev_snapshot_id
    from metrics.rank_churn as churn
    semi join wanted using (board, task)
    join metrics.gap_history as now using (board, task, as_of)
    join metrics.gap_history as before
        on before.board = churn.board
        and before.task = churn.task
        and before.as_of = churn.prev_as_of
),

asked (board, task, as_of, role, snapshot_id, model) as (
    select board, task, as_of, 'leader', snapshot_id, leader from steps
    union all
    select board, task, as_of, 'former', snapshot_id, prev_leader from steps
    union all
    select board, task, as_of, 'leader before', prev_snapshot_id, leader from steps
),

leaders as (
    select
        asked.board,
        asked.task,
        asked.as_of,
        bool_or(role = 'former') as former_listed,
        bool_or(role = 'leader before') as leader_known,
        max(score) filter (where role = 'leader') as score,
        max(score) filter (where role = 'former') as former_score,
        max(sd) filter (where role = 'leader') as sd,
        max(sd) filter (where role = 'former') as former_sd
    from asked
    join core.entries as entries using (snapshot_id, task, model)
    group by asked.board, asked.task, asked.as_of
)
select
    board,
    task,
    as_of as at,
    steps.snapshot_id,
    snapshots.captured_at,
    snapshots.last_seen_at as seen_until,
    steps.{name} as value,
    -- Ahead of the second, and of the leader before where that one is still listed.
    if(
        coalesce(leaders.former_listed, false),
        least(
            abs(leaders.score - leaders.former_score)
                / nullif(sqrt(leaders.sd ^ 2 + leaders.former_sd ^ 2), 0),
            steps.z_1_2
        ),
        steps.z_1_2
    ) as z,
    case
        when not steps.comparable then 'release'
        when coalesce(changes.rescaled, false) then 'rescale'
        {cause}
    end as cause,
    steps.leader,
    steps.prev_leader,
    leaders.former_listed,
    steps.verdict,
    steps.p_top_better,
    steps.gap_1_2_pct as gap_pct,
    steps.prev_as_of,
    steps.top10_entrants,
    steps.exits as n_exits,
    changes.left_top,
    changes.entered_top,
    snapshots.source,
    snapshots.url,
    boards.title,
    snapshots.homepage
from steps
join snapshots using (snapshot_id)
join core.boards as boards using (board)
left join leaders using (board, task, as_of)
left join metrics.gap_changes as changes
    on changes.board = steps.board
    and changes.task = steps.task
    and changes.as_of = steps.as_of
    and changes.k = $k
where steps.{name} is not null
"""

_STEP_CAUSES = {
    "leader_changed": """
        when not coalesce(leaders.former_listed, false) then 'exits'
        when not coalesce(leaders.leader_known, false) then 'entries'
        else 'scores'""",
    "top10_entrants": """
        when len(changes.entered_top) > 0 then 'entries'
        when len(changes.left_top) > 0 then 'exits'
        else 'scores'""",
    "kendall_tau": "else 'scores'",
}

_GAP_VALUES = {"verdict": "gaps.verdict", "n_tied": "gaps.n_tied"}


def of_boards(name: str) -> str:
    """The query of a metric of boards; parameters boards, tasks (globs) and, but for frontiers, k."""
    if name.startswith("frontier_"):
        query = FRONTIER.format(dimension=name.split("_")[1])
    elif name in _STEP_CAUSES:
        query = _STEPS.format(name=name, cause=_STEP_CAUSES[name])
    else:
        query = _GAPS.format(value=_GAP_VALUES.get(name, "gaps.gap_pct"))
    return _WANTED + query
