"""A gap over a fixed basket: the same models on every date, moves of the whole board taken back."""

from __future__ import annotations

import duckdb

from warehouse.reader import check_board
from warehouse.rows import Row, rows


def chained_gaps(
    db: duckdb.DuckDBPyConnection, board: str, task: str = "overall", last: int = 30
) -> list[Row]:
    """The gaps of the last dates as published and over the basket of models scored on all of them.

    The dates begin no earlier than the last new release. Where the whole board moved
    (core.rescalings), the earlier scores are shifted along, so that all are on the scale of the last.
    Columns: as_of, n_models, n_basket, basket_leader, gap_1_2_pct, basket_gap_1_2_pct, gap_1_10_pct,
    basket_gap_1_10_pct, shift (of the whole board on that date, else null). Raises UnknownBoard.
    """
    check_board(db, board, task)
    return rows(
        db,
        """
        with dates as (
            select history.as_of, history.snapshot_id, history.n_models,
                history.gap_1_2_pct, history.gap_1_10_pct, rescalings.shift
            from metrics.gap_history as history
            left join core.steps as steps using (board, task, as_of)
            left join core.rescalings as rescalings
                on rescalings.snapshot_id = steps.snapshot_id
                and rescalings.prev_snapshot_id = steps.prev_snapshot_id
                and rescalings.task = steps.task
            where
                history.board = $board and history.task = $task
                and history.as_of >= coalesce((
                    select max(broken.as_of)
                    from core.steps as broken
                    where broken.board = $board and broken.task = $task and not broken.comparable
                ), history.as_of)
            order by history.as_of desc
            limit $last
        ),

        -- Earlier scores are put on the scale of the last date.
        linked as (
            select
                *,
                coalesce(sum(shift) over (
                    order by as_of rows between 1 following and unbounded following
                ), 0) as shift_to_come
            from dates
        ),

        basket as (
            select entries.model
            from linked
            join core.entries as entries using (snapshot_id)
            where entries.task = $task and entries.position is not null
            group by entries.model
            having count(*) = (select count(*) from dates)
        ),

        placed as (
            select
                linked.as_of,
                entries.model,
                entries.score + linked.shift_to_come as score,
                row_number() over (partition by linked.as_of order by entries.position) as place
            from linked
            join core.entries as entries using (snapshot_id)
            semi join basket on basket.model = entries.model
            where entries.task = $task
        ),

        kept as (
            select
                as_of,
                count(*) as n_basket,
                max(model) filter (where place = 1) as basket_leader,
                relative_gap(max(score) filter (where place = 1), max(score) filter (where place = 2))
                    as basket_gap_1_2_pct,
                relative_gap(max(score) filter (where place = 1), max(score) filter (where place = 10))
                    as basket_gap_1_10_pct
            from placed
            group by as_of
        )
        select
            as_of,
            n_models,
            coalesce(n_basket, 0) as n_basket,
            basket_leader,
            gap_1_2_pct,
            basket_gap_1_2_pct,
            gap_1_10_pct,
            basket_gap_1_10_pct,
            if(as_of = (select min(as_of) from dates), null, shift) as shift
        from linked
        left join kept using (as_of)
        order by as_of
        """,
        board=board,
        task=task,
        last=last,
    )
