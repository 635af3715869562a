-- One row per board, task and snapshot with one before it: which two states are compared, and how far down.
--
-- board             the board
-- task              the task
-- as_of             date of the later snapshot
-- snapshot_id       the later snapshot
-- prev_as_of        date of the snapshot before
-- prev_snapshot_id  the snapshot before
-- comparable        false where a new release lies between: the numbers mean something else
-- depth             positions that both listings show; null where both are whole
--
-- key: board, task, as_of
-- never null: snapshot_id, prev_as_of, prev_snapshot_id, comparable
-- always: prev_as_of < as_of
with scored as (
    select
        entries.board,
        entries.task,
        entries.as_of,
        entries.snapshot_id,
        any_value(snapshots.release) as release,
        any_value(snapshots.complete) as complete,
        max(entries.position) as listed
    from core.entries as entries
    join core.snapshots as snapshots using (snapshot_id)
    where snapshots.current and entries.position is not null
    group by entries.board, entries.task, entries.as_of, entries.snapshot_id
),

paired as (
    select
        *,
        lag(as_of) over in_time as prev_as_of,
        lag(snapshot_id) over in_time as prev_snapshot_id,
        lag(release) over in_time as prev_release,
        lag(complete) over in_time as prev_complete,
        lag(listed) over in_time as prev_listed
    from scored
    window in_time as (partition by board, task order by as_of)
)
select
    board,
    task,
    as_of,
    snapshot_id,
    prev_as_of,
    prev_snapshot_id,
    release is not distinct from prev_release as comparable,
    if(complete and prev_complete, null, least(listed, prev_listed)) as depth
from paired
where prev_as_of is not null
