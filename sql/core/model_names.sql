-- One row per source and name that it uses: which model that is, and by which rule we say so.
--
-- source     the source that uses the name
-- model_raw  the name as published
-- model      the model; the published name itself where no rule speaks
-- rule       the last rule that changed something, alias, as published, or kept apart
--
-- key: source, model_raw
-- never null: model, rule
with shared as (
    select source, model
    from reference.names
    group by source, model
    having count(*) > 1
),

-- Two names on one list are two models to their publisher, whatever our rules say: they stay apart.
side_by_side as (
    select distinct used.source, names.model
    from shared
    join reference.names as names using (source, model)
    join parsed.names as used using (source, model_raw)
    join parsed.rows as rows using (name)
    group by used.source, names.model, rows.reading, rows.task
    having count(*) > 1
)
select
    source,
    model_raw,
    if(side_by_side.model is null, names.model, model_raw) as model,
    if(side_by_side.model is null, names.rule, 'kept apart: two names on one list') as rule
from reference.names as names
left join side_by_side using (source, model)
