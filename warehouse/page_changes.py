"""What moved, on all boards: new leaders, verdicts that turned, lists and scales that changed."""

from __future__ import annotations

import duckdb
import polars as pl

from warehouse.page_boards import MAIN

NEWEST = 200


def changes(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The newest 200 changes: board, title, as_of, kind, leader, prev_leader, gap_pct and prev_gap_pct
    (first to second), verdict, prev_verdict, n_models, note, captured_at (when it was published to us).

    kind: new board, new leader, verdict, rescale, delisting or release. Boards that are told by
    another one are left out. Newest first.
    """
    return db.execute(
        f"""
        with {MAIN},

        dated as (
            select
                history.*,
                lag(history.as_of) over in_time as prev_as_of,
                lag(history.leader) over in_time as prev_leader,
                lag(history.gap_1_2_pct) over in_time as prev_gap_pct,
                lag(history.verdict) over in_time as prev_verdict
            from metrics.gap_history as history
            join main using (board, task)
            where history.board not in (
                select listed_as
                from core.states
                where listed_as <> board
            )
            window in_time as (partition by history.board, history.task order by history.as_of)
        ),

        happened as (
            select
                dated.*,
                unnest(list_filter(
                    [
                        if(dated.prev_as_of is null, 'new board', null),
                        if(not churn.comparable, 'release', null),
                        if(near.rescaled, 'rescale', null),
                        if(listing.bulk_delisting, 'delisting', null),
                        if(churn.leader_changed, 'new leader', null),
                        if(
                            churn.comparable
                            and dated.verdict in ('lead', 'photo finish')
                            and dated.prev_verdict in ('lead', 'photo finish')
                            and dated.verdict <> dated.prev_verdict,
                            'verdict',
                            null
                        )
                    ],
                    lambda kind: kind is not null
                )) as kind
            from dated
            left join metrics.rank_churn as churn using (board, task, as_of)
            left join metrics.gap_changes as near
                on near.board = dated.board and near.task = dated.task
                and near.as_of = dated.as_of and near.k = 2
            left join core.listing_changes as listing
                on listing.board = dated.board and listing.as_of = dated.as_of
        )
        select
            happened.board,
            cards.title,
            happened.as_of,
            happened.kind,
            happened.leader,
            happened.prev_leader,
            happened.gap_1_2_pct as gap_pct,
            happened.prev_gap_pct,
            happened.verdict,
            happened.prev_verdict,
            happened.n_models,
            snapshots.note,
            snapshots.captured_at
        from happened
        join core.boards as cards using (board)
        join core.snapshots as snapshots using (snapshot_id)
        order by happened.as_of desc, happened.board, happened.kind
        limit {NEWEST}
        """
    ).pl()
