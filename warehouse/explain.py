"""Why a gap moved between two dates: the steps of metrics.gap_changes, chained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from warehouse.reader import UnknownBoard, check_board
from warehouse.rows import Row, rows, tuples

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
    steps: list[Row]
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
    if not changes:
        raise UnknownBoard(f"{board} has no two consecutive snapshots with a model in place {k}")
    steps = [step for step in changes if step["as_of"] <= (until or date.max)]
    if since is None:
        steps = [step for step in steps if step["cause"] != "none"][-1:]
    else:
        if since < changes[0]["prev_as_of"]:
            raise UnknownBoard(f"the gap of {board} is not known as early as {since}")
        steps = [step for step in steps if step["as_of"] > since]
    if not steps:
        raise UnknownBoard(f"{board} has no later snapshot between the two dates; nothing moved")
    first, last = steps[0], steps[-1]
    parts = {part: sum(step[f"from_{part}"] or 0.0 for step in steps) for part in PARTS}
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
        steps,
        _movers(db, last) if len(steps) == 1 else [],
    )


def _changes(db: duckdb.DuckDBPyConnection, board: str, task: str, k: int) -> list[Row]:
    return rows(
        db,
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
        where changes.board = $board and changes.task = $task and changes.k = $k
        order by changes.as_of
        """,
        board=board,
        task=task,
        k=k,
    )


def _movers(db: duckdb.DuckDBPyConnection, step: Row) -> list[tuple[str, float]]:
    return tuples(
        db,
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
        **{name: step[name] for name in ("snapshot_id", "prev_snapshot_id", "task", "k")},
        shift=step["shift"] or 0,
        movers=MOVERS,
    )
