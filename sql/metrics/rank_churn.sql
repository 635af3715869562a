-- One row per board, task and pair of consecutive snapshots: how much the order changed.
--
-- board                 the board
-- task                  the task
-- as_of                 date of the later snapshot
-- prev_as_of            date of the snapshot before
-- n_common              models in both
-- entrants              models only in the later one; where the earlier is cut short, only those above its cut
-- exits                 models only in the earlier one; where the later is cut short, only those above its cut
-- top10_entrants        models in the first ten now that were not there before
-- leader_changed        whether another model is in position 1
-- mean_abs_rank_change  mean of |rank now - rank before| over the models in both
-- kendall_tau           tau-b over the models in both
-- rbo                   rank-biased overlap, extrapolated, p = 0.9
-- comparable            false where a new release lies between; then nothing is compared
-- depth                 positions that both show; null where both are whole, else ranks are compared down to it
--
-- key: board, task, as_of
-- never null: prev_as_of, comparable
-- always: comparable or n_common is null
-- always: kendall_tau between -1.0000001 and 1.0000001
-- always: rbo between -0.0000001 and 1.0000001
-- scope: step
with pairs as (
    select
        row_number() over (order by steps.board, steps.task, steps.as_of) as step,
        steps.*,
        if(boards.higher_is_better, 1, -1) as direction
    from core.steps as steps
    join core.boards as boards using (board)
    where steps.comparable
),

later as (
    select
        pairs.step,
        entries.model,
        entries.rank,
        entries.position,
        entries.position <= coalesce(pairs.depth, entries.position) as seen_in_both,
        -- Below the end of a listing that is cut short a model may have been all along.
        coalesce(pairs.direction * entries.score > pairs.direction * pairs.prev_cut, true) as sure
    from pairs
    join core.entries as entries
        on entries.snapshot_id = pairs.snapshot_id and entries.task = pairs.task
    where entries.position is not null
),

earlier as (
    select
        pairs.step,
        entries.model,
        entries.rank,
        entries.position,
        entries.position <= coalesce(pairs.depth, entries.position) as seen_in_both,
        coalesce(pairs.direction * entries.score > pairs.direction * pairs.cut, true) as sure
    from pairs
    join core.entries as entries
        on entries.snapshot_id = pairs.prev_snapshot_id and entries.task = pairs.task
    where entries.position is not null
),

counted as (
    select
        step,
        count(*) filter (where later.seen_in_both and earlier.seen_in_both) as n_common,
        count(*) filter (where earlier.model is null and later.sure) as entrants,
        count(*) filter (where later.model is null and earlier.sure) as exits,
        count(*) filter (where later.position <= 10 and coalesce(earlier.position > 10, true))
            as top10_entrants,
        bool_or(later.position = 1 and earlier.position is distinct from 1) as leader_changed,
        avg(abs(later.rank - earlier.rank))
            filter (where later.seen_in_both and earlier.seen_in_both) as mean_abs_rank_change
    from later
    full join earlier using (step, model)
    group by step
)
select
    board,
    task,
    as_of,
    steps.prev_as_of,
    counted.n_common,
    counted.entrants,
    counted.exits,
    counted.top10_entrants,
    counted.leader_changed,
    counted.mean_abs_rank_change,
    agreement.kendall_tau,
    agreement.rbo,
    steps.comparable,
    steps.depth
from core.steps as steps
left join pairs using (board, task, as_of)
left join counted using (step)
left join metrics.rank_agreement as agreement using (board, task, as_of)
