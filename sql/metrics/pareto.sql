-- One row per snapshot, task and model with a known price: what its score costs, and whether a cheaper one is as good.
--
-- board                the board
-- task                 the task
-- as_of                the date of the snapshot
-- model                the model; one without a known price has no row
-- score                in the board's unit
-- rank                 1224 ranking among all models of the board, the unpriced too
-- tied_with_leader     it is in metrics.ties.tied_models; null where the leader's noise is unknown
-- provider             who asks the least for it on that day
-- price_usd_per_mtok   the blended price, as in market.offers
-- input_usd_per_mtok   USD per million tokens read
-- output_usd_per_mtok  USD per million tokens written
-- price_as_of          the day the offer began: later than as_of where no price was known that early
-- context_tokens       how much the model reads at once there; null where not stated
-- tool_use             whether it calls tools there; null where not stated
-- open_weights         whether the weights can be had: as a board last stated, else as a price source says
-- on_frontier          no other model here has a score at least as good at a price at most as high, one of them
--                      strictly better; models equal in both are on it together
--
-- key: board, task, as_of, model
-- never null: score, rank, provider, price_usd_per_mtok, price_as_of, on_frontier
-- always: price_usd_per_mtok > 0
-- scope: date
with priced as (
    select
        entries.snapshot_id,
        entries.board,
        entries.task,
        entries.as_of,
        entries.model,
        entries.score,
        entries.rank,
        if(boards.higher_is_better, 1, -1) * entries.score as goodness,
        cheapest.provider,
        cheapest.price_usd_per_mtok,
        cheapest.input_usd_per_mtok,
        cheapest.output_usd_per_mtok,
        cheapest.price_as_of,
        cheapest.context_tokens,
        cheapest.tool_use,
        coalesce(models.open_weights, cheapest.open_weights) as open_weights
    from core.entries as entries
    join core.boards as boards on boards.board = entries.board
    join core.models as models on models.model = entries.model
    join market.cheapest as cheapest
        on cheapest.model = entries.model
        and holds_on(entries.as_of, cheapest.applies_from, cheapest.valid_to)
    where entries.current and entries.position is not null
),

-- From the cheapest up: the best score at a lower price, and at the same.
compared as (
    select
        *,
        max(goodness) over (
            partition by snapshot_id, task order by price_usd_per_mtok
            range between unbounded preceding and current row exclude group
        ) as best_below,
        max(goodness) over (partition by snapshot_id, task, price_usd_per_mtok) as best_here
    from priced
)
select
    compared.board,
    compared.task,
    compared.as_of,
    compared.model,
    compared.score,
    compared.rank,
    list_contains(ties.tied_models, compared.model) as tied_with_leader,
    compared.provider,
    compared.price_usd_per_mtok,
    compared.input_usd_per_mtok,
    compared.output_usd_per_mtok,
    compared.price_as_of,
    compared.context_tokens,
    compared.tool_use,
    compared.open_weights,
    compared.goodness = compared.best_here
        and (compared.best_below is null or compared.goodness > compared.best_below) as on_frontier
from compared
join metrics.ties as ties using (board, task, as_of)
