-- One row per model and stretch of time in which one offer of it is the cheapest.
--
-- model                the model
-- valid_from           the first day of the stretch
-- valid_to             the day another offer became the cheapest, or the last one ended; null while it holds
-- applies_from         the first day whose price this is: valid_from, or earlier where no price was known
--                      just before; null where none was known ever before
-- provider             who asks the least; of equals the offer with the most context, then by name
-- price_usd_per_mtok   its blended price, as in market.offers
-- input_usd_per_mtok   USD per million tokens read
-- output_usd_per_mtok  USD per million tokens written
-- price_as_of          the day this offer began, as in market.offers
-- context_tokens       how much the model reads at once there
-- tool_use             whether it calls tools there
-- open_weights         whether a price source says that the weights can be had
-- source               the source whose price it is
--
-- key: model, valid_from
-- never null: provider, price_usd_per_mtok, price_as_of
-- always: price_as_of <= valid_from
-- always: applies_from <= valid_from
-- always: valid_from < valid_to
with days as (
    select model, valid_from as day from market.offers
    union
    select model, valid_to from market.offers where valid_to is not null
),

asked as (
    select
        days.model,
        days.day,
        arg_min(
            offers,
            (offers.price_usd_per_mtok, -coalesce(offers.context_tokens, 0), offers.provider)
        ) filter (where offers.model is not null) as offer
    from days
    left join market.offers as offers
        on offers.model = days.model
        and holds_on(days.day, offers.valid_from, offers.valid_to)
    group by days.model, days.day
),

changes as (
    select *
    from asked
    qualify offer is distinct from lag(offer) over (partition by model order by day)
),

stretches as (
    select
        *,
        lead(day) over (partition by model order by day) as valid_to
    from changes
)
select
    model,
    day as valid_from,
    valid_to,
    lag(valid_to) over (partition by model order by day) as applies_from,
    offer.provider,
    offer.price_usd_per_mtok,
    offer.input_usd_per_mtok,
    offer.output_usd_per_mtok,
    offer.valid_from as price_as_of,
    offer.context_tokens,
    offer.tool_use,
    offer.open_weights,
    offer.source
from stretches
where offer is not null
