-- One row per snapshot and task: the models that cannot be told from the leader, and the cheapest of them.
--
-- board            the board
-- task             the task
-- as_of            the date of the snapshot
-- leader           the model in position 1
-- n_tied           models in the tie, the leader included; null where the leader's noise is unknown
-- tied_models      their names in order of position, the leader first
-- cheapest_tied    the one with the lowest known price on that day, of equals the best placed; null where none has one
-- cheapest_price   its price: market.cheapest.price_usd_per_mtok as it applies to that day
-- leader_price     the leader's price, likewise; null where not known
-- price_ratio      leader_price / cheapest_price
-- price_as_of      the day cheapest_tied's offer began: later than as_of where no price was known that early
-- n_tied_unpriced  models in the tie without a known price: any of them may be cheaper
--
-- key: board, task, as_of
-- never null: leader
-- always: n_tied >= 1
-- always: len(tied_models) = n_tied
-- always: price_ratio >= 1
-- always: n_tied_unpriced between 0 and n_tied
-- always: (cheapest_tied is null) = (cheapest_price is null)
-- scope: date
with leaders as (
    select
        snapshot_id,
        task,
        board,
        as_of,
        model,
        score,
        sd
    from core.entries
    where current and position = 1
),

-- Two-sided normal test of each model against the leader; a model without noise cannot be tested.
tested as (
    select
        snapshot_id,
        task,
        other.model,
        other.position,
        abs(leaders.score - other.score) / nullif(sqrt(leaders.sd ^ 2 + other.sd ^ 2), 0) as z
    from leaders
    join core.entries as other using (snapshot_id, task)
    where other.position > 1
),

-- Beyond six standard errors p is below 2e-9: told from the leader among any number of models.
counted as (
    select
        snapshot_id,
        task,
        count(z) as tests,
        count(*) filter (where z > 6) as far
    from tested
    group by snapshot_id, task
),

near as (
    select
        snapshot_id,
        task,
        model,
        position,
        2 * upper_tail(z) as p
    from tested
    where z <= 6
),

-- Holm 1979, "A simple sequentially rejective multiple test procedure": the i-th smallest of m p-values is
-- multiplied by m - i + 1, and no adjusted value is below the one before.
stepped as (
    select
        near.*,
        near.p * (counted.tests - counted.far
            - row_number() over (partition by snapshot_id, task order by near.p, near.position) + 1)
            as scaled
    from near
    join counted using (snapshot_id, task)
),

adjusted as (
    select
        *,
        max(scaled) over (
            partition by snapshot_id, task order by p, position rows unbounded preceding
        ) as p_holm
    from stepped
),

tied as (
    select
        snapshot_id,
        task,
        list(model order by position) as models
    from adjusted
    where p_holm > 0.05
    group by snapshot_id, task
),

answers as (
    select
        leader.snapshot_id,
        leader.task,
        leader.board,
        leader.as_of,
        leader.model as leader,
        if(leader.sd is null, null, [leader.model] || coalesce(tied.models, [])) as tied_models
    from leaders as leader
    left join tied using (snapshot_id, task)
),

priced as (
    select
        members.snapshot_id,
        members.task,
        arg_min(members.model, (cheapest.price_usd_per_mtok, members.place)) filter (
            where cheapest.price_usd_per_mtok is not null
        ) as cheapest_tied,
        min(cheapest.price_usd_per_mtok) as cheapest_price,
        arg_min(cheapest.price_as_of, (cheapest.price_usd_per_mtok, members.place)) as price_as_of,
        count(*) filter (where cheapest.price_usd_per_mtok is null) as n_tied_unpriced
    from (
        select
            snapshot_id,
            task,
            as_of,
            unnest(tied_models) as model,
            generate_subscripts(tied_models, 1) as place
        from answers
    ) as members
    left join market.cheapest as cheapest
        on cheapest.model = members.model
        and holds_on(members.as_of, cheapest.applies_from, cheapest.valid_to)
    group by members.snapshot_id, members.task
)
select
    answers.board,
    answers.task,
    answers.as_of,
    answers.leader,
    len(answers.tied_models) as n_tied,
    answers.tied_models,
    priced.cheapest_tied,
    priced.cheapest_price,
    cheapest.price_usd_per_mtok as leader_price,
    cheapest.price_usd_per_mtok / priced.cheapest_price as price_ratio,
    priced.price_as_of,
    priced.n_tied_unpriced
from answers
left join priced using (snapshot_id, task)
left join market.cheapest as cheapest
    on cheapest.model = answers.leader
    and holds_on(answers.as_of, cheapest.applies_from, cheapest.valid_to)
