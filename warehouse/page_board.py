"""What the page of one board asks: why each gap moved, the order over time, prices, tasks, sides."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl

HEAD = 10
BUMP_DATES = 30
MODELS_SHOWN = 30


def notes(db: duckdb.DuckDBPyConnection, board: str) -> list[dict[str, Any]]:
    """What is special about single states of a board, the latest first: as_of, captured_at, note.

    Also of states that another of the same date has replaced, which no step shows.
    """
    rows = db.execute(
        """
        select as_of, captured_at, note
        from core.snapshots
        where board = ? and note is not null
        order by as_of desc, captured_at desc
        """,
        [board],
    )
    return rows.pl().to_dicts()


def steps(db: duckdb.DuckDBPyConnection, board: str, task: str, k: int) -> pl.DataFrame:
    """One row per date of a board but the first: why the gap to the second and to the k-th moved.

    Columns: as_of, prev_as_of, and for k (`near_` before them for the second): gap_pct, delta_pct,
    from_exits, from_rescale, from_scores, from_entries, cause; shift, left_top, entered_top (of k),
    n_exits, n_entrants, leader, leader_changed, note, and events: of release, rescale, delisting, new
    leader those that happened, most telling first. Oldest first.
    """
    return db.execute(
        """
        with near as (
            select *
            from metrics.gap_changes
            where board = $board and task = $task and k = 2
        ),

        far as (
            select *
            from metrics.gap_changes
            where board = $board and task = $task and k = $k
        )
        select
            near.as_of,
            near.prev_as_of,
            near.gap_pct as near_gap_pct,
            near.delta_pct as near_delta_pct,
            near.from_exits as near_from_exits,
            near.from_rescale as near_from_rescale,
            near.from_scores as near_from_scores,
            near.from_entries as near_from_entries,
            near.cause as near_cause,
            far.gap_pct,
            far.delta_pct,
            far.from_exits,
            far.from_rescale,
            far.from_scores,
            far.from_entries,
            far.cause,
            coalesce(far.shift, near.shift) as shift,
            coalesce(far.left_top, near.left_top) as left_top,
            coalesce(far.entered_top, near.entered_top) as entered_top,
            churn.exits as n_exits,
            churn.entrants as n_entrants,
            history.leader,
            churn.leader_changed,
            snapshots.note,
            list_filter(
                [
                    if(not churn.comparable, 'release', null),
                    if(near.rescaled, 'rescale', null),
                    if(coalesce(listing.bulk_delisting, false), 'delisting', null),
                    if(churn.leader_changed, 'new leader', null)
                ],
                lambda event: event is not null
            ) as events
        from near
        join metrics.gap_history as history using (board, task, as_of)
        join core.snapshots as snapshots on snapshots.snapshot_id = history.snapshot_id
        left join metrics.rank_churn as churn using (board, task, as_of)
        left join core.listing_changes as listing using (board, as_of)
        left join far using (board, task, as_of)
        order by near.as_of
        """,
        {"board": board, "task": task, "k": k},
    ).pl()


def bump(db: duckdb.DuckDBPyConnection, board: str, task: str) -> pl.DataFrame:
    """Rank and score of today's first ten on the latest 30 dates: model, as_of, rank, score, now.

    now is the position today. In order of now, then of date.
    """
    return db.execute(
        f"""
        with dates as (
            select as_of, snapshot_id
            from metrics.gap_history
            where board = $board and task = $task
            order by as_of desc
            limit {BUMP_DATES}
        ),

        head as (
            select entries.model, entries.position as now
            from core.entries as entries
            where
                entries.task = $task and entries.position <= {HEAD}
                and entries.snapshot_id = (select arg_max(snapshot_id, as_of) from dates)
        )
        select head.model, entries.as_of, entries.rank, entries.score, head.now
        from core.entries as entries
        join dates using (snapshot_id)
        join head using (model)
        where entries.task = $task and entries.position is not null
        order by head.now, entries.as_of
        """,
        {"board": board, "task": task},
    ).pl()


def table(db: duckdb.DuckDBPyConnection, board: str, task: str) -> pl.DataFrame:
    """The latest state of a board, best first: every entry, its tie, what is known of it, its price.

    Columns: rank, model, organization, country, open_weights, score, ci_low, ci_high, sd, n, tied,
    provider, price_usd_per_mtok, price_as_of, on_frontier.
    """
    return db.execute(
        """
        with latest as (
            select snapshot_id, board, task, as_of
            from metrics.gap_history
            where board = $board and task = $task
            order by as_of desc
            limit 1
        )
        select
            entries.rank,
            entries.model,
            entries.organization,
            entries.country,
            entries.open_weights,
            entries.score,
            entries.ci_low,
            entries.ci_high,
            entries.sd,
            entries.n,
            list_contains(ties.tied_models, entries.model) as tied,
            pareto.provider,
            pareto.price_usd_per_mtok,
            pareto.price_as_of,
            pareto.on_frontier
        from core.entries as entries
        join latest using (snapshot_id, task)
        left join metrics.ties as ties
            on ties.board = latest.board and ties.task = latest.task and ties.as_of = latest.as_of
        left join metrics.pareto as pareto
            on pareto.board = latest.board and pareto.task = latest.task
            and pareto.as_of = latest.as_of and pareto.model = entries.model
        order by entries.position nulls last, entries.model
        """,
        {"board": board, "task": task},
    ).pl()


def tie(db: duckdb.DuckDBPyConnection, board: str, task: str) -> dict[str, Any]:
    """The latest row of metrics.ties of a board and task."""
    return (
        db.execute(
            "select * from metrics.ties where board = ? and task = ? order by as_of desc limit 1",
            [board, task],
        )
        .pl()
        .row(0, named=True)
    )


def sides(db: duckdb.DuckDBPyConnection, board: str, task: str) -> list[dict[str, Any]]:
    """The rows of metrics.frontier of the latest date that has some, by dimension."""
    return (
        db.execute(
            """
        select *
        from metrics.frontier
        where board = ? and task = ?
        qualify row_number() over (partition by dimension order by as_of desc) = 1
        order by dimension
        """,
            [board, task],
        )
        .pl()
        .to_dicts()
    )


def heatmap(db: duckdb.DuckDBPyConnection, board: str) -> pl.DataFrame:
    """The first 30 models by the tasks of the latest state that has tasks (without overall).

    Columns: as_of, model, overall_rank, place (order of the rows), profile, task, score, rank, spread and
    saturated of the task, and shade: where the score lies between the worst shown (0) and the best
    possible, or where that is not known the best shown (1); one scale for all tasks, so that a bright
    column is a task in which everybody is good. Rows are models in order of overall, then of mean rank.
    """
    return db.execute(
        f"""
        with latest as (
            select board, max(as_of) as as_of
            from metrics.task_spread
            where board = $board and task <> 'overall'
            group by board
        ),

        listed as (
            select entries.*
            from core.entries as entries
            join latest using (board, as_of)
            where entries.current and entries.position is not null
        ),

        placed as (
            select
                listed.model,
                any_value(listed.rank) filter (where listed.task = 'overall') as overall_rank,
                any_value(profiles.profile) as profile,
                row_number() over (
                    order by
                        any_value(listed.position) filter (where listed.task = 'overall') nulls last,
                        any_value(profiles.mean_rank_pct) nulls last,
                        listed.model
                ) as place
            from listed
            left join metrics.model_profiles as profiles using (board, as_of, model)
            group by listed.model
        ),

        shown as (
            select listed.*, placed.overall_rank, placed.profile, placed.place
            from listed
            join placed using (model)
            where listed.task <> 'overall' and placed.place <= {MODELS_SHOWN}
        ),

        ends as (
            select
                if(any_value(cards.higher_is_better), min(score), max(score)) as worst,
                coalesce(
                    any_value(cards.perfect_score),
                    if(any_value(cards.higher_is_better), max(score), min(score))
                ) as best
            from shown
            join core.boards as cards using (board)
        )
        select
            shown.as_of,
            shown.model,
            shown.overall_rank,
            shown.place,
            shown.profile,
            shown.task,
            shown.score,
            shown.rank,
            spreads.spread,
            spreads.saturated,
            greatest(0, least(1, coalesce(
                (shown.score - ends.worst) / nullif(ends.best - ends.worst, 0), 1
            ))) as shade
        from shown
        cross join ends
        join metrics.task_spread as spreads using (board, as_of, task)
        order by shown.place, shown.task
        """,
        {"board": board},
    ).pl()
