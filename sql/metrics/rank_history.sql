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
-- scope: stretch
with dates as (
    select
        board,
        task,
        as_of,
        dense_rank() over (order by board, task) as timeline,
        row_number() over (partition by board, task order by as_of) as number
    from metrics.gap_history
),

listed as (
    select
        entries.model,
        entries.rank,
        entries.score,
        dates.timeline,
        dates.number
    from core.entries as entries
    join dates
        on dates.board = entries.board and dates.task = entries.task and dates.as_of = entries.as_of
    where entries.current and entries.position is not null
),

compared as (
    select
        *,
        lag(number) over in_time as number_before,
        number is distinct from 1 + lag(number) over in_time
            or rank <> lag(rank) over in_time
            or score <> lag(score) over in_time as starts,
        max(number) over (partition by timeline, model) as last_number
    from listed
    window in_time as (partition by timeline, model order by number)
),

-- A stretch lasts until the snapshot before the next one's first, or to the model's last.
stretches as (
    select
        timeline,
        model,
        rank,
        score,
        number,
        coalesce(
            lead(number_before) over (partition by timeline, model order by number), last_number
        ) as last_number
    from compared
    where starts
)
select
    begins.board,
    begins.task,
    stretches.model,
    stretches.rank,
    stretches.score,
    begins.as_of as valid_from,
    ends.as_of as valid_to
from stretches
join dates as begins using (timeline, number)
left join dates as ends
    on ends.timeline = stretches.timeline and ends.number = stretches.last_number + 1
