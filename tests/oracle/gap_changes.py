"""Why a gap moved: the same gap of five lists, each one change further from the old to the new."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from tests.oracle.boards import Board, Snapshot, scored, value
from tests.oracle.gaps import gap_pct

Row = dict[str, float | None]
PARTS = ("from_exits", "from_rescale", "from_scores", "from_entries")


def gap_changes(board: Board, before: Snapshot, now: Snapshot) -> dict[int, Row]:
    """delta_pct and its four parts for each k in 2, 3, 5, 10 where both gaps are defined.

    The lists: the old one; it without the models that left; these moved by the median change of the models
    in both; the new scores of the models in both; the new list. The parts are None where one of the five
    has no gap or where a new release lies between.
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
    rows: dict[int, Row] = {}
    for k in (2, 3, 5, 10):
        gaps = [gap_to_kth(scores, k, board.higher_is_better) for scores in lists]
        first, last = gaps[0], gaps[-1]
        if first is None or last is None:
            continue
        rows[k] = {"delta_pct": last - first, **dict.fromkeys(PARTS)}
        known = [gap for gap in gaps if gap is not None]
        if len(known) == len(gaps) and before.release == now.release:
            moves = (later - earlier for earlier, later in pairwise(known))
            rows[k].update(zip(PARTS, moves, strict=True))
    return rows


def gap_to_kth(scores: Sequence[float], k: int, higher_is_better: bool) -> float | None:
    """The gap from first to k-th in percent of the k-th; None with fewer than k, or where that is 0."""
    ordered = sorted(scores, reverse=higher_is_better)
    return gap_pct(ordered[0], ordered[k - 1]) if len(ordered) >= k else None
