"""What `gaps --frontier` asks the published file: the best of one side against the best of the other."""

from __future__ import annotations

import duckdb
import polars as pl

from warehouse.reader import check_board


def latest_frontier(db: duckdb.DuckDBPyConnection, task: str) -> pl.DataFrame:
    """Per board and dimension the latest row of metrics.frontier for `task`, in order of board."""
    return db.execute(
        """
        select *
        from metrics.frontier
        where task = ?
        qualify row_number() over (partition by board, dimension order by as_of desc) = 1
        order by board, dimension
        """,
        [task],
    ).pl()


def frontier_series(db: duckdb.DuckDBPyConnection, board: str, task: str) -> pl.DataFrame:
    """metrics.frontier of one board and task by dimension, oldest first. Raises UnknownBoard."""
    check_board(db, board, task)
    return db.execute(
        "select * from metrics.frontier where board = ? and task = ? order by dimension, as_of",
        [board, task],
    ).pl()


def country_leaders(db: duckdb.DuckDBPyConnection, board: str, task: str) -> pl.DataFrame:
    """metrics.country_leaders of the latest state of one board and task, best first."""
    return db.execute(
        """
        select *
        from metrics.country_leaders
        where board = ? and task = ?
        qualify rank() over (order by as_of desc) = 1
        order by rank, country
        """,
        [board, task],
    ).pl()
