-- One row per snapshot and task: the models that cannot be told from the leader.
--
-- board        the board
-- task         the task
-- as_of        the date of the snapshot
-- leader       the model in position 1
-- n_tied       models in the tie, the leader included; null where the leader's noise is unknown
-- tied_models  their names in order of position, the leader first
--
-- key: board, task, as_of
-- never null: leader
-- always: n_tied >= 1
-- always: len(tied_models) = n_tied
with scored as (
    select entries.*
    from core.entries as entries
    where entries.current and entries.position is not null
),

-- Two-sided normal test of each model against the leader; a model without noise cannot be tested.
tested as (
    select
        other.snapshot_id,
        other.task,
        other.model,
        other.position,
        2 * upper_tail(
            abs(leader.score - other.score) / nullif(sqrt(leader.sd ^ 2 + other.sd ^ 2), 0)
        ) as p
    from scored as leader
    join scored as other using (snapshot_id, task)
    where leader.position = 1 and other.position > 1
),

-- Holm 1979, "A simple sequentially rejective multiple test procedure": the i-th smallest of m p-values is
-- multiplied by m - i + 1, and no adjusted value is below the one before.
stepped as (
    select
        *,
        p * (count(*) over (partition by snapshot_id, task)
            - row_number() over (partition by snapshot_id, task order by p, position) + 1) as scaled
    from tested
    where p is not null
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
)
select
    leader.board,
    leader.task,
    leader.as_of,
    leader.model as leader,
    if(leader.sd is null, null, 1 + coalesce(len(tied.models), 0)) as n_tied,
    if(leader.sd is null, null, [leader.model] || coalesce(tied.models, [])) as tied_models
from scored as leader
left join tied using (snapshot_id, task)
where leader.position = 1
