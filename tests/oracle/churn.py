"""How the order changed from one snapshot to the next: pairs counted one by one, sets at each depth."""

from __future__ import annotations

from itertools import combinations
from math import sqrt
from typing import Any

from tests.oracle.boards import Board, Snapshot, better, in_order, rank, scored, value


def rank_churn(board: Board, before: Snapshot, now: Snapshot) -> dict[str, Any]:
    """The row of metrics.rank_churn for the step from `before` to `now`."""
    depth = common_depth(board, before, now)
    if before.release != now.release:
        return {"comparable": False, "depth": depth, "prev_as_of": before.as_of}
    old, new = in_order(board, before), in_order(board, now)
    old_names, new_names = [e.model for e in old], [e.model for e in new]
    old_ranks = {e.model: rank(board, e, before) for e in old[:depth]}
    new_ranks = {e.model: rank(board, e, now) for e in new[:depth]}
    common = sorted(old_ranks.keys() & new_ranks.keys())
    moved = [abs(new_ranks[model] - old_ranks[model]) for model in common]
    came = [e for e in new if e.model not in old_names and above_cut(board, value(e), before)]
    went = [e for e in old if e.model not in new_names and above_cut(board, value(e), now)]
    return {
        "prev_as_of": before.as_of,
        "n_common": len(common),
        "entrants": len(came),
        "exits": len(went),
        "top10_entrants": len(set(new_names[:10]) - set(old_names[:10])),
        "leader_changed": old_names[0] != new_names[0],
        "mean_abs_rank_change": sum(moved) / len(moved) if moved else None,
        "kendall_tau": tau_b([(old_ranks[m], new_ranks[m]) for m in common]),
        "rbo": rbo(old_ranks, new_ranks),
        "comparable": True,
        "depth": depth,
    }


def above_cut(board: Board, score: float, snapshot: Snapshot) -> bool:
    """Whether a listing would show the score: it is whole, or its worst score is worse."""
    if snapshot.complete:
        return True
    return better(board, score, value(in_order(board, snapshot)[-1]))


def common_depth(board: Board, before: Snapshot, now: Snapshot) -> int | None:
    """Positions that both show, less a tie that the cut would split; None where both are whole."""
    if before.complete and now.complete:
        return None
    depths = range(min(len(scored(before)), len(scored(now))), -1, -1)
    return next(
        (d for d in depths if d and whole_at(board, before, d) and whole_at(board, now, d)), 0
    )


def whole_at(board: Board, snapshot: Snapshot, depth: int) -> bool:
    """Whether a cut after `depth` positions parts no equal scores."""
    order = in_order(board, snapshot)
    return depth == len(order) or order[depth - 1].score != order[depth].score


def tau_b(pairs: list[tuple[int, int]]) -> float | None:
    """Kendall's tau-b of pairs of ranks, every two of them looked at."""
    agree = differ = untied_first = untied_second = 0
    for (a, x), (b, y) in combinations(pairs, 2):
        agree += (a < b and x < y) or (a > b and x > y)
        differ += (a < b and x > y) or (a > b and x < y)
        untied_first += a != b
        untied_second += x != y
    if not untied_first or not untied_second:
        return None
    return (agree - differ) / sqrt(untied_first * untied_second)


def rbo(first: dict[str, int], second: dict[str, int], p: float = 0.9) -> float | None:
    """Rank-biased overlap, extrapolated, tied models as equals: agreement depth by depth, to 600.

    Agreement at a depth is the share of the models at or above it that are in both (Webber et al. 2010).
    A list that has ended goes on agreeing as it did at its end; beyond both ends the agreement stays.
    """
    if not first or not second:
        return None
    short, long = sorted((first, second), key=len)

    def shown(ranks: dict[str, int], depth: int) -> set[str]:
        return {model for model, place in ranks.items() if place <= depth}

    end = shown(short, len(short)), shown(long, len(short))
    at_end = 2 * len(end[0] & end[1]) / (len(end[0]) + len(end[1]))
    total = agreement = 0.0
    for depth in range(1, 601):
        one, two = shown(short, depth), shown(long, depth)
        if depth <= len(short):
            agreement = 2 * len(one & two) / (len(one) + len(two))
        elif depth <= len(long):
            unseen = depth - len(short)
            agreement = 2 * (len(one & two) + unseen * at_end) / (depth + len(two))
        total += (1 - p) * p ** (depth - 1) * agreement
    return total
