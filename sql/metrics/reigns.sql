-- One row per unbroken stretch of snapshots with the same model in position 1.
--
-- board       the board
-- task        the task
-- model       the leader
-- from_as_of  first snapshot of the reign
-- to_as_of    last snapshot of the reign; it may have gone on until the next one
-- days        days from the first to the last: at least this long
-- snapshots   number of snapshots
--
-- key: board, task, from_as_of
-- never null: model
-- always: to_as_of >= from_as_of
with leaders as (
    select
        board,
        task,
        as_of,
        leader,
        row_number() over (partition by board, task order by as_of)
            - row_number() over (partition by board, task, leader order by as_of) as stretch
    from metrics.gap_history
)
select
    board,
    task,
    leader as model,
    min(as_of) as from_as_of,
    max(as_of) as to_as_of,
    max(as_of) - min(as_of) as days,
    count(*) as snapshots
from leaders
group by board, task, leader, stretch
