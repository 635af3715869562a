-- One row per distinct state of a board, as its sightings tell: an unchanged board only moves last_seen_at.
--
-- snapshot_id     names the state, the same on every machine
-- board           the board
-- listed_as       the board's name in the payload; another one on a timeline of several sources
-- as_of           the date the board states, else the day the state was first captured
-- captured_at     when the state was first captured
-- last_seen_at    when it was last seen unchanged
-- payload_sha256  the payload it was first seen in
-- source          the source of the payload
-- url             where the payload was fetched
-- release         the comparable series, where the publisher starts new ones
-- newest_release  the newest release that was out when the state was captured
-- outdated        an older release, edited after a newer one was out: not the state of the board
-- n_models        models listed
-- complete        false where the listing is known to be cut short
--
-- key: snapshot_id
-- never null: board, listed_as, as_of, captured_at, last_seen_at, payload_sha256, outdated, complete
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

published as (
    select
        board as listed_as,
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
),

-- A timeline is one board told by several sources: of those whose span of dates holds a day, the first in
-- precedence speaks, and the others are silent. So each date has one source, and sources change rarely.
spans as (
    select
        timelines.board,
        timelines.listed_as,
        timelines.precedence,
        min(published.as_of) as first_as_of,
        max(published.as_of) as last_as_of
    from reference.timelines as timelines
    join published using (listed_as)
    where not published.outdated
    group by timelines.board, timelines.listed_as, timelines.precedence
),

told as (
    select
        spans.board,
        published.* exclude (release, newest_release),
        concat_ws(' ', spans.first_as_of, published.listed_as, published.release) as release
    from spans
    join published using (listed_as)
    where
        published.listed_as <> spans.board
        and not published.outdated
        and not exists (
            from spans as better
            where
                better.board = spans.board
                and better.precedence < spans.precedence
                and published.as_of between better.first_as_of and better.last_as_of
        )
),

states as (
    select listed_as as board, * from published
    union all by name
    select * from told
)
select
    left(
        sha256(concat_ws('|', states.board, as_of, captured_at, release, state)), 16
    ) as snapshot_id,
    states.board,
    listed_as,
    as_of,
    captured_at,
    last_seen_at,
    payload_sha256,
    states.source,
    url,
    release,
    newest_release,
    outdated,
    n_models,
    n_models >= coalesce(boards.complete_rows, 0) as complete
from states
left join core.boards as boards on boards.board = states.listed_as
