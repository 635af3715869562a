-- One row per board, task and date: the wide view, for charts and for reading along a line.
--
-- board          the board
-- task           the task
-- as_of          the date of the snapshot
-- snapshot_id    the snapshot
-- n_models       models with a score
-- leader         the model in position 1
-- runner_up      the model in position 2; null where there is none
-- top_score      score of the leader
-- gap_1_2        leader minus runner-up, in the board's unit
-- gap_1_2_pct    the same in percent of the runner-up's score
-- gap_1_3_pct    to the third, in percent of its score
-- gap_1_5_pct    to the fifth
-- gap_1_10_pct   to the tenth; null on a board with fewer models
-- z_1_2          gap_1_2 in standard errors
-- p_top_better   probability that the leader is really better than the runner-up
-- verdict        lead, photo finish or unknown, of first against second; null on a board of one
-- n_tied         models that cannot be told from the leader, itself included
-- p_leader_best  probability that the leader is really the best of all; null without noise
--
-- key: board, task, as_of
-- never null: leader, top_score, n_models
-- scope: date
with leaders as (
    select
        listings.board,
        listings.task,
        listings.as_of,
        listings.snapshot_id,
        listings.n_models,
        entries.model as leader,
        entries.score as top_score
    from core.listings as listings
    join core.entries as entries
        on entries.snapshot_id = listings.snapshot_id and entries.task = listings.task
    where listings.current and entries.position = 1
),

wide as (
    select
        board,
        task,
        as_of,
        max(kth_model) filter (where k = 2) as runner_up,
        max(gap) filter (where k = 2) as gap_1_2,
        max(gap_pct) filter (where k = 2) as gap_1_2_pct,
        max(gap_pct) filter (where k = 3) as gap_1_3_pct,
        max(gap_pct) filter (where k = 5) as gap_1_5_pct,
        max(gap_pct) filter (where k = 10) as gap_1_10_pct,
        max(z) filter (where k = 2) as z_1_2,
        max(p_top_better) filter (where k = 2) as p_top_better,
        max(verdict) filter (where k = 2) as verdict
    from metrics.gaps
    group by board, task, as_of
)
select
    board,
    task,
    as_of,
    leaders.snapshot_id,
    leaders.n_models,
    leaders.leader,
    wide.runner_up,
    leaders.top_score,
    wide.gap_1_2,
    wide.gap_1_2_pct,
    wide.gap_1_3_pct,
    wide.gap_1_5_pct,
    wide.gap_1_10_pct,
    wide.z_1_2,
    wide.p_top_better,
    wide.verdict,
    ties.n_tied,
    certainty.p_leader_best
from leaders
left join wide using (board, task, as_of)
left join metrics.ties as ties using (board, task, as_of)
left join metrics.leader_certainty as certainty using (board, task, as_of)
