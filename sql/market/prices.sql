-- One row per price source, provider, model and date from which a price holds: a change is a new row.
--
-- model                the model
-- provider             who sells it, in lower case; one name where the sources have several
-- as_of                the date the source states, else the day the price was first seen
-- input_usd_per_mtok   USD per million tokens read, at the base tier; null where not stated
-- output_usd_per_mtok  USD per million tokens written
-- context_tokens       how much the model reads at once
-- max_output_tokens    how much it writes at once
-- tool_use             whether it calls tools
-- open_weights         whether the source says that the weights can be had
-- source               the source that says so: sources that disagree stand side by side
-- valid_to             the day its next price began, else the day the source was first seen without the model;
--                      null while the price holds
--
-- key: source, provider, model, as_of
-- always: input_usd_per_mtok >= 0
-- always: output_usd_per_mtok >= 0
with seen as (
    select
        names.model,
        coalesce(providers.provider, lower(prices.provider)) as provider,
        coalesce(prices.stated_as_of, fetches.captured_at::date) as as_of,
        fetches.captured_at,
        prices.model_raw,
        prices.input_usd_per_mtok,
        prices.output_usd_per_mtok,
        prices.context_tokens,
        prices.max_output_tokens,
        prices.tool_use,
        prices.open_weights,
        prices.source,
        prices.url
    from parsed.prices as prices
    join raw.fetches as fetches
        on fetches.payload_sha256 = prices.sha256
        and fetches.source = prices.source
        and fetches.url = prices.url
    join core.model_names as names
        on names.source = prices.source and names.model_raw = prices.model_raw
    left join reference.providers as providers
        on providers.as_it_appears = lower(prices.provider)
    where fetches.outcome in ('new', 'unchanged', 'not_modified')
),

-- The latest known word on each date; of several spellings of one model, the one that is its name.
latest as (
    select *
    from seen
    qualify row_number() over (
        partition by source, provider, model, as_of
        order by captured_at desc, model_raw <> model, model_raw
    ) = 1
),

-- A model that the latest copy of its list lacks is not sold at that price any more. One that a copy lacks
-- and a later one has was never gone: lists have holes.
last_listed as (
    select
        source,
        provider,
        model,
        max(captured_at) as captured_at,
        arg_max(url, (captured_at, url)) as url
    from seen
    group by source, provider, model
),

gone as (
    select
        last_listed.source,
        last_listed.provider,
        last_listed.model,
        min(copies.captured_at)::date as gone_on
    from last_listed
    join (select distinct source, url, captured_at from seen) as copies
        on copies.source = last_listed.source
        and copies.url = last_listed.url
        and copies.captured_at > last_listed.captured_at
    group by last_listed.source, last_listed.provider, last_listed.model
),

compared as (
    select
        *,
        lag(as_of) over in_time is null
            or input_usd_per_mtok is distinct from lag(input_usd_per_mtok) over in_time
            or output_usd_per_mtok is distinct from lag(output_usd_per_mtok) over in_time
            or context_tokens is distinct from lag(context_tokens) over in_time
            or max_output_tokens is distinct from lag(max_output_tokens) over in_time
            or tool_use is distinct from lag(tool_use) over in_time
            or open_weights is distinct from lag(open_weights) over in_time as changed
    from latest
    window in_time as (partition by source, provider, model order by as_of)
)
select
    model,
    provider,
    as_of,
    input_usd_per_mtok,
    output_usd_per_mtok,
    context_tokens,
    max_output_tokens,
    tool_use,
    open_weights,
    source,
    coalesce(
        lead(as_of) over (partition by source, provider, model order by as_of), gone.gone_on
    ) as valid_to
from compared
left join gone using (source, provider, model)
where changed
