-- One row per snapshot and task: how many models it lists.
--
-- snapshot_id  the snapshot
-- board        the board
-- task         the task
-- as_of        the date of the snapshot
-- n_listed     models listed
-- n_models     of these, models with a score
-- current      the latest known vintage of its board, task and date: what the metrics use
--
-- key: snapshot_id, task
-- never null: board, as_of, current
-- always: n_models <= n_listed
-- scope: date
select
    snapshot_id,
    board,
    task,
    as_of,
    count(*) as n_listed,
    count(position) as n_models,
    any_value(current) as current
from core.entries
group by snapshot_id, board, task, as_of
