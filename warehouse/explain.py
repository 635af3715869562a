"""Why a gap moved between two dates: the steps of metrics.gap_changes, chained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import polars as pl

from warehouse.reader import UnknownBoard, check_board

PARTS = ("exits", "rescale", "scores", "entries")
MOVERS = 3


@dataclass(frozen=True)
class Explanation:
    """How the gap from first to k-th got from one date to another. Gaps and parts in percentage points.

    `steps` has the rows of metrics.gap_changes between the dates, oldest first, with n_exits and
    n_entrants. `parts` adds up to gap_pct - prev_gap_pct: exits, rescale, scores, entries, and `apart`,
    what lies between lists that cannot be compared.
    """

    board: str
    task: str
    k: int
    prev_as_of: date
    as_of: date
    prev_gap_pct: float
    gap_pct: float
    parts: dict[str, float]
    steps: list[dict[str, Any]]
    movers: list[tuple[str, float]]
    """Of a single step: models of the head that moved most against the median, and by how much."""


def explain(
    db: duckdb.DuckDBPyConnection,
    board: str,
    task: str = "overall",
    k: int = 10,
    since: date | None = None,
    until: date | None = None,
) -> Explanation:
    """Chain the changes from the snapshot that stood on `since` to the one that stood on `until`.

    By default `until` is the latest snapshot and `since` the one before the last change of the gap.
    Raises UnknownBoard if there is no such board or task, or nothing to compare between the dates.
    """
    check_board(db, board, task)
    changes = _changes(db, board, task, k)
    if changes.is_empty():
        raise UnknownBoard(f"{board} has no two consecutive snapshots with a model in place {k}")
    steps = changes.filter(pl.col("as_of") <= (until or date.max))
    if since is None:
        steps = steps.filter(pl.col("cause") != "none").tail(1)
    else:
        if since < changes["prev_as_of"][0]:
            raise UnknownBoard(f"the gap of {board} is not known as early as {since}")
        steps = steps.filter(pl.col("as_of") > since)
    if steps.is_empty():
        raise UnknownBoard(f"{board} has no later snapshot between the two dates; nothing moved")
    first, last = steps.row(0, named=True), steps.row(-1, named=True)
    parts = {part: float(steps[f"from_{part}"].sum()) for part in PARTS}
    parts["apart"] = last["gap_pct"] - first["prev_gap_pct"] - sum(parts.values())
    return Explanation(
        board,
        task,
        k,
        first["prev_as_of"],
        last["as_of"],
        first["prev_gap_pct"],
        last["gap_pct"],
        parts,
        steps.to_dicts(),
        _movers(db, last) if steps.height == 1 else [],
    )


def _changes(db: duckdb.DuckDBPyConnection, board: str, task: str, k: int) -> pl.DataFrame:
    return db.execute(
        """
        select
            changes.*,
            churn.exits as n_exits,
            churn.entrants as n_entrants,
            gaps.top_model,
            gaps.kth_model
        from metrics.gap_changes as changes
        join metrics.rank_churn as churn using (board, task, as_of)
        join metrics.gaps as gaps using (board, task, as_of, k)
        where changes.board = ? and changes.task = ? and changes.k = ?
        order by changes.as_of
        """,
        [board, task, k],
    ).pl()


def _movers(db: duckdb.DuckDBPyConnection, step: dict[str, Any]) -> list[tuple[str, float]]:
    return db.execute(
        """
        select model, later.score - earlier.score as change
        from core.entries as later
        join core.entries as earlier using (model, task)
        where
            later.snapshot_id = $snapshot_id and earlier.snapshot_id = $prev_snapshot_id
            and task = $task and least(later.position, earlier.position) <= $k
            and later.score - earlier.score <> $shift
        order by abs(later.score - earlier.score - $shift) desc, model
        limit $movers
        """,
        {
            **{name: step[name] for name in ("snapshot_id", "prev_snapshot_id", "task", "k")},
            "shift": step["shift"] or 0,
            "movers": MOVERS,
        },
    ).fetchall()
