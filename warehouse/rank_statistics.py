"""How alike two rankings are: Kendall's tau-b and rank-biased overlap, both with ties."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.int64]


def kendall_tau(first: Ranks, second: Ranks) -> float | None:
    """Kendall's tau-b of two rankings of the same models, given as ranks in the same order.

    (concordant - discordant) / sqrt(pairs untied in the first * pairs untied in the second), after
    Kendall 1945, "The treatment of ties in ranking problems"; equals scipy.stats.kendalltau. None with
    fewer than two models or where one ranking is all ties: there is no order to agree on.
    """
    one = np.sign(first[:, None] - first)
    two = np.sign(second[:, None] - second)
    # Every pair is seen from both sides, which doubles all three.
    agreement, untied_first, untied_second = (
        int(np.vdot(a, b)) for a, b in ((one, two), (one, one), (two, two))
    )
    if not untied_first or not untied_second:
        return None
    return float(agreement / (untied_first * untied_second) ** 0.5)


def rbo(first: dict[str, int], second: dict[str, int], p: float = 0.9) -> float | None:
    """Extrapolated rank-biased overlap of two rankings, each a dict of model -> 1224 rank.

    Tied models share the rank, as equals: the w variant of Corsi & Urbano, "The Treatment of Ties in
    Rank-Biased Overlap", SIGIR 2024, so identical rankings give 1. Without ties it is eq. 32 of Webber,
    Moffat & Zobel, "A similarity measure for indefinite rankings", TOIS 2010. The lists may have
    different lengths. None where one is empty.
    """
    if not first or not second:
        return None
    short, long = sorted((first, second), key=len)
    s, l = len(short), len(long)  # noqa: E741 - the letters of the papers
    depths = np.arange(1, l + 1)
    in_short = _reached(list(short.values()), l)
    in_long = _reached(list(long.values()), l)
    common = [max(rank, long[model]) for model, rank in short.items() if model in long]
    overlap = _reached(common, l).astype(float)
    agreement_at_s = 2 * overlap[s - 1] / (in_short[s - 1] + in_long[s - 1])
    # Below its end the short ranking is taken to go on as it agreed so far, one model a depth.
    unseen = np.maximum(depths - s, 0)
    agreement = 2 * (overlap + unseen * agreement_at_s)
    agreement /= np.where(depths > s, depths, in_short) + in_long
    seen = float(agreement @ p**depths)
    beyond = (overlap[-1] + (l - s) * agreement_at_s) / l * p ** (l + 1) / (1 - p)
    return float((1 - p) / p * (seen + beyond))


def _reached(ranks: list[int], length: int) -> Ranks:
    """How many of the ranks are at most 1, 2, ... length."""
    return np.cumsum(np.bincount(ranks, minlength=length + 1)[1 : length + 1])
