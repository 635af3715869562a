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
with listed as (
    select
        listings.board,
        listings.task,
        listings.as_of,
        listings.snapshot_id,
        states.release,
        states.complete,
        listings.n_models as listed
    from core.listings as listings
    join core.states as states using (snapshot_id)
    where listings.current and listings.n_models > 0
),

cuts as (
    select entries.snapshot_id, entries.task, entries.score as cut
    from core.entries as entries
    join listed on listed.snapshot_id = entries.snapshot_id and listed.task = entries.task
    where not listed.complete and entries.position = listed.listed
),

scored as (
    select listed.*, cuts.cut
    from listed
    left join cuts using (snapshot_id, task)
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
