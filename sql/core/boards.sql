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
-- perfect_score     the best score there can be: as the card says, else 100 or 1 by the unit of a share (0 where
--                   lower is better); null where none is known
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
with newest as (
    select board, max(sha256) as sha256
    from parsed.states
    where board not in (select board from reference.boards)
    group by board
),

files as (
    select
        states.board,
        arg_max(states.source, (rows.task, names.model_raw)) as source,
        arg_max(rows.extra, (rows.task, names.model_raw)) as facts
    from newest
    join parsed.states as states using (board, sha256)
    join parsed.rows as rows using (reading)
    join parsed.names as names using (name)
    group by states.board
),

stated as (
    from reference.boards
    union all by name
    select
        board,
        source,
        coalesce(facts ->> 'title', board) as title,
        facts ->> 'task_family' as task_family,
        coalesce(facts ->> 'metric', 'score') as metric,
        coalesce(facts ->> 'unit', 'points') as unit,
        coalesce((facts ->> 'higher_is_better')::boolean, true) as higher_is_better,
        coalesce(facts ->> 'scale', 'points') as scale,
        (facts ->> 'perfect_score')::double as perfect_score,
        facts ->> 'credit' as credit,
        coalesce((facts ->> 'complete_rows')::integer, 0) as complete_rows
    from files
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
    case
        when perfect_score is not null then perfect_score
        when unit <> '%' and scale <> 'proportion' then null
        when not higher_is_better then 0
        else if(unit = '%', 100, 1)
    end as perfect_score,
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
from stated
