"""How sure: z, its probability, Holm's ties, the chance that the first is the best. All with math.erfc."""

from __future__ import annotations

from math import erfc, exp, pi, sqrt

from tests.oracle.boards import Board, Entry, Snapshot, in_order, sd, value

STEP = 0.02


def below(z: float) -> float:
    """The share of the normal distribution below z."""
    return erfc(-z / sqrt(2)) / 2


def z_score(board: Board, one: Entry, other: Entry) -> float | None:
    """The distance of two scores in standard errors; None where noise is missing or nought."""
    one_sd, other_sd = sd(board, one), sd(board, other)
    if one_sd is None or other_sd is None or (one_sd == 0 and other_sd == 0):
        return None
    return abs(value(one) - value(other)) / sqrt(one_sd**2 + other_sd**2)


def verdict(z: float | None) -> str:
    if z is None:
        return "unknown"
    return "lead" if z >= 1.96 else "photo finish"


def tied_with_leader(board: Board, snapshot: Snapshot) -> list[str] | None:
    """The leader and the models not told from it at 5% after Holm; None if its noise is unknown.

    Holm in his own words: go up from the smallest p of m, reject while p_i <= 0.05 / (m - i + 1), and
    stop at the first that does not; it and all after it stay.
    """
    first, *rest = in_order(board, snapshot)
    if sd(board, first) is None:
        return None
    tests = []
    for position, entry in enumerate(rest):
        z = z_score(board, first, entry)
        if z is not None:
            tests.append((erfc(z / sqrt(2)), position, entry.model))
    tests.sort()
    for i, (p, _, _) in enumerate(tests):
        if p > 0.05 / (len(tests) - i):
            kept = sorted(tests[i:], key=lambda test: test[1])
            return [first.model, *(model for _, _, model in kept)]
    return [first.model]


def p_leader_best(board: Board, snapshot: Snapshot) -> float | None:
    """The leader's chance to be the truly best: its score walked in steps of 0.02 standard errors."""
    first, *rest = in_order(board, snapshot)
    noise = sd(board, first)
    others = [(abs(value(first) - value(entry)), sd(board, entry)) for entry in rest]
    known = [(ahead, other) for ahead, other in others if other is not None]
    if noise is None or not known or not (noise or any(other for _, other in known)):
        return None
    if noise == 0:
        return _all_below(known, 0.0)
    reach = round(8 / STEP)
    shares = ((i + 0.5) * STEP for i in range(-reach, reach))
    return sum(STEP * exp(-u * u / 2) / sqrt(2 * pi) * _all_below(known, u * noise) for u in shares)


def _all_below(others: list[tuple[float, float]], moved: float) -> float:
    """The chance that all others are below the leader, whose true score is `moved` off its own."""
    chance, sharing = 1.0, 1
    for ahead, noise in others:
        distance = ahead + moved
        if noise:
            chance *= below(distance / noise)
        elif distance == 0:
            sharing += 1
        elif distance < 0:
            return 0.0
    return chance / sharing
