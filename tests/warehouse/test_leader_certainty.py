"""The chance that the first is the best, against scipy's distributions and a simulation."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from tests.conftest import MakeWarehouse, made_of, one
from warehouse.metrics import leader_certainty
from warehouse.metrics.leader_certainty import chance_of_being_best, chances_of_being_best
from warehouse.models import Model

SCORES = st.lists(st.floats(-3, 3), min_size=2, max_size=12)
SDS = st.sampled_from([0.0, 0.001, 0.03, 0.5, 1.0, 4.0])


@pytest.fixture
def models() -> Sequence[Model]:
    return made_of(["metrics.gap_history"])


def chance(scores: list[float], sds: list[float], which: int = 0) -> float:
    return chance_of_being_best(np.array(scores), np.array(sds), which)


@given(st.floats(-9, 9), st.floats(0, 4), st.floats(0.01, 4))
def test_of_two_it_is_the_normal_distribution_of_z(gap: float, one: float, other: float) -> None:
    expected = norm.cdf(gap / sqrt(one**2 + other**2))
    assert chance([gap, 0], [one, other]) == pytest.approx(expected, abs=1e-9)
    assert chance([gap, 0], [other, one]) == pytest.approx(expected, abs=1e-9)


@given(SCORES, st.data())
def test_the_chances_of_all_models_add_up_to_one(scores: list[float], data: st.DataObject) -> None:
    sds = data.draw(st.lists(SDS, min_size=len(scores), max_size=len(scores)))
    total = sum(chance(scores, sds, which) for which in range(len(scores)))
    assert total == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_it_equals_the_orthant_of_the_differences(seed: int) -> None:
    # The leader is best where its differences to the others, normal and correlated through it, are positive.
    random = np.random.default_rng(seed)
    scores, sds = random.normal(size=4), 10 ** random.uniform(-1, 0.5, size=4)
    shared = np.diag(sds[1:] ** 2) + sds[0] ** 2
    expected = multivariate_normal.cdf(
        scores[0] - scores[1:], mean=np.zeros(3), cov=shared, abseps=1e-8, maxpts=1_000_000
    )
    assert chance_of_being_best(scores, sds) == pytest.approx(expected, abs=1e-6)


def test_it_equals_a_simulation_of_a_long_list() -> None:
    random = np.random.default_rng(7)
    scores = np.sort(random.normal(size=250))[::-1]
    sds = random.uniform(0.05, 1.5, size=250)
    drawn = random.normal(scores, sds, size=(40_000, 250))
    expected = np.mean(drawn.argmax(axis=1) == 0)
    error = sqrt(expected * (1 - expected) / 40_000)
    assert chance_of_being_best(scores, sds) == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize("cells", [1, 20_000, 1_000_000])
def test_many_at_once_have_to_the_last_bit_the_chances_that_each_has_alone(
    cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader_certainty, "CELLS", cells)
    random = np.random.default_rng(11)
    boards = [
        (random.normal(size=n), random.choice([0, 0.03, 0.5, 1.0], size=n))
        for n in random.integers(1, 40, size=60)
    ]
    rivals = np.concatenate(
        [
            np.column_stack([np.full(len(scores) - 1, i), scores[0] - scores[1:], sds[1:]])
            for i, (scores, sds) in enumerate(boards)
        ]
    )
    group, lead, sds = random.permutation(rivals).T
    found = chances_of_being_best(
        group.astype(np.int64), lead, sds, np.array([own[0] for _, own in boards])
    )
    assert found.tolist() == [chance_of_being_best(*board) for board in boards]
    assert np.ptp(found) > 0.9


def test_equal_models_have_equal_chances() -> None:
    assert chance([5.0] * 8, [0.3] * 8) == pytest.approx(1 / 8, abs=1e-9)


def test_one_model_is_the_best_of_one() -> None:
    assert chance([5.0], [0.3]) == pytest.approx(1, abs=1e-9)
    assert chance([5.0], [0.0]) == 1


def test_exact_scores_are_taken_at_their_word_and_share_a_tie() -> None:
    assert chance([2, 1, 0], [0, 0, 0]) == 1
    assert chance([2, 1, 0], [0, 0, 0], which=1) == 0
    assert chance([2, 2, 0], [0, 0, 0]) == 0.5
    assert chance([2, 1], [0, 1]) == pytest.approx(norm.cdf(1))
    assert chance([2, 1], [1, 0]) == pytest.approx(norm.cdf(1), abs=1e-9)
    assert chance([2, 9], [0.1, 0]) == 0


def bounded(model: str, score: float, sd: float | None) -> dict[str, object]:
    ends = (None, None) if sd is None else (score - 1.96 * sd, score + 1.96 * sd)
    return {"model_raw": model, "score": score, "ci_low": ends[0], "ci_high": ends[1]}


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_the_table_asks_it_of_the_leader_in_either_direction(
    warehouse: MakeWarehouse, higher_is_better: bool
) -> None:
    sign = 1 if higher_is_better else -1
    rows = [
        bounded("ada", 50, 1),
        bounded("bea", 50 - sign, 1),
        bounded("cal", 50 - sign * 9, None),
    ]
    db = warehouse({"2025-01-01": rows}, higher_is_better=higher_is_better)
    assert one(
        db, "select * exclude (board, task, as_of, snapshot_id) from metrics.leader_certainty"
    ) == {
        "leader": "ada",
        "n_models": 3,
        "n_measured": 2,
        "p_leader_best": pytest.approx(norm.cdf(1 / sqrt(2)), abs=1e-9),
    }


@pytest.mark.parametrize(
    "sds", [[None, 1, 1], [1, None, None], [None, None, None], [0, 0, 0]], ids=str
)
def test_without_noise_on_both_sides_there_is_no_number(
    warehouse: MakeWarehouse, sds: list[float | None]
) -> None:
    rows = [bounded(model, 9 - i, sd) for i, (model, sd) in enumerate(zip("abc", sds, strict=True))]
    db = warehouse({"2025-01-01": rows})
    assert one(db, "select count(*) n from metrics.leader_certainty") == {"n": 0}
    assert one(db, "select p_leader_best p from metrics.gap_history") == {"p": None}


def test_a_board_of_one_has_no_number(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": [bounded("ada", 5, 1)]})
    assert one(db, "select p_leader_best p from metrics.gap_history") == {"p": None}


def test_before_the_first_snapshot_the_table_is_empty(warehouse: MakeWarehouse) -> None:
    assert one(warehouse({}), "select count(*) n from metrics.leader_certainty") == {"n": 0}
