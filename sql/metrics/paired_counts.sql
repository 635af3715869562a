-- One row per snapshot, task and pair of neighbours in position, where results of single cases are known.
--
-- board        the board
-- task         the task
-- as_of        the date of the snapshot
-- snapshot_id  the snapshot
-- position     position of the better-placed model
-- model        the better-placed model
-- next_model   the model one position below it
-- n_cases      cases that both were asked
-- better       cases on which the better-placed model scored higher
-- worse        cases on which the model below it did
--
-- key: board, task, as_of, model
-- never null: snapshot_id, position, next_model, n_cases, better, worse
-- always: n_cases > 0
-- always: better + worse <= n_cases
-- scope: date
with cases as (
    select
        sha256, source, url, board, stated_as_of, task, model_raw, score,
        case_id as case_of_task
    from parsed.items
    union all
    -- Where no item says overall, every case of the board is behind it.
    select
        sha256, source, url, board, stated_as_of, 'overall', model_raw, score,
        concat_ws('/', task, case_id)
    from parsed.items as items
    where not exists (
        from parsed.items as whole
        where whole.sha256 = items.sha256
            and whole.source = items.source
            and whole.url = items.url
            and whole.board = items.board
            and whole.task = 'overall'
    )
),

answered as (
    select
        entries.snapshot_id,
        entries.board,
        entries.task,
        entries.as_of,
        entries.position,
        entries.model,
        cases.case_of_task,
        cases.score
    from core.entries as entries
    join core.states as states using (snapshot_id)
    join cases
        on cases.sha256 = states.payload_sha256
        and cases.source = states.source
        and cases.url = states.url
        and cases.board = states.listed_as
        and cases.task = entries.task
        and cases.model_raw = entries.model_raw
        and coalesce(cases.stated_as_of, entries.as_of) = entries.as_of
    where entries.current and entries.position is not null
)
select
    upper.board,
    upper.task,
    upper.as_of,
    snapshot_id,
    upper.position,
    upper.model,
    lower.model as next_model,
    count(*) as n_cases,
    -- Means over samples that differ in the last bit are the same mean.
    count(*) filter (where upper.score - lower.score > 1e-9) as better,
    count(*) filter (where lower.score - upper.score > 1e-9) as worse
from answered as upper
join answered as lower using (snapshot_id, task, case_of_task)
where lower.position = upper.position + 1
group by
    upper.board, upper.task, upper.as_of, snapshot_id, upper.position, upper.model, lower.model
