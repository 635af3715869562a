-- One row per model: who made it and when it was seen on any board.
--
-- model         the model
-- organization  who made it, as last stated
-- country       ISO code of the organisation's home
-- open_weights  whether the weights can be had, as last stated
-- licenses      every licence that a source states for it, in the source's words; null where none does
-- first_seen    first date it is listed on a board
-- last_seen     last date it is listed on a board
--
-- key: model
-- always: first_seen <= last_seen
with readings as (
    select
        read.reading,
        states.board,
        states.as_of,
        dense_rank() over (order by states.board) as timeline
    from core.states as states
    join parsed.states as read
        on read.sha256 = states.payload_sha256
        and read.source = states.source
        and read.url = states.url
        and read.board = states.listed_as
        and coalesce(read.stated_as_of, states.as_of) = states.as_of
),

-- Numbers alone, as this is the one look at all that was ever listed.
listed as (
    select
        rows.name,
        any_value(readings.board) as board,
        min(readings.as_of) as first_seen,
        max(readings.as_of) as last_seen
    from parsed.rows as rows
    join readings using (reading)
    group by rows.name, readings.timeline
),

stated as (
    select
        known.model,
        listed.board,
        coalesce(organizations.organization, used.organization_raw) as organization,
        organizations.country,
        licenses.open_weights,
        min(listed.first_seen) as first_seen,
        max(listed.last_seen) as last_seen
    from listed
    join parsed.names as used using (name)
    join core.model_names as known
        on known.source = used.source and known.model_raw = used.model_raw
    left join reference.organizations as organizations
        on organizations.as_it_appears = used.organization_raw
    left join reference.licenses as licenses
        on licenses.as_it_appears = used.license_raw
    group by all
),

licensed as (
    select names.model, list(distinct said.license_raw order by said.license_raw) as licenses
    from core.model_names as names
    join parsed.names as said on said.source = names.source and said.model_raw = names.model_raw
    where said.license_raw is not null
    group by names.model
)
select
    model,
    arg_max(organization, (last_seen, board)) as organization,
    arg_max(country, (last_seen, board)) as country,
    arg_max(open_weights, (last_seen, board)) as open_weights,
    any_value(licensed.licenses) as licenses,
    min(first_seen) as first_seen,
    max(last_seen) as last_seen
from stated
left join licensed using (model)
group by model
