"""The latest results of every board, with all that is known of each: for exchange with other collections."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl


def latest_results(db: duckdb.DuckDBPyConnection, without: Sequence[str] = ()) -> pl.DataFrame:
    """One row per model and task scored in the latest snapshot of each board, in that order.

    The board's facts, the entry's score, interval, sd, n, rank and position, and snapshot_id, as_of,
    captured_at (UTC), url and payload_sha256 of the snapshot. A maker or openness that the board leaves out
    is that of core.models. A timeline that other boards tell is left
    out, since these are there themselves, and so are the boards of the sources in `without`.
    """
    return db.execute(
        """
        with latest as (
            select board, arg_max(snapshot_id, (as_of, captured_at, snapshot_id)) as snapshot_id
            from core.states
            where listed_as = board
                and snapshot_id in (select snapshot_id from core.entries where current)
            group by board
        )
        select
            boards.board,
            boards.source,
            boards.title,
            boards.metric,
            boards.unit,
            boards.scale,
            boards.higher_is_better,
            boards.perfect_score,
            boards.scoring_method,
            boards.sample_size,
            boards.evaluation_date,
            boards.licence,
            boards.credit,
            boards.homepage,
            entries.task,
            entries.model,
            entries.model_raw,
            coalesce(entries.organization, models.organization) as organization,
            coalesce(entries.open_weights, models.open_weights) as open_weights,
            entries.score,
            entries.ci_low,
            entries.ci_high,
            entries.sd,
            entries.n,
            entries.rank,
            entries.position,
            states.snapshot_id,
            states.as_of,
            states.captured_at,
            states.url,
            states.payload_sha256
        from latest
        join core.states as states using (snapshot_id)
        join core.boards as boards on boards.board = states.board
        join core.entries as entries using (snapshot_id)
        left join core.models as models on models.model = entries.model
        where entries.current and entries.score is not null
            and not list_contains($without, boards.source)
        order by boards.board, entries.model, entries.task
        """,
        {"without": list(without)},
    ).pl()
