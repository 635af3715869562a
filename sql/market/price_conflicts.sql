-- One row per provider and model on whose price today the sources disagree.
--
-- provider                 who sells it
-- model                    the model
-- sources                  the sources, in order of name
-- input_usd_per_mtok       their prices for a million tokens read, in the same order
-- output_usd_per_mtok      their prices for a million tokens written, in the same order
-- as_of                    since when each has said so, in the same order
--
-- key: provider, model
-- always: len(sources) >= 2
with today as (
    select *
    from market.prices
    where valid_to is null
)
select
    provider,
    model,
    list(source order by source) as sources,
    list(input_usd_per_mtok order by source) as input_usd_per_mtok,
    list(output_usd_per_mtok order by source) as output_usd_per_mtok,
    list(as_of order by source) as as_of
from today
group by provider, model
having
    count(distinct input_usd_per_mtok) > 1
    or count(distinct output_usd_per_mtok) > 1
