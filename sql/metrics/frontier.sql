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
        entries.board,
        entries.task,
        entries.as_of,
        entries.model,
        entries.score,
        entries.sd,
        entries.position,
        -- Where this board does not say, what any board stated of the model.
        coalesce(entries.country, models.country) as country,
        coalesce(entries.open_weights, models.open_weights) as open_weights
    from core.entries as entries
    join core.models as models using (model)
    where entries.current and entries.position is not null
),

sided as (
    select
        *,
        'country' as dimension,
        country as side
    from models
    union all
    select
        *,
        'openness',
        if(open_weights, 'open weights', if(not open_weights, 'proprietary', null))
    from models
),

sides (dimension, a, b) as (
    values ('country', 'US', 'CN'), ('openness', 'proprietary', 'open weights')
),

leaders as (
    select
        sided.board,
        sided.task,
        sided.as_of,
        sided.dimension,
        sides.a,
        sides.b,
        arg_min(sided.model, sided.position) filter (where sided.side = sides.a) as model_a,
        arg_min(sided.model, sided.position) filter (where sided.side = sides.b) as model_b,
        arg_min(sided.score, sided.position) filter (where sided.side = sides.a) as best_a,
        arg_min(sided.score, sided.position) filter (where sided.side = sides.b) as best_b,
        -- A struct, because arg_min passes over nulls and the leader may have no sd.
        arg_min({'sd': sided.sd}, sided.position) filter (where sided.side = sides.a) as noise_a,
        arg_min({'sd': sided.sd}, sided.position) filter (where sided.side = sides.b) as noise_b,
        greatest(
            min(sided.position) filter (where sided.side = sides.a),
            min(sided.position) filter (where sided.side = sides.b)
        ) as lower_position,
        list(sided.position) filter (where sided.side is null) as unknown_positions
    from sided
    join sides using (dimension)
    group by sided.board, sided.task, sided.as_of, sided.dimension, sides.a, sides.b
    having model_a is not null and model_b is not null
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
        gap / nullif(sqrt(noise_a.sd ^ 2 + noise_b.sd ^ 2), 0) as z
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
