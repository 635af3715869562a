"""Why a gap moved: the same gap of five lists, each one change further from the old to the new."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from tests.oracle.boards import Board, Snapshot, in_order, scored, value
from tests.oracle.churn import above_cut, common_depth
from tests.oracle.gaps import gap_pct
from tests.oracle.rescalings import rescaled

Row = dict[str, Any]
PARTS = ("from_exits", "from_rescale", "from_scores", "from_entries")


def gap_changes(board: Board, before: Snapshot, now: Snapshot) -> dict[int, Row]:
    """The row of metrics.gap_changes for each k in 2, 3, 5, 10 where both gaps are defined.

    The lists: the old one; it without the models that left; these moved by the median change of the models
    in both; the new scores of the models in both; the new list. The parts are None where one of the five
    has no gap, where the lists do not show k positions alike, and where a new release lies between.
    """
    old = {entry.model: value(entry) for entry in scored(before)}
    new = {entry.model: value(entry) for entry in scored(now)}
    both = sorted(old.keys() & new.keys())
    shift = median(new[model] - old[model] for model in both) if both else 0.0
    lists = (
        list(old.values()),
        [old[model] for model in both],
        [old[model] + shift for model in both],
        [new[model] for model in both],
        list(new.values()),
    )
    depth = common_depth(board, before, now)
    comparable = before.release == now.release
    rows: dict[int, Row] = {}
    for k in (2, 3, 5, 10):
        gaps = [gap_to_kth(scores, k, board.higher_is_better) for scores in lists]
        first, last = gaps[0], gaps[-1]
        if first is None or last is None:
            continue
        row: Row = {"delta_pct": last - first, **dict.fromkeys(PARTS)}
        known = [gap for gap in gaps if gap is not None]
        whole = len(known) == len(gaps) and (depth is None or depth >= k)
        if whole and comparable:
            moves = (later - earlier for earlier, later in pairwise(known))
            row.update(zip(PARTS, moves, strict=True))
        row["rescaled"] = rescaled(board, before, now)
        row["cause"] = cause(row, comparable)
        row["shift"] = shift if comparable and len(both) >= k else None
        row["left_top"] = _only_in(board, before, now, k) if comparable else []
        row["entered_top"] = _only_in(board, now, before, k) if comparable else []
        rows[k] = row
    return rows


def cause(row: Row, comparable: bool) -> str:
    """The largest part by size; of equals exits before entries before scores."""
    if not comparable:
        return "release"
    if row["from_exits"] is None:
        return "turnover"
    if row["rescaled"]:
        return "rescale"
    order = ("from_exits", "from_entries", "from_scores", "from_rescale")
    largest = max(order, key=lambda part: abs(row[part]))
    return largest.removeprefix("from_") if abs(row[largest]) >= 1e-9 else "none"


def _only_in(board: Board, one: Snapshot, other: Snapshot, k: int) -> list[str]:
    """The models of the first k of one list that the other would show and does not."""
    theirs = {entry.model for entry in scored(other)}
    head = in_order(board, one)[:k]
    return [e.model for e in head if e.model not in theirs and above_cut(board, value(e), other)]


def gap_to_kth(scores: Sequence[float], k: int, higher_is_better: bool) -> float | None:
    """The gap from first to k-th in percent of the k-th; None with fewer than k, or where that is 0."""
    ordered = sorted(scores, reverse=higher_is_better)
    return gap_pct(ordered[0], ordered[k - 1]) if len(ordered) >= k else None
