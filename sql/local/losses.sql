-- One row per board of your own, model and case that it failed (score below 1): what to look at.
--
-- board           local/<name>
-- as_of           the date of the state
-- task            the task of the case; overall where the file has none
-- case_id         names the case within its task
-- model           the model that failed it
-- score           what it got, below 1
-- models_failing  how many models fail the case
-- models_asked    how many models were asked it
-- refused         whether the model refused; null where not said
-- latency_ms      how long it took
-- review_minutes  how long a person took to check it
-- prompt          what was asked
-- expected        the answer that would be right
-- output          what the model answered
--
-- key: board, task, case_id, model
-- never null: as_of, score, models_failing, models_asked
-- always: score < 1
-- always: models_failing between 1 and models_asked
with counted as (
    select
        *,
        count(*) filter (where score < 1) over of_case as models_failing,
        count(*) over of_case as models_asked
    from local.results
    window of_case as (partition by board, task, case_id)
)
select
    board,
    as_of,
    task,
    case_id,
    model,
    score,
    models_failing,
    models_asked,
    refused,
    latency_ms,
    review_minutes,
    prompt,
    expected,
    output
from counted
where score < 1
