-- One row per board, task, model and stretch of snapshots in which its rank and score did not change (SCD2).
--
-- board       the board
-- task        the task
-- model       the model
-- rank        its rank in that time
-- score       its score in that time
-- valid_from  first snapshot that shows it so
-- valid_to    first snapshot that no longer does (changed or gone); null while it holds
--
-- key: board, task, model, valid_from
-- never null: rank, score
-- always: valid_to > valid_from
-- scope: view
with dates as (
    select
        board,
        task,
        as_of,
        row_number() over in_time as number,
        lead(as_of) over in_time as next_as_of
    from metrics.gap_history
    window in_time as (partition by board, task order by as_of)
),

-- Every window is of one board, task and model: so what is asked of one of them reads no more than that.
compared as (
    select
        entries.board,
        entries.task,
        entries.model,
        entries.rank,
        entries.score,
        entries.as_of,
        dates.next_as_of,
        lag(dates.next_as_of) over in_time as next_before,
        dates.number is distinct from 1 + lag(dates.number) over in_time
            or entries.rank <> lag(entries.rank) over in_time
            or entries.score <> lag(entries.score) over in_time as starts
    from core.entries as entries
    join dates
        on dates.board = entries.board and dates.task = entries.task and dates.as_of = entries.as_of
    where entries.current and entries.position is not null
    window in_time as (
        partition by entries.board, entries.task, entries.model order by entries.as_of
    )
),

-- A stretch lasts until the snapshot after the last that shows it so: the last before the next one starts.
ended as (
    select
        *,
        last_value(next_as_of) over (
            partition by board, task, model
            order by as_of
            rows between unbounded preceding and unbounded following
        ) as next_at_last
    from compared
)
select
    board,
    task,
    model,
    rank,
    score,
    as_of as valid_from,
    coalesce(lead(next_before) over in_time, next_at_last) as valid_to
from ended
where starts
window in_time as (partition by board, task, model order by as_of)
