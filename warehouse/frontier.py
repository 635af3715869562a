"""What `gaps --frontier` asks the published file: the best of one side against the best of the other."""

from __future__ import annotations

import duckdb

from warehouse.reader import check_board
from warehouse.rows import Row, rows


def latest_frontier(db: duckdb.DuckDBPyConnection, task: str) -> list[Row]:
    """Per board and dimension the latest row of metrics.frontier for `task`, in order of board."""
    return rows(
        db,
        """
        select *
        from metrics.frontier
        where task = $task
        qualify row_number() over (partition by board, dimension order by as_of desc) = 1
        order by board, dimension
        """,
        task=task,
    )


def frontier_series(db: duckdb.DuckDBPyConnection, board: str, task: str) -> list[Row]:
    """metrics.frontier of one board and task by dimension, oldest first. Raises UnknownBoard."""
    check_board(db, board, task)
    return rows(
        db,
        "select * from metrics.frontier where board = $board and task = $task "
        "order by dimension, as_of",
        board=board,
        task=task,
    )


def country_leaders(db: duckdb.DuckDBPyConnection, board: str, task: str) -> list[Row]:
    """metrics.country_leaders of the latest state of one board and task, best first."""
    return rows(
        db,
        """
        select *
        from metrics.country_leaders
        where board = $board and task = $task
        qualify rank() over (order by as_of desc) = 1
        order by rank, country
        """,
        board=board,
        task=task,
    )
