-- One row per board: the facts of its card, or of the tidy files that bring it.
--
-- board             source/name
-- source            the source it comes from
-- title             what a person calls it
-- task_family       what kind of ability it measures
-- metric            what a score is
-- unit              the unit of a score
-- higher_is_better  false where the lowest score leads
-- scale             elo, proportion, points, seconds or usd: decides how noise is computed
-- scoring_method    how the score comes about
-- sample_size       what stands behind a score
-- evaluation_date   where the date of the evaluation is stated
-- prompts_public    yes, no or partly
-- contamination     how the test may have leaked into the models
-- licence           licence of the publisher's data
-- credit            whom to credit
-- homepage          where to read it
-- cadence           how often the publisher updates it
-- complete_rows     a listing with fewer models is truncated
--
-- key: board
-- never null: source, higher_is_better, scale
with files as (
    select
        board,
        arg_max(source, (sha256, task, model_raw)) as source,
        arg_max(extra, (sha256, task, model_raw)) as facts
    from parsed.rows
    where board not in (select board from reference.boards)
    group by board
)
select
    board,
    source,
    title,
    task_family,
    metric,
    unit,
    higher_is_better,
    scale,
    scoring_method,
    sample_size,
    evaluation_date,
    prompts_public,
    contamination,
    licence,
    credit,
    homepage,
    cadence,
    complete_rows
from reference.boards
union all
select
    board,
    source,
    coalesce(facts ->> 'title', board),
    facts ->> 'task_family',
    coalesce(facts ->> 'metric', 'score'),
    coalesce(facts ->> 'unit', 'points'),
    coalesce((facts ->> 'higher_is_better')::boolean, true),
    coalesce(facts ->> 'scale', 'points'),
    null,
    null,
    null,
    null,
    null,
    null,
    facts ->> 'credit',
    null,
    null,
    coalesce((facts ->> 'complete_rows')::integer, 0)
from files
