-- What plain SQL says of listings(board, as_of, model, organization, license, rating, rating_q025, rating_q975,
-- votes): ranks, gaps, ties and churn. Kendall's tau and RBO are left out: SQL has no quick way to them.
create or replace table entries as
select
    *,
    (rating_q975 - rating_q025) / 3.92 as sd,
    rank() over (partition by board, as_of order by rating desc) as rank,
    row_number() over (partition by board, as_of order by rating desc, model) as position
from listings;

create or replace table gaps as
select
    top.board,
    top.as_of,
    kth.position as k,
    top.model as top_model,
    kth.model as kth_model,
    top.rating - kth.rating as gap,
    100 * (top.rating - kth.rating) / abs(kth.rating) as gap_pct,
    1 / (1 + 10 ^ ((kth.rating - top.rating) / 400)) as win_probability,
    (top.rating - kth.rating) / sqrt(top.sd ^ 2 + kth.sd ^ 2) as z,
    if(z >= 1.96, 'lead', 'photo finish') as verdict
from entries as top
join entries as kth using (board, as_of)
where top.position = 1 and kth.position in (2, 3, 5, 10);

-- Whose interval reaches the leader's: the usual shortcut, as DuckDB has no normal distribution to test with.
create or replace table ties as
select
    top.board,
    top.as_of,
    top.model as leader,
    count(*) filter (where other.rating_q975 >= top.rating_q025) as n_tied
from entries as top
join entries as other using (board, as_of)
where top.position = 1
group by all;

create or replace table churn as
with days as (
    select
        board,
        as_of,
        count(*) as listed,
        lag(as_of) over in_time as prev_as_of,
        lag(count(*)) over in_time as prev_listed
    from entries
    group by board, as_of
    window in_time as (partition by board order by as_of)
)
select
    days.board,
    days.as_of,
    days.prev_as_of,
    count(*) as n_common,
    any_value(days.listed) - count(*) as entrants,
    any_value(days.prev_listed) - count(*) as exits,
    not bool_or(now.position = 1 and before.position = 1) as leader_changed,
    avg(abs(now.rank - before.rank)) as mean_abs_rank_change
from days
join entries as now on now.board = days.board and now.as_of = days.as_of
join entries as before
    on before.board = days.board and before.as_of = days.prev_as_of and before.model = now.model
group by days.board, days.as_of, days.prev_as_of;
