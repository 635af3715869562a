-- One row per provider, model and stretch of time in which an offer holds: of several sources, the newest word.
--
-- model                the model
-- provider             who sells it
-- valid_from           the day the offer begins: as a source states it, else as it was first seen
-- valid_to             the day it was replaced or no source listed it any more; null while it holds
-- price_usd_per_mtok   (3 * input + output) / 4, USD per million tokens: three tokens read for one written, a convention
-- input_usd_per_mtok   USD per million tokens read
-- output_usd_per_mtok  USD per million tokens written
-- context_tokens       how much the model reads at once, as last stated by any source; null where none did
-- max_output_tokens    how much it writes at once, likewise
-- tool_use             whether it calls tools, likewise
-- open_weights         whether a price source says that the weights can be had, likewise
-- source               the source whose price it is
--
-- key: model, provider, valid_from
-- never null: input_usd_per_mtok, output_usd_per_mtok, source
-- always: price_usd_per_mtok > 0
-- always: valid_from < valid_to
with days as (
    select model, provider, as_of as day from market.prices
    union
    select model, provider, valid_to from market.prices where valid_to is not null
),

-- What each source says on each day on which some source's word changes. A price that a source no longer
-- lists is not its word; two prices of zero are a free tier with limits or a placeholder, one price is half.
stated as (
    select
        days.model,
        days.provider,
        days.day,
        arg_max(prices, (prices.as_of, prices.source)) filter (
            where prices.input_usd_per_mtok + prices.output_usd_per_mtok > 0
        ) as newest,
        arg_max(prices.context_tokens, (prices.as_of, prices.source)) as context_tokens,
        arg_max(prices.max_output_tokens, (prices.as_of, prices.source)) as max_output_tokens,
        arg_max(prices.tool_use, (prices.as_of, prices.source)) as tool_use,
        arg_max(prices.open_weights, (prices.as_of, prices.source)) as open_weights
    from days
    left join market.prices as prices
        on prices.model = days.model
        and prices.provider = days.provider
        and holds_on(days.day, prices.as_of, prices.valid_to)
    group by days.model, days.provider, days.day
),

terms as (
    select
        model,
        provider,
        day,
        newest.input_usd_per_mtok as input_usd_per_mtok,
        newest.output_usd_per_mtok as output_usd_per_mtok,
        newest.source as source,
        context_tokens,
        max_output_tokens,
        tool_use,
        open_weights,
        [
            newest.input_usd_per_mtok::varchar, newest.output_usd_per_mtok::varchar,
            context_tokens::varchar, max_output_tokens::varchar,
            tool_use::varchar, open_weights::varchar
        ] as terms
    from stated
),

changes as (
    select *
    from terms
    qualify terms is distinct from lag(terms) over (partition by model, provider order by day)
),

stretches as (
    select
        *,
        lead(day) over (partition by model, provider order by day) as valid_to
    from changes
)
select
    model,
    provider,
    day as valid_from,
    valid_to,
    -- Rounded, so that prices that are equal on paper are equal.
    round((3 * input_usd_per_mtok + output_usd_per_mtok) / 4, 6) as price_usd_per_mtok,
    input_usd_per_mtok,
    output_usd_per_mtok,
    context_tokens,
    max_output_tokens,
    tool_use,
    open_weights,
    source
from stretches
where input_usd_per_mtok is not null
