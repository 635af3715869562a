-- One row per price source, provider, model and date from which a price holds: a change is a new row.
--
-- model                the model
-- provider             who sells it, in lower case
-- as_of                the date the source states, else the day the price was first seen
-- input_usd_per_mtok   USD per million tokens read, at the base tier; null where not stated
-- output_usd_per_mtok  USD per million tokens written
-- context_tokens       how much the model reads at once
-- max_output_tokens    how much it writes at once
-- tool_use             whether it calls tools
-- open_weights         whether the source says that the weights can be had
-- source               the source that says so: sources that disagree stand side by side
--
-- key: source, provider, model, as_of
-- always: input_usd_per_mtok >= 0
-- always: output_usd_per_mtok >= 0
with seen as (
    select
        names.model,
        lower(prices.provider) as provider,
        coalesce(prices.stated_as_of, fetches.captured_at::date) as as_of,
        fetches.captured_at,
        prices.model_raw,
        prices.input_usd_per_mtok,
        prices.output_usd_per_mtok,
        prices.context_tokens,
        prices.max_output_tokens,
        prices.tool_use,
        prices.open_weights,
        prices.source
    from parsed.prices as prices
    join raw.fetches as fetches
        on fetches.payload_sha256 = prices.sha256
        and fetches.source = prices.source
        and fetches.url = prices.url
    join core.model_names as names
        on names.source = prices.source and names.model_raw = prices.model_raw
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
    source
from compared
where changed
