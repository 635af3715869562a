-- One row per board of your own, model and case: what the model made of it, in the board's latest state.
--
-- board           local/<name>
-- as_of           the date of the state
-- snapshot_id     the snapshot
-- task            the task of the case; overall where the file has none
-- model           the model
-- model_raw       its name in the file
-- case_id         names the case within its task
-- score           0 to 1; 0 where the model refused
-- refused         whether the model refused; null where not said
-- latency_ms      how long it took
-- review_minutes  how long a person took to check it
-- prompt          what was asked
-- expected        the answer that would be right
-- output          what the model answered
--
-- key: board, task, model, case_id
-- never null: as_of, snapshot_id, model_raw, score
-- always: score between 0 and 1
-- always: not refused or score = 0
with latest as (
    select
        states.board,
        states.as_of,
        states.snapshot_id,
        states.payload_sha256,
        states.url
    from core.states as states
    join core.entries as entries using (snapshot_id)
    where states.source = 'local' and entries.current and entries.task = 'overall'
    qualify row_number() over (partition by states.board order by states.as_of desc) = 1
)
select
    latest.board,
    latest.as_of,
    latest.snapshot_id,
    items.task,
    names.model,
    items.model_raw,
    items.case_id,
    items.score,
    items.refused,
    items.latency_ms,
    items.review_minutes,
    items.prompt,
    items.expected,
    items.output
from latest
join parsed.items as items
    on items.sha256 = latest.payload_sha256
    and items.url = latest.url
    and items.source = 'local'
join core.model_names as names on names.source = items.source and names.model_raw = items.model_raw
