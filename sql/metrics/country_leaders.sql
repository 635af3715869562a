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
        entries.board,
        entries.task,
        entries.as_of,
        entries.model,
        entries.score,
        entries.rank,
        entries.position,
        -- Where this board does not say, what any board stated of the model.
        coalesce(entries.country, models.country) as country,
        coalesce(entries.organization, models.organization) as organization,
        first_value(entries.score) over in_order as top_score
    from core.entries as entries
    join core.models as models using (model)
    where entries.current and entries.position is not null
    window in_order as (
        partition by entries.board, entries.task, entries.as_of order by entries.position
    )
),

leaders as (
    select
        board,
        task,
        as_of,
        country,
        arg_min(model, position) as model,
        -- A struct, because arg_min passes over nulls and nobody may be named.
        arg_min({'name': organization}, position).name as organization,
        arg_min(score, position) as score,
        min(rank) as rank,
        count(*) as n_models,
        any_value(top_score) as top_score
    from models
    where country is not null
    group by board, task, as_of, country
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
