-- One row per source and name that it uses: which model that is, and by which rule we say so.
--
-- source     the source that uses the name
-- model_raw  the name as published
-- model      the model; the published name itself where no rule speaks
-- rule       the rule: alias, or as published
--
-- key: source, model_raw
-- never null: model, rule
with names as (
    select distinct source, model_raw from parsed.rows
),

aliased as (
    select
        names.source,
        names.model_raw,
        arg_min(aliases.model, aliases.source = '*') as model
    from names
    join reference.aliases as aliases
        on aliases.model_raw = names.model_raw and aliases.source in (names.source, '*')
    group by names.source, names.model_raw
)
select
    source,
    model_raw,
    coalesce(aliased.model, model_raw) as model,
    case when aliased.model is null then 'as published' else 'alias' end as rule
from names
left join aliased using (source, model_raw)
