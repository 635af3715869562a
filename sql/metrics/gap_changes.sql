-- One row per pair of consecutive snapshots, task and k: why the gap from first to k-th moved, in four parts that add up.
--
-- board             the board
-- task              the task
-- k                 2, 3, 5 or 10
-- as_of             date of the later snapshot
-- prev_as_of        date of the snapshot before
-- snapshot_id       the later snapshot
-- prev_snapshot_id  the snapshot before
-- gap_pct           gap_pct of metrics.gaps on the later date
-- prev_gap_pct      the same on the date before
-- delta_pct         gap_pct - prev_gap_pct, in percentage points
-- from_exits        by models that left: the old gap without them, less the old gap
-- from_rescale      by a move of the whole board: that gap with the old scores shifted by their median change
-- from_scores       by the models in both: that gap with their new scores instead
-- from_entries      by models that came: the new gap, less that
-- cause             the largest part: exits, rescale, scores or entries; rescale too where the whole board moved;
--                   none; release: a new one lies between; turnover: the lists do not have k models in common
-- shift             median change of score of the models in both, in the board's unit
-- rescaled          whether nearly every model moved alike, or the anchor did: core.rescalings
-- left_top          models that left from position k or above, in order
-- entered_top       models that came in at position k or above, in order
--
-- key: board, task, k, as_of
-- never null: prev_as_of, delta_pct, cause, rescaled
-- always: abs(delta_pct - from_exits - from_rescale - from_scores - from_entries) < 1e-9
-- always: (from_scores is null) = (cause in ('release', 'turnover'))
-- scope: step
with pairs as (
    select
        row_number() over (order by steps.board, steps.task, steps.as_of) as step,
        steps.*,
        if(boards.higher_is_better, 1, -1) as direction
    from core.steps as steps
    join core.boards as boards using (board)
),

earlier as (
    select
        pairs.step,
        entries.model,
        entries.score,
        entries.position,
        -- Below the end of a listing that is cut short a model may stand all the same.
        coalesce(pairs.direction * entries.score > pairs.direction * pairs.cut, true) as sure
    from pairs
    join core.entries as entries
        on entries.snapshot_id = pairs.prev_snapshot_id and entries.task = pairs.task
    where pairs.comparable and entries.position is not null
),

later as (
    select
        pairs.step,
        entries.model,
        entries.score,
        entries.position,
        coalesce(pairs.direction * entries.score > pairs.direction * pairs.prev_cut, true) as sure
    from pairs
    join core.entries as entries
        on entries.snapshot_id = pairs.snapshot_id and entries.task = pairs.task
    where pairs.comparable and entries.position is not null
),

models as (
    select
        step,
        model,
        earlier.score as old_score,
        earlier.position as old_position,
        later.score as new_score,
        later.position as new_position,
        coalesce(earlier.sure, true) and coalesce(later.sure, true) as sure
    from earlier
    full join later using (step, model)
),

heads as (
    select
        step,
        ks.k,
        list(model order by old_position) filter (where new_position is null and old_position <= ks.k)
            as left_top,
        list(model order by new_position) filter (where old_position is null and new_position <= ks.k)
            as entered_top
    from models
    cross join (values (2), (3), (5), (10)) as ks (k)
    where sure and (old_position <= ks.k or new_position <= ks.k)
    group by step, ks.k
),

kept as (
    select
        step,
        median(new_score - old_score) as shift,
        arg_min(old_score, old_position, 10) as old_scores,
        arg_min(new_score, new_position, 10) as new_scores
    from models
    where old_score is not null and new_score is not null
    group by step
),

between_gaps as (
    select
        kept.step,
        ks.k,
        kept.shift,
        relative_gap(old_scores[1], old_scores[ks.k]) as old_gap_pct,
        relative_gap(old_scores[1] + shift, old_scores[ks.k] + shift) as shifted_gap_pct,
        relative_gap(new_scores[1], new_scores[ks.k]) as new_gap_pct
    from kept
    cross join (values (2), (3), (5), (10)) as ks (k)
    where len(old_scores) >= ks.k
),

parts as (
    select
        pairs.board,
        pairs.task,
        now.k,
        pairs.as_of,
        pairs.prev_as_of,
        pairs.snapshot_id,
        pairs.prev_snapshot_id,
        pairs.comparable,
        coalesce(pairs.depth >= now.k, true) as deep_enough,
        now.gap_pct,
        before.gap_pct as prev_gap_pct,
        between_gaps.old_gap_pct - before.gap_pct as from_exits,
        between_gaps.shifted_gap_pct - between_gaps.old_gap_pct as from_rescale,
        between_gaps.new_gap_pct - between_gaps.shifted_gap_pct as from_scores,
        now.gap_pct - between_gaps.new_gap_pct as from_entries,
        between_gaps.shift,
        heads.left_top,
        heads.entered_top
    from metrics.gaps as now
    join pairs using (board, task, as_of)
    left join between_gaps on between_gaps.step = pairs.step and between_gaps.k = now.k
    left join heads on heads.step = pairs.step and heads.k = now.k
    join metrics.gaps as before
        on before.board = pairs.board
        and before.task = pairs.task
        and before.as_of = pairs.prev_as_of
        and before.k = now.k
    where now.gap_pct is not null and before.gap_pct is not null
),

-- Where one part is undefined the others mean nothing.
split as (
    select
        *,
        deep_enough and from_exits + from_rescale + from_scores + from_entries is not null as whole,
        greatest(abs(from_exits), abs(from_rescale), abs(from_scores), abs(from_entries)) as largest
    from parts
)
select
    split.board,
    split.task,
    k,
    split.as_of,
    prev_as_of,
    split.snapshot_id,
    split.prev_snapshot_id,
    gap_pct,
    prev_gap_pct,
    gap_pct - prev_gap_pct as delta_pct,
    if(whole, from_exits, null) as from_exits,
    if(whole, from_rescale, null) as from_rescale,
    if(whole, from_scores, null) as from_scores,
    if(whole, from_entries, null) as from_entries,
    case
        when not comparable then 'release'
        when not whole then 'turnover'
        when rescalings.rule is not null then 'rescale'
        when largest < 1e-9 then 'none'
        when abs(from_exits) = largest then 'exits'
        when abs(from_entries) = largest then 'entries'
        when abs(from_scores) = largest then 'scores'
        else 'rescale'
    end as cause,
    split.shift,
    rescalings.rule is not null as rescaled,
    coalesce(left_top, []) as left_top,
    coalesce(entered_top, []) as entered_top
from split
left join core.rescalings as rescalings using (snapshot_id, prev_snapshot_id, task)
