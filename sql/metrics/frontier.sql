-- One row per snapshot, task and dimension: the best of one side against the best of the other.
--
-- board             the board
-- task              the task
-- as_of             the date of the snapshot
-- dimension         country or openness
-- a                 the first side: US, or proprietary
-- b                 the other side: CN, or open weights
-- model_a           the first model of a by position
-- model_b           the first model of b
-- best_a            score of model_a
-- best_b            score of model_b
-- gap               best_a - best_b, turned so that positive means that a is ahead, whichever way the board counts
-- gap_pct           100 * gap / the worse of the two scores, as the AI Index compares the US and China; null where that is 0
-- z                 gap / sqrt(sd_a^2 + sd_b^2): the gap in standard errors; null without noise
-- unplaced          models above the worse of the two whose side is not known: the true gap may be another
-- verdict           lead (z beyond 1.96 either way), photo finish, or unknown: no noise is published, or unplaced > 0
--
-- key: board, task, as_of, dimension
-- never null: a, b, model_a, model_b, best_a, best_b, gap, unplaced, verdict
-- always: unplaced >= 0
-- always: (gap_pct >= 0) = (gap >= 0)
-- scope: date
with models as (
    select
        entries.snapshot_id,
        entries.task,
        entries.position,
        -- Where this board does not say, what any board stated of the model.
        coalesce(entries.country, models.country) as country,
        coalesce(entries.open_weights, models.open_weights) as open_weights
    from core.entries as entries
    join core.models as models using (model)
    where entries.current and entries.position is not null
),

-- Per snapshot and task where the first of each side stands, and who is on neither.
sides as (
    select
        snapshot_id,
        task,
        min(position) filter (where country = 'US') as us,
        min(position) filter (where country = 'CN') as cn,
        list(position) filter (where country is null) as nowhere,
        min(position) filter (where not open_weights) as proprietary,
        min(position) filter (where open_weights) as open,
        list(position) filter (where open_weights is null) as unstated
    from models
    group by snapshot_id, task
),

places (snapshot_id, task, dimension, a, b, place_a, place_b, unknown_positions) as (
    select snapshot_id, task, 'country', 'US', 'CN', us, cn, nowhere
    from sides
    union all
    select
        snapshot_id, task, 'openness', 'proprietary', 'open weights', proprietary, open, unstated
    from sides
),

-- Both leaders by one look at the entries: two would first be joined with each other, all with all.
leaders as (
    select
        entries.board,
        entries.task,
        entries.as_of,
        places.dimension,
        places.a,
        places.b,
        max(entries.model) filter (where position = place_a) as model_a,
        max(entries.model) filter (where position = place_b) as model_b,
        max(entries.score) filter (where position = place_a) as best_a,
        max(entries.score) filter (where position = place_b) as best_b,
        max(entries.sd) filter (where position = place_a) as sd_a,
        max(entries.sd) filter (where position = place_b) as sd_b,
        greatest(places.place_a, places.place_b) as lower_position,
        any_value(places.unknown_positions) as unknown_positions
    from places
    join core.entries as entries
        on entries.snapshot_id = places.snapshot_id and entries.task = places.task
    where places.place_a is not null
        and places.place_b is not null
        and entries.position in (places.place_a, places.place_b)
    group by all
),

measured as (
    select
        leaders.*,
        if(boards.higher_is_better, best_a - best_b, best_b - best_a) as gap,
        coalesce(len(list_filter(unknown_positions, lambda p: p < lower_position)), 0) as unplaced
    from leaders
    join core.boards as boards using (board)
),

compared as (
    select
        *,
        gap / nullif(sqrt(sd_a ^ 2 + sd_b ^ 2), 0) as z
    from measured
)
select
    board,
    task,
    as_of,
    dimension,
    a,
    b,
    model_a,
    model_b,
    best_a,
    best_b,
    gap,
    100 * gap / nullif(abs(if(gap >= 0, best_b, best_a)), 0) as gap_pct,
    z,
    unplaced,
    case
        when z is null or unplaced > 0 then 'unknown'
        when abs(z) >= 1.96 then 'lead'
        else 'photo finish'
    end as verdict
from compared
