"""Whether the whole board moved between two lists: the common shift, or the anchor."""

from __future__ import annotations

from statistics import median, quantiles

from tests.oracle.boards import Board, Entry, Snapshot, scored, sd, value


def rescaled(board: Board, before: Snapshot, now: Snapshot) -> bool:
    """By the words of core.rescalings; no organisation is known, so each model stands for itself."""
    old = {entry.model: entry for entry in scored(before)}
    both = [(old[entry.model], entry) for entry in scored(now) if entry.model in old]
    if before.release != now.release or not both:
        return False
    if any(_anchor_moved(board, earlier, later) for earlier, later in both):
        return True
    changes = [value(later) - value(earlier) for earlier, later in both]
    shift = median(changes)
    agreeing = sum(abs(change - shift) <= abs(shift) / 2 for change in changes)
    return (
        len(both) >= 8
        and agreeing >= 0.9 * len(both)
        and abs(shift) > _interquartile_range([value(earlier) for earlier, _ in both]) / 100
    )


def _anchor_moved(board: Board, earlier: Entry, later: Entry) -> bool:
    points = [e.ci_low is not None and e.ci_low == e.ci_high for e in (earlier, later)]
    noise, before = sd(board, later), sd(board, earlier)
    if not any(points) or noise is None or before is None:
        return False
    return abs(value(later) - value(earlier)) > 1.96 * (noise + before)


def _interquartile_range(scores: list[float]) -> float:
    low, _, high = quantiles(scores, n=4, method="inclusive")
    return high - low
