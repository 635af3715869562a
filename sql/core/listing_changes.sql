-- One row per board and pair of consecutive whole listings of one release: how many models came and went.
--
-- board           the board
-- as_of           date of the later listing
-- snapshot_id     the later listing
-- prev_as_of      date of the listing before
-- listed          models in the later listing, whatever the task
-- prev_listed     models in the listing before
-- entrants        models only in the later one
-- exits           models only in the earlier one
-- bulk_delisting  at least ten models, and a tenth of the list, went at once: the list moved, not the models
--
-- key: board, as_of
-- never null: snapshot_id, prev_as_of, entrants, exits, bulk_delisting
-- always: listed - prev_listed = entrants - exits
-- scope: step
with listed as (
    select distinct board, as_of, model
    from core.entries
    where current
),

shown as (
    select
        listings.board,
        listings.as_of,
        arg_max(states.snapshot_id, (states.captured_at, states.snapshot_id)) as snapshot_id,
        any_value(states.release) as release,
        bool_and(states.complete) as complete
    from core.listings as listings
    join core.states as states using (snapshot_id)
    where listings.current
    group by listings.board, listings.as_of
),

counted as (
    select shown.*, sizes.listed
    from shown
    join (select board, as_of, count(*) as listed from listed group by board, as_of) as sizes
        using (board, as_of)
),

numbered as (
    select
        *,
        dense_rank() over (order by board) as timeline,
        row_number() over in_time as number,
        lag(as_of) over in_time as prev_as_of,
        lag(listed) over in_time as prev_listed,
        complete and lag(complete) over in_time
            and release is not distinct from lag(release) over in_time as comparable
    from counted
    window in_time as (partition by board order by as_of)
),

members as (
    select
        numbered.timeline,
        numbered.number,
        listed.model
    from listed
    join numbered using (board, as_of)
),

kept as (
    select
        later.timeline,
        later.number,
        count(*) as models
    from members as later
    join members as earlier
        on earlier.timeline = later.timeline
        and earlier.number = later.number - 1
        and earlier.model = later.model
    group by later.timeline, later.number
)
select
    board,
    as_of,
    snapshot_id,
    prev_as_of,
    listed,
    prev_listed,
    listed - coalesce(kept.models, 0) as entrants,
    prev_listed - coalesce(kept.models, 0) as exits,
    prev_listed - coalesce(kept.models, 0) >= greatest(10, prev_listed / 10) as bulk_delisting
from numbered
left join kept using (timeline, number)
where comparable and prev_as_of is not null
