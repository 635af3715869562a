-- One row per snapshot, task and k: how far the leader is ahead of the k-th model, and how sure that is.
--
-- board            the board
-- task             the task
-- as_of            the date of the snapshot
-- snapshot_id      the snapshot
-- k                2, 3, 5 or 10: by position, not by displayed rank
-- top_model        the model in position 1
-- kth_model        the model in position k
-- top_score        score of the first
-- kth_score        score of the k-th
-- gap              |top - kth|, in the board's unit
-- gap_pct          100 * gap / |kth|: relative to the k-th score, as the AI Index does; null where that is 0
-- gap_pct_of_top   100 * gap / |top|; null where that is 0
-- win_probability  Elo boards: how often the first wins against the k-th, 1 / (1 + 10^(-gap / 400))
-- z                gap / sqrt(sd_top^2 + sd_kth^2): the gap in standard errors; null without noise
-- p_top_better     share of the normal distribution below z: probability that the first is really better
-- verdict          lead (z >= 1.96), photo finish, or unknown where no noise is published
--
-- key: board, task, as_of, k
-- never null: snapshot_id, top_model, kth_model, gap, verdict
-- always: gap >= 0
-- always: p_top_better between 0.5 and 1
-- scope: date
with placed as (
    select
        entries.*,
        boards.scale
    from core.entries as entries
    join core.boards as boards on boards.board = entries.board
    where entries.current and entries.position in (1, 2, 3, 5, 10)
),

measured as (
    select
        first.board,
        first.task,
        first.as_of,
        first.snapshot_id,
        kth.position as k,
        first.model as top_model,
        kth.model as kth_model,
        first.score as top_score,
        kth.score as kth_score,
        first.scale,
        abs(first.score - kth.score) as gap,
        abs(first.score - kth.score) / nullif(sqrt(first.sd ^ 2 + kth.sd ^ 2), 0) as z
    from placed as first
    join placed as kth using (snapshot_id, task)
    where first.position = 1 and kth.position > 1
)
select
    board,
    task,
    as_of,
    snapshot_id,
    k,
    top_model,
    kth_model,
    top_score,
    kth_score,
    gap,
    relative_gap(top_score, kth_score) as gap_pct,
    relative_gap(kth_score, top_score) as gap_pct_of_top,
    if(scale = 'elo', 1 / (1 + 10 ^ (-gap / 400)), null) as win_probability,
    z,
    normal_cdf(z) as p_top_better,
    case
        when z is null then 'unknown'
        when z >= 1.96 then 'lead'
        else 'photo finish'
    end as verdict
from measured
