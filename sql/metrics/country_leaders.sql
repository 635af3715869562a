-- One row per snapshot, task and country: its first model, and how far that is behind the leader.
--
-- board         the board
-- task          the task
-- as_of         the date of the snapshot
-- country       ISO code of the home of the model's organisation
-- model         the first of its models by position
-- organization  who made it
-- score         its score
-- rank          its rank among all models
-- n_models      models of the country with a score
-- gap_pct       100 * |leader's score - score| / |score|: 0 for the country that leads; null where the score is 0
--
-- key: board, task, as_of, country
-- never null: model, score, rank, n_models
-- always: gap_pct >= 0
-- scope: date
with models as (
    select
        entries.snapshot_id,
        entries.task,
        entries.position,
        -- Where this board does not say, what any board stated of the model.
        coalesce(entries.country, models.country) as country
    from core.entries as entries
    join core.models as models using (model)
    where entries.current and entries.position is not null
),

places as (
    select
        snapshot_id,
        task,
        country,
        min(position) as position,
        count(*) as n_models
    from models
    where country is not null
    group by snapshot_id, task, country
),

leaders as (
    select
        entries.board,
        entries.task,
        entries.as_of,
        places.country,
        entries.model,
        coalesce(entries.organization, models.organization) as organization,
        entries.score,
        entries.rank,
        places.n_models,
        first.score as top_score
    from places
    join core.entries as entries using (snapshot_id, task, position)
    join core.models as models using (model)
    join core.entries as first
        on first.snapshot_id = places.snapshot_id
        and first.task = places.task
        and first.position = 1
)
select
    board,
    task,
    as_of,
    country,
    model,
    organization,
    score,
    rank,
    n_models,
    relative_gap(top_score, score) as gap_pct
from leaders
