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
        fetches.captured_at
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
        state is distinct from lag(state) over in_time as starts,
        lag(captured_at) over in_time as previous,
        last_value(captured_at) over (
            partition by board, stated_as_of, release
            order by captured_at, sha256, url
            rows between unbounded preceding and unbounded following
        ) as last
    from seen
    window in_time as (
        partition by board, stated_as_of, release order by captured_at, sha256, url
    )
),

-- A state lasts until the sighting before the one with which the next starts.
begun as (
    select
        *,
        coalesce(
            lead(previous) over (
                partition by board, stated_as_of, release order by captured_at, sha256, url
            ),
            last
        ) as last_seen_at
    from compared
    where starts
),

releases as (
    select board, release, min(captured_at) as first_seen_at
    from begun
    where release is not null
    group by board, release
),

newest as (
    select begun.board, begun.captured_at, max(releases.release) as newest_release
    from (select distinct board, captured_at from begun) as begun
    join releases
        on releases.board = begun.board and releases.first_seen_at <= begun.captured_at
    group by begun.board, begun.captured_at
),

published as (
    select
        board as listed_as,
        coalesce(stated_as_of, captured_at::date) as as_of,
        captured_at,
        last_seen_at,
        sha256 as payload_sha256,
        source,
        url,
        n_models,
        state,
        release,
        -- An older release edited after a newer one came out is not the state of the board.
        stated_as_of is null and coalesce(release < newest_release, false) as outdated,
        newest_release
    from begun
    left join newest using (board, captured_at)
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
