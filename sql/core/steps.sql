-- One row per board, task and snapshot with one before it: which two states are compared, and how far down.
--
-- board             the board
-- task              the task
-- as_of             date of the later snapshot
-- snapshot_id       the later snapshot
-- prev_as_of        date of the snapshot before
-- prev_snapshot_id  the snapshot before
-- comparable        false where a new release lies between: the numbers mean something else
-- depth             positions that both listings show, less a tie that the cut would split; null where both are whole
-- cut               the worst score that the later listing shows; null where it is whole
-- prev_cut          the worst score that the earlier listing shows; null where it is whole
--
-- key: board, task, as_of
-- never null: snapshot_id, prev_as_of, prev_snapshot_id, comparable
-- always: prev_as_of < as_of
-- scope: step
with scored as (
    select
        entries.board,
        entries.task,
        entries.as_of,
        entries.snapshot_id,
        any_value(states.release) as release,
        any_value(states.complete) as complete,
        max(entries.position) as listed,
        if(any_value(states.complete), null, arg_max(entries.score, entries.position)) as cut
    from core.entries as entries
    join core.states as states using (snapshot_id)
    where entries.current and entries.position is not null
    group by entries.board, entries.task, entries.as_of, entries.snapshot_id
),

paired as (
    select
        *,
        lag(as_of) over in_time as prev_as_of,
        lag(snapshot_id) over in_time as prev_snapshot_id,
        lag(release) over in_time as prev_release,
        lag(complete) over in_time as prev_complete,
        lag(listed) over in_time as prev_listed,
        lag(cut) over in_time as prev_cut
    from scored
    window in_time as (partition by board, task order by as_of)
),

truncated as (
    select *
    from paired
    where prev_as_of is not null and not (complete and prev_complete)
),

-- Positions after which a new rank begins or the listing ends: a cut there splits no tie.
ends as (
    select snapshot_id, task, position - 1 as position
    from core.entries
    where rank = position and snapshot_id in (
        select snapshot_id from truncated union select prev_snapshot_id from truncated
    )
    union
    select snapshot_id, task, listed from scored
),

depths as (
    select
        truncated.board,
        truncated.task,
        truncated.as_of,
        max(ends.position) as depth
    from truncated
    join ends on ends.snapshot_id = truncated.snapshot_id and ends.task = truncated.task
    join ends as prev_ends
        on prev_ends.snapshot_id = truncated.prev_snapshot_id
        and prev_ends.task = truncated.task
        and prev_ends.position = ends.position
    where ends.position <= least(truncated.listed, truncated.prev_listed)
    group by truncated.board, truncated.task, truncated.as_of
)
select
    board,
    task,
    as_of,
    paired.snapshot_id,
    paired.prev_as_of,
    paired.prev_snapshot_id,
    paired.release is not distinct from paired.prev_release as comparable,
    depths.depth,
    paired.cut,
    paired.prev_cut
from paired
left join depths using (board, task, as_of)
where paired.prev_as_of is not null
