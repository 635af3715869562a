"""What the heat map asks the published file: where each model stands in each task of a board."""

from __future__ import annotations

from datetime import date

import duckdb

from warehouse.reader import UnknownBoard, check_board
from warehouse.rows import Row, rows, tuples


def task_ranks(db: duckdb.DuckDBPyConnection, board: str, as_of: date | None) -> list[Row]:
    """One row per task (without overall) and model scored in it, of the latest state up to `as_of`.

    Columns: as_of, model, overall_rank, task, score, rank, rank_pct (0 first, 100 last; null where the
    model is alone), the model's profile, mean_rank_pct, sd_rank_pct and best_task, the task's spread and
    saturated. In order of position in overall, then of mean_rank_pct. Empty where the board has no tasks
    so early; raises UnknownBoard where there is no such board, or nothing of it so early.
    """
    ((known,),) = tuples(
        db, "select min(as_of) from metrics.gap_history where board = $board", board=board
    )
    if known is None:
        check_board(db, board, "overall")
    if as_of and as_of < known:
        raise UnknownBoard(f"nothing is known of {board} as early as {as_of}")
    return rows(
        db,
        """
        with latest as (
            select board, max(as_of) as as_of
            from metrics.task_spread
            where board = $board and task <> 'overall' and as_of <= coalesce($as_of, as_of)
            group by board
        ),

        placed as (
            select
                entries.*,
                rank_percent(
                    entries.rank, count(*) over (partition by entries.task)
                ) as rank_pct
            from core.entries as entries
            join latest using (board, as_of)
            where entries.current and entries.position is not null
        )
        select
            placed.as_of,
            placed.model,
            overall.rank as overall_rank,
            placed.task,
            placed.score,
            placed.rank,
            placed.rank_pct,
            profiles.profile,
            profiles.mean_rank_pct,
            profiles.sd_rank_pct,
            profiles.best_task,
            spreads.spread,
            spreads.saturated
        from placed
        join metrics.task_spread as spreads using (board, as_of, task)
        left join metrics.model_profiles as profiles using (board, as_of, model)
        left join placed as overall
            on overall.model = placed.model and overall.task = 'overall'
        where placed.task <> 'overall'
        order by overall.position nulls last, profiles.mean_rank_pct nulls last, placed.model,
            placed.task
        """,
        board=board,
        as_of=as_of,
    )
