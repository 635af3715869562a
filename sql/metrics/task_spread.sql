-- One row per snapshot and task: how far apart the models are in it, and whether it still tells the best apart.
--
-- board         the board
-- as_of         the date of the snapshot
-- task          the task; overall is one
-- spread        highest score - lowest score, over every model scored in the task, in the board's unit
-- best          the best score in the board's direction
-- worst         the worst score
-- top10_mean    mean of the ten best; null with fewer than ten models
-- saturated     whether top10_mean leaves at most 5% of the scale to the perfect score; null where the board has no
--               known perfect score or the task fewer than ten models
-- n_models      models with a score
--
-- key: board, as_of, task
-- never null: spread, best, worst, n_models
-- always: spread >= 0
-- always: (top10_mean is null) = (n_models < 10)
-- scope: date
with scored as (
    select
        entries.board,
        entries.as_of,
        entries.task,
        max(entries.score) - min(entries.score) as spread,
        arg_min(entries.score, entries.position) as best,
        arg_max(entries.score, entries.position) as worst,
        -- In order, so that the last bit does not depend on which rows came first.
        avg(entries.score order by entries.position) filter (where entries.position <= 10)
            as best_mean,
        count(*) as n_models
    from core.entries as entries
    where entries.current and entries.position is not null
    group by entries.board, entries.as_of, entries.task
)
select
    board,
    as_of,
    task,
    spread,
    best,
    worst,
    if(n_models >= 10, best_mean, null) as top10_mean,
    -- The scale of a share runs from 0 to 100% or 1, of another board from 0 to its perfect score.
    abs(boards.perfect_score - top10_mean) <= 0.05 * case
        when boards.unit = '%' then 100
        when boards.scale = 'proportion' then 1
        else boards.perfect_score
    end as saturated,
    n_models
from scored
join core.boards as boards using (board)
