-- What stood on a day, as it was known on a day: macros over tables of core, for analysts and commands.
--
-- ts counts on the axis of as_of, the date a board states: a date or its text. known counts on the axis of
-- captured_at, when a state was published to us: a date or its text means to the end of that day in UTC, a
-- timestamp means that moment; left out, it is all that the file holds, which is what the tables show.

create or replace macro known_until(known) as
    case
        when known is null then timestamp 'infinity'
        when not contains(known::varchar, ':') then
            known::varchar::date + interval 1 day - interval 1 microsecond
        when regexp_matches(known::varchar, ':.*[-+Z]') then
            make_timestamp(epoch_us(known::varchar::timestamptz))
        else known::varchar::timestamp
    end;

comment on macro known_until is 'The last moment (UTC) of a day given as date or text; a moment as it is.';

-- The arguments are read in a CTE without a table, so that no column of ours can take the name of a caller's.
create or replace macro vintages_asof(board, task, known := null) as table
    with asked as (
        select
            board as asked_board,
            task as asked_task,
            known_until(known) as asked_known
    ),

    vintages as (
        select
            asked.asked_board as board,
            asked.asked_task as task,
            states.as_of,
            states.snapshot_id,
            states.captured_at,
            states.release,
            listings.n_models
        from core.listings as listings
        join asked on asked.asked_board = listings.board and asked.asked_task = listings.task
        join core.states as states using (snapshot_id)
        where not states.outdated and states.captured_at <= asked.asked_known
    ),

    -- The order in which core.entries finds the current vintage.
    numbered as (
        select
            *,
            row_number() over (
                partition by as_of order by captured_at desc, release desc, snapshot_id
            ) as number
        from vintages
    )
    select
        numbered.board,
        numbered.task,
        numbered.as_of,
        numbered.snapshot_id,
        numbered.captured_at,
        numbered.n_models
    from numbered
    where numbered.number = 1 and numbered.n_models > 0
    order by numbered.as_of;

comment on macro table vintages_asof is
    'One row per date of a board and task: the latest vintage that was known at known (default: now).';

create or replace macro leaderboard_asof(board, task, ts, known := null) as table
    with asked as (
        select ts::date as asked_day
    ),

    standing as (
        select vintages.*
        from vintages_asof(board, task, known := known) as vintages
        join asked on vintages.as_of <= asked.asked_day
        order by vintages.as_of desc
        limit 1
    )
    select
        entries.position,
        entries.rank,
        entries.model,
        entries.organization,
        entries.score,
        entries.ci_low,
        entries.ci_high,
        entries.n,
        entries.rank_ub,
        entries.sd,
        entries.snapshot_id,
        entries.as_of,
        standing.captured_at
    from standing
    join core.entries as entries
        on entries.snapshot_id = standing.snapshot_id
        and entries.task = standing.task
        and entries.as_of = standing.as_of -- by which the rows lie in the file
    order by entries.position nulls last, entries.model;

comment on macro table leaderboard_asof is
    'The leaderboard as it stood on the day ts, as it was known at known (default: now).';

create or replace macro gap_asof(board, task, k, ts, known := null) as table
    with asked as (
        select
            board as asked_board,
            task as asked_task,
            k as asked_k
    ),

    listed as (
        select * from leaderboard_asof(board, task, ts, known := known)
    ),

    measured as (
        select
            asked.asked_board,
            asked.asked_task,
            kth.position as k,
            kth.as_of,
            first.model as top_model,
            kth.model as kth_model,
            first.score as top_score,
            kth.score as kth_score,
            abs(first.score - kth.score) as gap,
            abs(first.score - kth.score) / nullif(sqrt(first.sd ^ 2 + kth.sd ^ 2), 0) as z
        from asked
        join listed as kth on kth.position = asked.asked_k
        join listed as first on first.position = 1
        where kth.position > 1
    )
    select
        measured.asked_board as board,
        measured.asked_task as task,
        measured.k,
        measured.as_of,
        measured.top_model,
        measured.kth_model,
        measured.top_score,
        measured.kth_score,
        measured.gap,
        100 * measured.gap / nullif(abs(measured.kth_score), 0) as gap_pct,
        measured.z,
        case
            when measured.z is null then 'unknown'
            when measured.z >= 1.96 then 'lead'
            else 'photo finish'
        end as verdict
    from measured;

comment on macro table gap_asof is
    'How far the first was ahead of the k-th on the day ts, as known at known (default: now); no row below k models.';

create or replace macro tied_with_leader(board, task, ts) as table
    with asked as (
        select
            board as asked_board,
            task as asked_task
    ),

    listed as (
        select * from leaderboard_asof(board, task, ts)
    )
    select
        listed.position,
        listed.rank,
        listed.model,
        listed.organization,
        listed.score,
        listed.ci_low,
        listed.ci_high,
        listed.n,
        listed.rank_ub,
        listed.sd,
        listed.snapshot_id,
        listed.as_of,
        listed.captured_at
    from asked
    join metrics.ties as ties on ties.board = asked.asked_board and ties.task = asked.asked_task
    join listed on listed.as_of = ties.as_of and list_contains(ties.tied_models, listed.model)
    order by listed.position;

comment on macro table tied_with_leader is
    'The models that could not be told from the leader on the day ts, the leader first; no row without noise.';
