"""How alike rankings are: Kendall's tau-b and rank-biased overlap, both with ties, of many pairs at once.

Pairs of rankings come as flat arrays: `pair` numbers the pair from 0 that each rank belongs to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CELLS = 1 << 20
"""Cells of pairs by depths that are worked on at a time."""


def kendall_tau(first: Ints, second: Ints) -> float | None:
    """Kendall's tau-b of two rankings of the same models, given as ranks in the same order.

    None with fewer than two models or where one ranking is all ties: there is no order to agree on.
    """
    found = kendall_taus(np.zeros(len(first), dtype=np.int64), first, second, 1)[0]
    return None if np.isnan(found) else float(found)


def kendall_taus(pair: Ints, first: Ints, second: Ints, pairs: int) -> Floats:
    """Kendall's tau-b of each pair of rankings; one element per model in both. NaN where there is none.

    (concordant - discordant) / sqrt(pairs untied in the first * pairs untied in the second), after
    Kendall 1945, "The treatment of ties in ranking problems"; equals scipy.stats.kendalltau.
    """
    order = np.lexsort((second, first, pair))
    pair, first, second = pair[order], first[order], second[order]
    count = np.bincount(pair, minlength=pairs)
    both = count * (count - 1) // 2
    tied_first = _tied(pair, pairs, first)
    tied_both = _tied(pair, pairs, first, second)
    by_second = np.lexsort((first, second, pair))
    tied_second = _tied(pair, pairs, second[by_second])
    place = np.empty_like(by_second)
    place[by_second] = np.arange(len(pair))
    discordant = _inversions(pair, pairs, second, place - np.arange(len(pair)))
    concordant = both - tied_first - tied_second + tied_both - discordant
    with np.errstate(invalid="ignore", divide="ignore"):
        untied = (both - tied_first).astype(float) * (both - tied_second)
        found: Floats = (concordant - discordant) / np.sqrt(untied)
    found[untied == 0] = np.nan
    return found


def _tied(pair: Ints, pairs: int, *values: Ints) -> Ints:
    """How many couples of models agree in the values, which come in order within each pair."""
    starts = np.ones(len(pair), dtype=bool)
    starts[1:] = pair[1:] != pair[:-1]
    for value in values:
        starts[1:] |= value[1:] != value[:-1]
    at = np.flatnonzero(starts)
    lengths = np.diff(np.append(at, len(pair)))
    tied = np.zeros(pairs, dtype=np.int64)
    np.add.at(tied, pair[at], lengths * (lengths - 1) // 2)
    return tied


def _inversions(pair: Ints, pairs: int, values: Ints, moved: Ints) -> Ints:
    """How many couples of each pair stand in falling order; `moved` says how far each is from its place.

    Two that are inverted are nearer to each other than twice the farthest move of their pair, and from day
    to day models move little: so couples at distance 1, 2, ... are compared, as far as some pair needs.
    """
    found = np.zeros(pairs, dtype=np.int64)
    farthest = np.zeros(pairs, dtype=np.int64)
    np.maximum.at(farthest, pair, np.abs(moved))
    reach = 2 * farthest[pair]
    distance = 1
    while len(pair) and distance <= reach.max():
        if distance & (distance - 1) == 0:
            # Now and then those are left behind that need not look farther.
            needed = reach >= distance
            pair, values, reach = pair[needed], values[needed], reach[needed]
        same = pair[:-distance] == pair[distance:]
        inverted = same & (values[:-distance] > values[distance:])
        found += np.bincount(pair[:-distance][inverted], minlength=pairs)
        distance += 1
    return found


def rbo(first: dict[str, int], second: dict[str, int], p: float = 0.9) -> float | None:
    """Rank-biased overlap of two rankings, dicts of model -> 1224 rank; None where one is empty."""
    if not first or not second:
        return None
    common = [max(rank, second[model]) for model, rank in first.items() if model in second]
    lists = [
        np.array(list(ranks), dtype=np.int64) for ranks in (first.values(), second.values(), common)
    ]
    one, two, both = ((np.zeros(len(ranks), dtype=np.int64), ranks) for ranks in lists)
    return float(rbos(one, two, both, 1, p)[0])


Ranks = tuple[Ints, Ints]
"""Which pair, and a rank: one element per model."""


def rbos(first: Ranks, second: Ranks, common: Ranks, pairs: int, p: float = 0.9) -> Floats:
    """Extrapolated rank-biased overlap of each pair of rankings; NaN where one is empty.

    `common` has the worse of the two ranks of each model in both. Tied models share the rank, as equals:
    the w variant of Corsi & Urbano, "The Treatment of Ties in Rank-Biased Overlap", SIGIR 2024, so identical
    rankings give 1. Without ties it is eq. 32 of Webber, Moffat & Zobel, "A similarity measure for
    indefinite rankings", TOIS 2010. The lists may have different lengths.
    """
    lengths = [np.bincount(pair, minlength=pairs) for pair, _ in (first, second)]
    long = int(max(lengths[0].max(initial=0), lengths[1].max(initial=0)))
    step = max(1, CELLS // max(long, 1))
    sorted_by_pair = [_by_pair(ranks) for ranks in (first, second, common)]
    found = np.full(pairs, np.nan)
    for begin in range(0, pairs, step):
        end = min(begin + step, pairs)
        one, two, both = (_reached(ranks, begin, end, long) for ranks in sorted_by_pair)
        found[begin:end] = _rbos(one, two, both, lengths[0][begin:end], lengths[1][begin:end], p)
    return found


def _by_pair(ranks: Ranks) -> Ranks:
    order = np.argsort(ranks[0], kind="stable")
    return ranks[0][order], ranks[1][order]


def _reached(ranks: Ranks, begin: int, end: int, long: int) -> Floats:
    """Per pair from `begin` to `end`, how many of its ranks are at most 1, 2, ... `long`."""
    low, high = np.searchsorted(ranks[0], [begin, end])
    pair, rank = ranks[0][low:high] - begin, ranks[1][low:high]
    cells = np.bincount(pair * long + rank - 1, minlength=(end - begin) * long)
    return np.cumsum(cells.reshape(end - begin, long), axis=1, dtype=np.float64)


def _rbos(
    in_first: Floats, in_second: Floats, overlap: Floats, n_first: Ints, n_second: Ints, p: float
) -> Floats:
    pairs, long = overlap.shape
    swap = (n_first > n_second)[:, None]
    in_short, in_long = np.where(swap, in_second, in_first), np.where(swap, in_first, in_second)
    s, l = np.minimum(n_first, n_second), np.maximum(n_first, n_second)  # noqa: E741 - the letters of the papers
    depths, row = np.arange(1, long + 1), np.arange(pairs)
    with np.errstate(invalid="ignore", divide="ignore"):
        at_s = (row, np.maximum(s - 1, 0))
        agreement_at_s = 2 * overlap[at_s] / (in_short[at_s] + in_long[at_s])
        # Below its end the short ranking is taken to go on as it agreed so far, one model a depth.
        unseen = np.maximum(depths - s[:, None], 0)
        agreement = 2 * (overlap + unseen * agreement_at_s[:, None])
        agreement /= np.where(unseen > 0, depths, in_short) + in_long
        seen = np.where(depths <= l[:, None], agreement * p**depths, 0).sum(axis=1)
        at_end = overlap[row, np.maximum(l - 1, 0)]
        beyond = (at_end + (l - s) * agreement_at_s) / l * p ** (l + 1.0) / (1 - p)
        found: Floats = (1 - p) / p * (seen + beyond)
    found[s == 0] = np.nan
    return found
