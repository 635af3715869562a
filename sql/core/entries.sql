-- One row per snapshot, task and model listed: its score, its noise and its rank.
--
-- snapshot_id   the snapshot
-- board         the board
-- task          the task; overall where the board has a summary or no tasks
-- as_of         the date of the snapshot
-- model         the model
-- model_raw     its name as published
-- organization  who made it, as far as stated
-- country       ISO code of the organisation's home; null where not known
-- open_weights  whether the weights can be had; null where not known
-- score         in the board's unit; null where listed without a score
-- ci_low        lower end of the published 95% interval
-- ci_high       upper end of it
-- n             votes or cases behind the score
-- rank          1224 ranking in the board's direction; equal scores share a rank
-- position      row number in that order, equal scores by model name
-- rank_ub       1 + the models whose whole interval is better; null without noise
-- current       the latest known vintage of its board, task and date: what the metrics use
-- whole         what the score is a share of, 1 or 100, where it is a proportion; null on other scales
-- sd            standard error of the score: interval width / 3.92, else binomial from n; null if unknown
--
-- key: snapshot_id, task, model
-- never null: board, as_of, model_raw, current
-- always: (score is null) = (rank is null)
-- always: rank <= position
-- always: rank_ub <= rank
-- always: sd >= 0
-- virtual: sd = standard_error
-- scope: date
with readings as (
    select
        states.snapshot_id,
        states.board,
        states.as_of,
        states.outdated,
        states.captured_at,
        states.release,
        read.reading,
        if(boards.scale = 'proportion', if(boards.unit = '%', 100, 1), null) as whole,
        if(boards.higher_is_better, 1, -1) as direction
    from core.states as states
    join core.boards as boards on boards.board = states.listed_as
    join parsed.states as read
        on read.sha256 = states.payload_sha256
        and read.source = states.source
        and read.url = states.url
        and read.board = states.listed_as
        and coalesce(read.stated_as_of, states.as_of) = states.as_of
),

-- One row per reading and task, numbered by snapshot and task: a number is the quickest thing to sort by. With a
-- join in place of the `in`, the planner would scatter the rows of a snapshot over the whole table.
listings as (
    select
        reading,
        task,
        dense_rank() over (order by snapshot_id, task) as listing,
        snapshot_id,
        board,
        as_of,
        whole,
        direction,
        not outdated and dense_rank() over (
            partition by board, task, as_of
            order by outdated, captured_at desc, release desc, snapshot_id
        ) = 1 as current
    from readings
    join (
        select distinct reading, task
        from parsed.rows
        where reading in (select reading from readings)
    ) as tasks using (reading)
),

models as (
    select
        used.name,
        used.model_raw,
        known.model,
        dense_rank() over (order by known.model) as alphabetic,
        coalesce(organizations.organization, used.organization_raw) as organization,
        organizations.country,
        licenses.open_weights
    from parsed.names as used
    join core.model_names as known
        on known.source = used.source and known.model_raw = used.model_raw
    left join reference.organizations as organizations
        on organizations.as_it_appears = used.organization_raw
    left join reference.licenses as licenses
        on licenses.as_it_appears = used.license_raw
),

-- Numbers alone until the last step: what is sorted by a window is carried through it.
measured as (
    select
        listings.listing,
        listings.direction,
        rows.name,
        models.alphabetic,
        rows.score,
        rows.ci_low,
        rows.ci_high,
        rows.n,
        standard_error(rows.score, rows.ci_low, rows.ci_high, rows.n, listings.whole) as sd
    from listings
    join parsed.rows as rows using (reading, task)
    join models using (name)
),

bounded as (
    select
        *,
        -- The published ends themselves, as sums that come back to them may be off in the last digit. A score
        -- may be outside by as little (the contract allows it); then it is the end, and rank_ub <= rank holds.
        if(ci_low is null or ci_high is null, direction * score - 1.96 * sd,
            least(direction * score, direction * ci_low, direction * ci_high)) as worst,
        if(ci_low is null or ci_high is null, direction * score + 1.96 * sd,
            greatest(direction * score, direction * ci_low, direction * ci_high)) as best
    from measured
),

lower_ends as (
    select
        listing,
        worst,
        count(*) over (partition by listing order by worst desc) as as_high
    from bounded
    where sd is not null
),

-- The intervals wholly better than mine are those that end above it: the nearest such end knows how many.
overtaken as (
    select
        bounded.*,
        if(bounded.sd is null, null, 1 + coalesce(lower_ends.as_high, 0)) as rank_ub
    from bounded
    asof left join lower_ends
        on lower_ends.listing = bounded.listing and lower_ends.worst > bounded.best
),

ranked as (
    select
        *,
        if(score is null, null, rank() over in_order) as rank,
        if(score is null, null, row_number() over in_order_by_name) as position
    from overtaken
    window
        in_order as (
            partition by listing order by direction * score desc nulls last
        ),
        in_order_by_name as (
            partition by listing order by direction * score desc nulls last, alphabetic
        )
)
select
    listings.snapshot_id,
    listings.board,
    listings.task,
    listings.as_of,
    models.model,
    models.model_raw,
    models.organization,
    models.country,
    models.open_weights,
    ranked.score,
    ranked.ci_low,
    ranked.ci_high,
    ranked.n,
    ranked.rank,
    ranked.position,
    ranked.rank_ub,
    listings.current,
    listings.whole
from ranked
join listings using (listing)
join models using (name)
