-- One row per distinct state of a board, with what is special about it.
--
-- snapshot_id     names the state, the same on every machine
-- board           the board
-- as_of           the date the board states, else the day the state was first captured
-- captured_at     when the state was first captured
-- last_seen_at    when it was last seen unchanged
-- payload_sha256  the payload it was first seen in
-- n_models        models listed
-- complete        false where the listing is known to be cut short
-- note            what is special about it, in a sentence
-- source          the source of the payload
-- url             where the payload was fetched
-- release         the comparable series, where the publisher starts new ones
--
-- key: snapshot_id
-- never null: board, as_of, captured_at, last_seen_at, payload_sha256, n_models, complete
with delistings as (
    select
        snapshot_id,
        any_value(prev_listed) as prev_listed,
        max(exits) as exits,
        min(entrants) as entrants
    from core.listing_changes
    where bulk_delisting
    group by snapshot_id
),

-- The overall speaks for its board; else the tasks are named.
rescaled as (
    select
        snapshot_id,
        list(distinct task order by task) as tasks,
        arg_max(shift, (task = 'overall', abs(shift))) as shift
    from core.rescalings
    group by snapshot_id
)
select
    snapshot_id,
    board,
    as_of,
    captured_at,
    last_seen_at,
    payload_sha256,
    n_models,
    complete,
    case
        when outdated then
            'An edit of the release ' || release || ' after ' || newest_release
            || ' was out; not the state of the board.'
        when delistings.exits is not null then
            delistings.exits || ' of ' || delistings.prev_listed
            || ' models were delisted at once, ' || delistings.entrants || ' added.'
        when list_contains(rescaled.tasks, 'overall') then
            printf('rescale: nearly the whole board moved at once, by %+.2f (median): '
                || 'the scale changed, not the models.', rescaled.shift)
        when rescaled.tasks is not null then
            'rescale: in ' || array_to_string(rescaled.tasks, ', ')
            || ' nearly all models moved alike: the scale changed, not the models.'
        when not complete then 'The listing is cut short: what is below its end is not known.'
    end as note,
    source,
    url,
    release
from core.states
left join delistings using (snapshot_id)
left join rescaled using (snapshot_id)
