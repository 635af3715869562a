"""Tau against scipy, RBO against the definition written out with sets and a long sum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, rankdata

from warehouse.rank_statistics import kendall_tau, rbo, rbos

SCORES = st.lists(st.integers(0, 12), min_size=1, max_size=14)


def ranking(scores: dict[str, int]) -> dict[str, int]:
    """1224 ranks, highest score first, by definition: 1 + how many are better."""
    return {m: 1 + sum(o > s for o in scores.values()) for m, s in scores.items()}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=40))
def test_tau_equals_scipy_with_ties(pairs: list[tuple[int, int]]) -> None:
    first, second = (
        rankdata(side, method="min").astype(np.int64) for side in zip(*pairs, strict=True)
    )
    expected = kendalltau(first, second).statistic
    found = kendall_tau(first, second)
    if np.isnan(expected):
        assert found is None
    else:
        assert found == pytest.approx(expected, abs=1e-9)


def test_tau_of_fewer_than_two_models_is_none() -> None:
    assert kendall_tau(np.array([], dtype=np.int64), np.array([], dtype=np.int64)) is None
    assert kendall_tau(np.array([1]), np.array([1])) is None


def naive_rbo(first: dict[str, int], second: dict[str, int], p: float) -> float:
    """RBO^w extrapolated, straight from the definition: sets at each depth, a sum of 2,000 terms."""
    short, long = sorted((first, second), key=len)
    s, l = len(short), len(long)  # noqa: E741

    def at(ranks: dict[str, int], depth: int) -> set[str]:
        return {model for model, rank in ranks.items() if rank <= depth}

    at_s = 2 * len(at(short, s) & at(long, s)) / (len(at(short, s)) + len(at(long, s)))
    total = 0.0
    for d in range(1, 2001):
        shared = len(at(short, d) & at(long, d))
        if d <= s:
            agreement = 2 * shared / (len(at(short, d)) + len(at(long, d)))
        elif d <= l:
            agreement = 2 * (shared + (d - s) * at_s) / (d + len(at(long, d)))
        else:
            agreement = (shared + (l - s) * at_s) / l
        total += (1 - p) * p ** (d - 1) * agreement
    return total


@given(SCORES, SCORES, st.sampled_from([0.8, 0.9, 0.95]), st.randoms(use_true_random=False))
def test_rbo_equals_its_definition_with_ties_and_uneven_lists(
    one: list[int], two: list[int], p: float, random: object
) -> None:
    names = [f"m{i}" for i in range(16)]
    random.shuffle(names)  # type: ignore[attr-defined]
    first = ranking(dict(zip((f"m{i}" for i in range(16)), one, strict=False)))
    second = ranking(dict(zip(names, two, strict=False)))
    assert rbo(first, second, p) == pytest.approx(naive_rbo(first, second, p), abs=1e-9)


@given(st.integers(1, 12), st.integers(1, 12), st.randoms(use_true_random=False))
def test_rbo_without_ties_is_equation_32_of_webber(s: int, l: int, random: object) -> None:  # noqa: E741
    s, l = sorted((s, l))  # noqa: E741
    p, pool = 0.9, [f"m{i}" for i in range(14)]
    short, long = (random.sample(pool, k) for k in (s, l))  # type: ignore[attr-defined]
    overlap = [len(set(short[:d]) & set(long[:d])) for d in range(l + 1)]
    seen = sum(overlap[d] / d * p**d for d in range(1, l + 1))
    beyond_s = sum(overlap[s] * (d - s) / (s * d) * p**d for d in range(s + 1, l + 1))
    tail = ((overlap[l] - overlap[s]) / l + overlap[s] / s) * p**l
    expected = (1 - p) / p * (seen + beyond_s) + tail
    ranks = [{m: i for i, m in enumerate(side, start=1)} for side in (short, long)]
    assert rbo(*ranks) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("lengths", [(90, 90), (60, 90), (20, 90), (47, 48)], ids=str)
def test_rbo_of_lists_that_go_on_below_what_still_weighs(lengths: tuple[int, int]) -> None:
    # With p = 0.5 what lies below depth 47 weighs 1e-14.
    random = np.random.default_rng(5)
    first, second = (
        ranking({f"m{i}": int(random.integers(0, 60)) for i in range(length)}) for length in lengths
    )
    assert rbo(first, second, 0.5) == pytest.approx(naive_rbo(first, second, 0.5), abs=1e-12)


def test_rbo_of_many_pairs_is_to_the_last_bit_that_of_each_alone() -> None:
    random = np.random.default_rng(5)
    pairs = [
        [dict(zip(random.permutation(400)[:n], range(1, n + 1), strict=True)) for n in lengths]
        for lengths in random.integers(1, 400, size=(40, 2)).tolist()
    ]
    flat = [
        [(pair, rank) for pair, lists in enumerate(pairs) for rank in lists[side].values()]
        for side in (0, 1)
    ]
    common = [
        (pair, max(rank, two[model]))
        for pair, (one, two) in enumerate(pairs)
        for model, rank in one.items()
        if model in two
    ]
    first, second, both = (tuple(np.array(rows).T) for rows in (*flat, common))
    assert rbos(first, second, both, len(pairs)).tolist() == [rbo(*lists) for lists in pairs]


def test_rbo_of_the_worked_example() -> None:
    assert rbo({"1": 1, "2": 2, "3": 3}, {"1": 1, "3": 2, "2": 3}) == pytest.approx(0.955, abs=1e-9)


@given(SCORES)
def test_a_ranking_with_itself_agrees_wholly(scores: list[int]) -> None:
    same = ranking({f"m{i}": score for i, score in enumerate(scores)})
    assert rbo(same, same) == pytest.approx(1, abs=1e-9)


def test_rbo_with_an_empty_list_is_none() -> None:
    assert rbo({}, {"a": 1}) is None
