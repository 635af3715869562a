"""The query of frontier gaps for warehouse/alert_queries.py; it needs metrics.frontier."""

from __future__ import annotations

FRONTIER = """
sides as (
    select
        frontier.*,
        lag(frontier.model_a) over in_time as prev_a,
        lag(frontier.model_b) over in_time as prev_b,
        lag(frontier.gap_pct) over in_time as prev_gap_pct
    from metrics.frontier as frontier
    semi join wanted using (board, task)
    where frontier.dimension = '{dimension}'
    window in_time as (partition by frontier.board, frontier.task order by frontier.as_of)
),

states as (
    select distinct board, task, as_of, snapshot_id
    from metrics.gap_history
)
select
    board,
    task,
    as_of as at,
    states.snapshot_id,
    snapshots.captured_at,
    snapshots.last_seen_at as seen_until,
    sides.gap_pct as value,
    abs(sides.gap_pct / nullif(sides.z, 0)) as noise,
    case
        when not steps.comparable then 'release'
        when rescalings.rule is not null then 'rescale'
        when exists (
            from unnest([sides.prev_a, sides.prev_b]) as former (model)
            where former.model is not null and former.model not in (
                select entries.model from core.entries as entries
                where entries.snapshot_id = states.snapshot_id and entries.task = sides.task
            )
        ) then 'exits'
    end as cause,
    sides.a,
    sides.b,
    sides.model_a,
    sides.model_b,
    sides.gap_pct,
    sides.z as gap_z,
    sides.unplaced,
    sides.verdict,
    sides.prev_gap_pct,
    snapshots.source,
    snapshots.url,
    boards.title,
    snapshots.homepage
from sides
join states using (board, task, as_of)
join snapshots using (snapshot_id)
join core.boards as boards using (board)
left join core.steps as steps using (board, task, as_of)
left join core.rescalings as rescalings
    on rescalings.snapshot_id = steps.snapshot_id
    and rescalings.prev_snapshot_id = steps.prev_snapshot_id
    and rescalings.task = steps.task
where sides.gap_pct is not null
"""
