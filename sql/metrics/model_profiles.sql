-- One row per snapshot and model with a score in at least three tasks: is it good everywhere or only here and there.
--
-- board           the board
-- as_of           the date of the snapshot
-- model           the model
-- mean_rank_pct   mean over its tasks of where it stands among the scored models: 0 is first, 100 is last
-- sd_rank_pct     standard deviation of the same over its tasks (of a population: these are all the tasks there are)
-- profile         generalist (mean at most 20 and sd at most 15), specialist (sd at least 25 and in the best tenth of a
--                 task), else mixed
-- best_task       the task in which it stands best; of equals the first by name
-- best_rank_pct   where it stands there
-- n_tasks         tasks counted: those with its score and another model's, without overall
--
-- key: board, as_of, model
-- never null: mean_rank_pct, sd_rank_pct, profile, best_task, best_rank_pct, n_tasks
-- always: n_tasks >= 3
-- always: mean_rank_pct between 0 and 100
-- always: sd_rank_pct between 0 and 50.0000001
-- scope: date
with placed as (
    select
        entries.board,
        entries.as_of,
        entries.task,
        entries.model,
        rank_percent(
            entries.rank, count(*) over (partition by entries.board, entries.as_of, entries.task)
        ) as rank_pct
    from core.entries as entries
    where entries.current and entries.position is not null and entries.task <> 'overall'
),

summed as (
    select
        board,
        as_of,
        model,
        -- In order, so that the last bit does not depend on which rows came first.
        avg(rank_pct order by task) as mean_rank_pct,
        stddev_pop(rank_pct order by task) as sd_rank_pct,
        arg_min(task, (rank_pct, task)) as best_task,
        min(rank_pct) as best_rank_pct,
        count(*) as n_tasks
    from placed
    where rank_pct is not null
    group by board, as_of, model
    having count(*) >= 3
)
-- Ranks drawn by lot would have a standard deviation of 100 / sqrt(12) = 28.9: 25 is nearly that, 15 about half.
select
    board,
    as_of,
    model,
    mean_rank_pct,
    sd_rank_pct,
    case
        when mean_rank_pct <= 20 and sd_rank_pct <= 15 then 'generalist'
        when sd_rank_pct >= 25 and best_rank_pct <= 10 then 'specialist'
        else 'mixed'
    end as profile,
    best_task,
    best_rank_pct,
    n_tasks
from summed
