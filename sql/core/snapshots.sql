-- One row per distinct state of a board: an unchanged board only moves last_seen_at.
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
-- current         the latest known state of its as_of: what the metrics use
--
-- key: snapshot_id
-- never null: board, as_of, captured_at, last_seen_at, payload_sha256, n_models, complete, current
-- always: last_seen_at >= captured_at
with seen as (
    select
        states.board,
        states.stated_as_of,
        states.release,
        states.state,
        states.n_models,
        states.sha256,
        states.source,
        states.url,
        fetches.captured_at,
        -- An older release edited after a newer one came out is not the state of the board.
        max(states.release) over (
            partition by states.board
            order by fetches.captured_at
            range unbounded preceding
        ) as newest_release
    from parsed.states as states
    join raw.fetches as fetches
        on fetches.payload_sha256 = states.sha256
        and fetches.source = states.source
        and fetches.url = states.url
    where fetches.outcome in ('new', 'unchanged', 'not_modified')
),

compared as (
    select
        *,
        state is distinct from lag(state) over in_time as starts
    from seen
    window in_time as (
        partition by board, stated_as_of, release order by captured_at, sha256, url
    )
),

numbered as (
    select
        *,
        count(*) filter (where starts) over (
            partition by board, stated_as_of, release
            order by captured_at, sha256, url
            rows unbounded preceding
        ) as run
    from compared
),

states as (
    select
        board,
        coalesce(stated_as_of, min(captured_at)::date) as as_of,
        min(captured_at) as captured_at,
        max(captured_at) as last_seen_at,
        arg_min(sha256, (captured_at, sha256, url)) as payload_sha256,
        arg_min(source, (captured_at, sha256, url)) as source,
        arg_min(url, (captured_at, sha256, url)) as url,
        any_value(n_models) as n_models,
        any_value(state) as state,
        release,
        stated_as_of is null
            and coalesce(release < arg_min(newest_release, captured_at), false) as outdated,
        arg_min(newest_release, captured_at) as newest_release
    from numbered
    group by board, stated_as_of, release, run
)
select
    left(sha256(concat_ws('|', board, as_of, captured_at, release, state)), 16) as snapshot_id,
    board,
    as_of,
    captured_at,
    last_seen_at,
    payload_sha256,
    n_models,
    n_models >= coalesce(boards.complete_rows, 0) as complete,
    case
        when outdated then
            'An edit of the release ' || release || ' after ' || newest_release
            || ' was out; not the state of the board.'
    end as note,
    states.source,
    url,
    release,
    not outdated
        and row_number() over (
            partition by board, as_of
            order by outdated, captured_at desc, release desc, payload_sha256, url
        ) = 1 as current
from states
left join core.boards as boards using (board)
