"""What boards showed as it was known on a day: vintages that were published later do not count."""

from __future__ import annotations

from datetime import date

import duckdb

from warehouse.reader import UnknownBoard, check_board
from warehouse.rows import Row, rows, tuples


def leaderboard_known(
    db: duckdb.DuckDBPyConnection, board: str, task: str, as_of: date | None, known: date
) -> list[Row]:
    """The entries of a board as it stood on `as_of`, as known at the end of `known` (UTC), best first.

    The columns of core.entries and tied_with_leader, which is null for a vintage replaced since (ties are
    worked out for the latest ones) and where noise is unknown. Raises UnknownBoard if nothing was known.
    """
    check_board(db, board, task)
    found = rows(
        db,
        """
        with standing as (
            select arg_max(snapshot_id, as_of) as snapshot_id
            from vintages_asof($board, $task, known := $known)
            where as_of <= coalesce($as_of, as_of)
        )
        select
            entries.*,
            list_contains(ties.tied_models, entries.model) as tied_with_leader
        from standing
        join core.entries as entries using (snapshot_id)
        left join metrics.ties as ties
            on entries.current
            and ties.board = entries.board and ties.task = entries.task and ties.as_of = entries.as_of
        where entries.task = $task
        order by entries.position nulls last, entries.model
        """,
        board=board,
        task=task,
        as_of=as_of,
        known=known,
    )
    if not found:
        raise UnknownBoard(_nothing(db, board, task, as_of, known))
    return found


def gap_series_known(
    db: duckdb.DuckDBPyConnection, board: str, task: str, known: date
) -> list[Row]:
    """metrics.gap_history of one board and task as known at the end of a day (UTC), oldest first.

    n_tied and p_leader_best are null for a vintage replaced since. Raises UnknownBoard if nothing was known.
    """
    check_board(db, board, task)
    found = rows(
        db,
        """
        with vintages as (
            from vintages_asof($board, $task, known := $known)
        ),

        gaps as (
            select vintages.snapshot_id, gap.*
            from vintages
            cross join (values (2), (3), (5), (10)) as places(k)
            cross join lateral (
                from gap_asof($board, $task, places.k, vintages.as_of, known := $known)
            ) as gap
        ),

        wide as (
            select
                snapshot_id,
                max(kth_model) filter (where k = 2) as runner_up,
                max(gap) filter (where k = 2) as gap_1_2,
                max(gap_pct) filter (where k = 2) as gap_1_2_pct,
                max(gap_pct) filter (where k = 3) as gap_1_3_pct,
                max(gap_pct) filter (where k = 5) as gap_1_5_pct,
                max(gap_pct) filter (where k = 10) as gap_1_10_pct,
                max(z) filter (where k = 2) as z_1_2,
                max(verdict) filter (where k = 2) as verdict
            from gaps
            group by snapshot_id
        )
        select
            vintages.board,
            vintages.task,
            vintages.as_of,
            vintages.snapshot_id,
            vintages.n_models,
            first.model as leader,
            wide.runner_up,
            first.score as top_score,
            wide.gap_1_2,
            wide.gap_1_2_pct,
            wide.gap_1_3_pct,
            wide.gap_1_5_pct,
            wide.gap_1_10_pct,
            wide.z_1_2,
            normal_cdf(wide.z_1_2) as p_top_better,
            wide.verdict,
            latest.n_tied,
            latest.p_leader_best,
            snapshots.note
        from vintages
        join core.snapshots as snapshots using (snapshot_id)
        join core.entries as first
            on first.snapshot_id = vintages.snapshot_id
            and first.task = vintages.task
            and first.position = 1
        left join wide on wide.snapshot_id = vintages.snapshot_id
        left join metrics.gap_history as latest
            on latest.snapshot_id = vintages.snapshot_id and latest.task = vintages.task
        order by vintages.as_of
        """,
        board=board,
        task=task,
        known=known,
    )
    if not found:
        raise UnknownBoard(_nothing(db, board, task, None, known))
    return found


def _nothing(
    db: duckdb.DuckDBPyConnection, board: str, task: str, as_of: date | None, known: date
) -> str:
    captured = tuples(
        db,
        """
        select min(states.captured_at)::date
        from core.entries as entries
        join core.states as states using (snapshot_id)
        where entries.board = $board and entries.task = $task and entries.position is not null
            and entries.as_of <= coalesce($as_of, entries.as_of) and not states.outdated
        """,
        board=board,
        task=task,
        as_of=as_of,
    )[0][0]
    if captured is None:
        return f"nothing is known of {board} as early as {as_of}"
    of = f" as it stood on {as_of}" if as_of else ""
    return f"nothing was known of {board}{of} on {known}; it was first captured on {captured}"
