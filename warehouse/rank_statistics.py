"""How alike rankings are: Kendall's tau-b and rank-biased overlap, both with ties, of many pairs at once.

Pairs of rankings come as flat arrays: `pair` numbers the pair from 0 that each rank belongs to. Ranks begin
with 1, and the pairs times the square of the greatest rank must be fewer than 2**60. Memory grows with pairs
times the length of the longest ranking.
"""

from __future__ import annotations

from math import ceil, log

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEGLIGIBLE = 1e-14
"""What the depths may weigh together that RBO takes to agree as the last one above them."""


def kendall_tau(first: Ints, second: Ints) -> float | None:
    """Kendall's tau-b of two rankings of the same models, given as ranks in the same order.

    None with fewer than two models or where one ranking is all ties: there is no order to agree on.
    """
    found = kendall_taus(np.zeros(len(first), dtype=np.int64), first, second, 1)[0]
    return None if np.isnan(found) else float(found)


def kendall_taus(pair: Ints, first: Ints, second: Ints, pairs: int) -> Floats:
    """Kendall's tau-b of each pair of rankings; one element per model in both. NaN where there is none.

    (concordant - discordant) / sqrt(couples untied in the first * couples untied in the second), after
    Kendall 1945, "The treatment of ties in ranking problems"; equals scipy.stats.kendalltau.
    """
    bits = int(max(first.max(initial=0), second.max(initial=0))).bit_length()
    # Pair and ranks packed into one number: such numbers are much quicker to sort than rows.
    in_order = np.sort(((pair << bits | first) << bits) | second)
    by_first = in_order >> bits
    second_in_order = (by_first >> bits << bits) | (in_order & ((1 << bits) - 1))
    discordant = _inversions(second_in_order, bits, pairs)
    tied_both = _tied(in_order, 2 * bits, pairs)
    tied_first = _tied(by_first, bits, pairs)
    tied_second = _tied(np.sort(second_in_order), bits, pairs)
    count = np.bincount(pair, minlength=pairs)
    couples = count * (count - 1) // 2
    concordant = couples - tied_first - tied_second + tied_both - discordant
    with np.errstate(invalid="ignore", divide="ignore"):
        untied = (couples - tied_first).astype(float) * (couples - tied_second)
        found: Floats = (concordant - discordant) / np.sqrt(untied)
    found[untied == 0] = np.nan
    return found


def _tied(packed: Ints, bits: int, pairs: int) -> Ints:
    """Per pair, how many couples are equal, of numbers in order that hold the pair above `bits` bits."""
    begins = np.flatnonzero(np.diff(packed, prepend=-1))
    lengths = np.diff(begins, append=len(packed))
    several = lengths > 1
    lengths = lengths[several]
    tied = np.zeros(pairs, dtype=np.int64)
    np.add.at(tied, packed[begins[several]] >> bits, lengths * (lengths - 1) // 2)
    return tied


def _inversions(packed: Ints, bits: int, pairs: int) -> Ints:
    """Per pair, how many couples stand in falling order, of numbers that hold the pair above `bits` bits.

    The pairs themselves are in order. From day to day models move little, so each is compared with those
    1, 2, ... places before it, as far as anything before is higher.
    """
    values = np.concatenate([[-1], packed])
    highest = np.maximum.accumulate(values)
    found = np.zeros(pairs, dtype=np.int64)
    distance = 1
    at = 1 + np.flatnonzero(highest[:-1] > packed)
    while len(at):
        value = values[at]
        higher = values[at - distance] > value
        found += np.bincount(value[higher] >> bits, minlength=pairs)
        distance += 1
        at = at[highest[at - distance] > value]
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
    s, l = np.minimum(*lengths)[:, None], np.maximum(*lengths)[:, None]  # noqa: E741 - the letters of the papers
    # For every pair as deep, so that none depends to the last bit on those it is worked out with.
    deep = ceil(log(NEGLIGIBLE, p))
    depths = np.arange(1, deep + 1)
    # Below its end the short ranking is taken to go on as it agreed so far, one model a depth.
    unseen = np.maximum(np.minimum(depths, l) - s, 0)
    listed = np.cumsum(_at(first, pairs, deep) + _at(second, pairs, deep), axis=1) + unseen
    overlap = np.cumsum(_at(common, pairs, deep), axis=1)
    end = np.clip(s, 1, deep) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        at_end = np.take_along_axis(overlap, end, 1) / np.take_along_axis(listed, end, 1)
        agreement = 2 * (overlap + unseen * (2 * at_end)) / listed
    # Below the end of the long one, and below `deep`, they are taken to agree as they do there.
    found: Floats = (1 - p) / p * (agreement * p**depths).sum(axis=1) + agreement[:, -1] * p**deep
    found[s[:, 0] == 0] = np.nan
    return found


def _at(ranks: Ranks, pairs: int, deep: int) -> Ints:
    """Per pair, how many of its ranks are 1, 2, ... `deep`."""
    pair, rank = ranks
    counted = rank <= deep
    cells = pair[counted] * deep + rank[counted] - 1
    return np.bincount(cells, minlength=pairs * deep).reshape(pairs, deep)
