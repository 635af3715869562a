-- One row per pair of consecutive states and task in which the whole board moved: the scale changed, not the models.
--
-- snapshot_id       the later state
-- task              the task
-- prev_snapshot_id  the state before: of the date before, or an earlier vintage of the same date
-- board             the board
-- as_of             date of the later state
-- n_models          models with a score in both
-- n_organizations   organisations they belong to; a model of unknown organisation stands for itself
-- shift             median over the organisations of their median change, in the board's unit
-- agreeing          share of the organisations whose change is within half of the shift from the shift
-- rule              common shift, or anchor
--
-- key: snapshot_id, task, prev_snapshot_id
-- never null: board, as_of, n_models, shift, rule
-- always: rule in ('common shift', 'anchor')
-- scope: step
with vintages as (
    select
        listings.board,
        listings.task,
        listings.as_of,
        listings.snapshot_id,
        states.captured_at,
        states.release
    from core.listings as listings
    join core.states as states using (snapshot_id)
    where not states.outdated
),

edits as (
    select
        board,
        task,
        as_of,
        snapshot_id,
        lag(snapshot_id) over in_time as prev_snapshot_id
    from vintages
    window in_time as (
        partition by board, task, as_of, release order by captured_at, snapshot_id
    )
),

compared as (
    select board, task, as_of, snapshot_id, prev_snapshot_id from core.steps where comparable
    union
    select board, task, as_of, snapshot_id, prev_snapshot_id
    from edits
    where prev_snapshot_id is not null
),

pairs as (
    select *, row_number() over (order by snapshot_id, task, prev_snapshot_id) as pair
    from compared
),

-- Materialized: else the planner may join every entry of a model with every other one first.
later as materialized (
    select
        pairs.pair,
        pairs.prev_snapshot_id,
        entries.task,
        entries.model,
        entries.organization,
        entries.score,
        entries.ci_low,
        entries.ci_high,
        entries.sd
    from pairs
    join core.entries as entries using (snapshot_id, task)
    where entries.score is not null
),

changes as (
    select
        later.pair,
        coalesce(later.organization, earlier.organization, later.model) as organization,
        earlier.score as prev_score,
        later.score - earlier.score as change,
        -- A score without an interval of its own is the yardstick of the others; it moves only with the scale.
        (later.ci_low = later.ci_high or earlier.ci_low = earlier.ci_high)
            and abs(later.score - earlier.score) > 1.96 * (later.sd + earlier.sd) as anchor_moved
    from later
    join core.entries as earlier
        on earlier.snapshot_id = later.prev_snapshot_id
        and earlier.task = later.task
        and earlier.model = later.model
    where earlier.score is not null
),

-- One voice for each organisation: thirty variants of one model are not thirty witnesses.
organizations as (
    select
        pair,
        organization,
        median(change) as change
    from changes
    group by pair, organization
),

centred as (
    select
        *,
        median(change) over (partition by pair) as shift
    from organizations
),

shifts as (
    select
        pair,
        count(*) as n_organizations,
        any_value(shift) as shift,
        avg((abs(change - shift) <= abs(shift) / 2)::integer) as agreeing
    from centred
    group by pair
),

boards as (
    select
        pair,
        count(*) as n_models,
        coalesce(bool_or(anchor_moved), false) as anchor_moved,
        quantile_cont(prev_score, 0.75) - quantile_cont(prev_score, 0.25) as interquartile_range
    from changes
    group by pair
)
select
    snapshot_id,
    task,
    prev_snapshot_id,
    pairs.board,
    pairs.as_of,
    boards.n_models,
    shifts.n_organizations,
    shifts.shift,
    shifts.agreeing,
    if(boards.anchor_moved, 'anchor', 'common shift') as rule
from boards
join shifts using (pair)
join pairs using (pair)
where
    boards.anchor_moved
    or (
        shifts.n_organizations >= 8
        and shifts.agreeing >= 0.9
        -- A shift by less than a hundredth of what separates the models is rounding or drift.
        and abs(shifts.shift) > boards.interquartile_range / 100
    )
