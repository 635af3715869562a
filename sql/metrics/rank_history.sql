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
        row_number() over (partition by board, task order by as_of) as number
    from metrics.gap_history
),

listed as (
    select
        entries.board,
        entries.task,
        entries.model,
        entries.rank,
        entries.score,
        entries.as_of,
        dates.number
    from core.entries as entries
    join dates
        on dates.board = entries.board and dates.task = entries.task and dates.as_of = entries.as_of
    where entries.current and entries.position is not null
),

compared as (
    select
        *,
        number is distinct from 1 + lag(number) over in_time
            or rank <> lag(rank) over in_time
            or score <> lag(score) over in_time as starts
    from listed
    window in_time as (partition by board, task, model order by number)
),

stretched as (
    select
        *,
        count(*) filter (where starts) over (
            partition by board, task, model order by number rows unbounded preceding
        ) as stretch
    from compared
),

stretches as (
    select
        board,
        task,
        model,
        any_value(rank) as rank,
        any_value(score) as score,
        min(as_of) as valid_from,
        max(number) as last_number
    from stretched
    group by board, task, model, stretch
)
select
    stretches.board,
    stretches.task,
    stretches.model,
    stretches.rank,
    stretches.score,
    stretches.valid_from,
    dates.as_of as valid_to
from stretches
left join dates
    on dates.board = stretches.board
    and dates.task = stretches.task
    and dates.number = stretches.last_number + 1
