-- One row per model: who made it and when it was seen on any board.
--
-- model         the model
-- organization  who made it, as last stated; where boards differ on that day, the last by name
-- country       ISO code of that organisation's home
-- open_weights  whether the weights can be had, as last stated; where boards differ on that day, true
-- licenses      every licence that a source states for it, in the source's words; null where none does
-- first_seen    first date it is listed on a board
-- last_seen     last date it is listed on a board
--
-- key: model
-- always: first_seen <= last_seen
with stated as (
    select
        model,
        organization,
        country,
        open_weights,
        min(as_of) as first_seen,
        max(as_of) as last_seen
    from core.entries
    group by model, organization, country, open_weights
),

licensed as (
    select names.model, list(distinct said.license_raw order by said.license_raw) as licenses
    from core.model_names as names
    join parsed.names as said on said.source = names.source and said.model_raw = names.model_raw
    where said.license_raw is not null
    group by names.model
),

together as (
    select
        model,
        arg_max({organization: organization, country: country}, (last_seen, organization))
            filter (where organization is not null) as maker,
        arg_max(open_weights, (last_seen, open_weights)) as open_weights,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen
    from stated
    group by model
)
select
    model,
    maker.organization,
    maker.country,
    open_weights,
    licenses,
    first_seen,
    last_seen
from together
left join licensed using (model)
