"""Paired tests, lost cases and the comparison with public boards, against hand counts and statsmodels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, kendalltau
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from flows.settings import Settings
from sources import local
from tests.conftest import built, landed, one, scored, tidy_csv
from warehouse.archive import Archive
from warehouse.metrics.paired_tests import exact_p

Answers = Mapping[str, Sequence[float | None] | str]
"""model -> its score on each case in order (None: not asked); "1101" is four scores."""

MakeLocal = Callable[..., duckdb.DuckDBPyConnection]


def cases(answers: Answers, task: str = "overall", **facts: Any) -> list[local.Case]:
    return [
        local.Case(model, task, f"c{number}", float(score), **facts)
        for model, scores in answers.items()
        for number, score in enumerate(scores)
        if score is not None
    ]


@pytest.fixture
def local_board(settings: Settings) -> Iterator[MakeLocal]:
    """Make a warehouse with local/test from cases, and a public board from model=score."""
    opened = []

    def make(
        board: Sequence[local.Case], public: Mapping[str, Mapping[str, float]] | None = None
    ) -> duckdb.DuckDBPyConnection:
        archive = Archive(settings.archive)
        at = datetime(2025, 1, 1, tzinfo=UTC)
        fetches = [
            landed(archive, local.written(board, None), at, url="local:test", source="local"),
            *(
                landed(archive, tidy_csv(scored(**scores), day, {}), at, url=f"file:///{day}.csv")
                for day, scores in (public or {}).items()
            ),
        ]
        archive.append(fetches)
        opened.append(db := built(settings))
        return db

    yield make
    for db in opened:
        db.close()


def test_neighbours_are_tested_on_the_cases_on_which_they_differ(local_board: MakeLocal) -> None:
    # ada and bea differ on nine cases, all for ada: p = 2 / 2^9. bea and cal on two, one each.
    db = local_board(cases({"ada": "111111111111", "bea": "000000000111", "cal": "100000000110"}))
    found = db.sql(
        "select model, next_model, n_cases, better, worse, p, p_holm, apart "
        "from metrics.paired_tests order by model"
    ).fetchall()
    assert found == [
        ("ada", "bea", 12, 9, 0, pytest.approx(2 / 2**9), pytest.approx(4 / 2**9), True),
        ("bea", "cal", 12, 1, 1, 1.0, 1.0, False),
    ]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1))
def test_p_is_mcnemars_exact_test(counts: list[tuple[int, int]]) -> None:
    better, worse = (np.array(column, dtype=np.int64) for column in zip(*counts, strict=True))
    found = exact_p(better, worse)
    for p, (b, w) in zip(found, counts, strict=True):
        assert p == pytest.approx(mcnemar([[7, b], [w, 5]], exact=True).pvalue)
        assert p == pytest.approx(binomtest(b, b + w).pvalue if b + w else 1.0)


def test_p_values_are_holms_within_a_snapshot_and_task(local_board: MakeLocal) -> None:
    answers = {
        "a": "1" * 30,
        "b": "1" * 21 + "0" * 9,
        "c": "1" * 15 + "0" * 15,
        "d": "1" * 8 + "0" * 22,
        "e": "0" * 30,
    }
    db = local_board(cases(answers, task="x") + cases({"a": "11", "b": "10"}, task="y"))
    found = db.sql(
        "select p, p_holm, apart from metrics.paired_tests where task = 'x' order by model"
    ).fetchall()
    assert [p for p, _, _ in found] == pytest.approx([binomtest(0, n).pvalue for n in (9, 6, 7, 8)])
    apart, holm, _, _ = multipletests([p for p, _, _ in found], 0.05, method="holm")
    assert [p for _, p, _ in found] == pytest.approx(list(holm))
    assert [yes for _, _, yes in found] == list(apart)
    assert one(db, "select p, p_holm from metrics.paired_tests where task = 'y'") == {
        "p": 1.0,
        "p_holm": 1.0,
    }


def test_cases_with_fractional_scores_count_by_which_is_higher(local_board: MakeLocal) -> None:
    ada, bea = [0.9, 0.5, 0.3, 0.1 + 0.2], [0.2, 0.6, 0.3, 0.3]
    db = local_board(cases({"ada": ada, "bea": bea}))
    assert one(db, "select better, worse, n_cases from metrics.paired_tests") == {
        "better": 1,
        "worse": 1,
        "n_cases": 4,
    }


def test_only_cases_that_both_were_asked_count(local_board: MakeLocal) -> None:
    db = local_board(cases({"ada": [1, 1, None, 1], "bea": [0, None, 0, 1]}))
    assert one(db, "select n_cases, better, worse from metrics.paired_tests") == {
        "n_cases": 2,
        "better": 1,
        "worse": 0,
    }


def test_neighbours_without_a_case_in_common_have_no_test(local_board: MakeLocal) -> None:
    db = local_board(cases({"ada": [1, None], "bea": [None, 0]}))
    assert one(db, "select count(*) n from metrics.paired_tests") == {"n": 0}


def test_one_model_has_a_board_and_no_test(local_board: MakeLocal) -> None:
    db = local_board(cases({"ada": "10"}))
    assert one(db, "select leader, runner_up from metrics.gap_history") == {
        "leader": "ada",
        "runner_up": None,
    }
    assert one(db, "select count(*) n from metrics.paired_tests") == {"n": 0}


def test_overall_is_over_the_cases_of_all_tasks(local_board: MakeLocal) -> None:
    """The same id in two tasks is two cases."""
    both = cases({"ada": "111", "bea": "100"}, "tone") + cases({"ada": "01", "bea": "11"}, "x")
    db = local_board(both)
    assert db.sql(
        "select task, n_cases, better, worse from metrics.paired_tests "
        "where model = 'ada' order by task"
    ).fetchall() == [("overall", 5, 2, 1), ("tone", 3, 2, 0)]
    assert db.sql(
        "select task, score, n from core.entries where model = 'ada' order by task"
    ).fetchall() == [("overall", 80.0, 5), ("tone", 100.0, 3), ("x", 50.0, 2)]


def test_a_board_without_single_cases_has_no_paired_tests(local_board: MakeLocal) -> None:
    db = local_board(cases({"ada": "1"}), {"2025-01-01": {"ada": 2.0, "bea": 1.0}})
    assert one(db, "select count(*) n from metrics.paired_counts where board = 'test/board'") == {
        "n": 0
    }


def test_a_board_of_your_own_has_the_same_gaps_and_ties(local_board: MakeLocal) -> None:
    """80 against 60 right of 100: binomial noise, z = 20 / sqrt(16 + 24) = 3.16."""
    db = local_board(cases({"ada": "1" * 80 + "0" * 20, "bea": "1" * 60 + "0" * 40}))
    assert one(db, "select gap, round(z, 4) z, verdict from metrics.gaps") == {
        "gap": 20.0,
        "z": 3.1623,
        "verdict": "lead",
    }
    assert one(db, "select n_tied from metrics.ties") == {"n_tied": 1}
    assert one(db, "select source, scale, unit from core.boards where board = 'local/test'") == {
        "source": "local",
        "scale": "proportion",
        "unit": "%",
    }


def test_losses_are_the_cases_below_one_with_how_many_fail_them(local_board: MakeLocal) -> None:
    db = local_board(cases({"ada": [1, 0.5, 1], "bea": [0, 0, 1], "cal": [None, 1, 1]}))
    found = db.sql(
        "select case_id, model, score, models_failing, models_asked from local.losses "
        "order by case_id, model"
    ).fetchall()
    assert found == [
        ("c0", "bea", 0.0, 1, 2),
        ("c1", "ada", 0.5, 2, 3),
        ("c1", "bea", 0.0, 2, 3),
    ]


def test_another_board_of_that_name_cannot_come_from_a_file(
    local_board: MakeLocal, settings: Settings
) -> None:
    archive = Archive(settings.archive)
    stolen = tidy_csv([{"board": "local/test", "model_raw": "eve", "score": 100}], None, {})
    archive.append([landed(archive, stolen, datetime(2025, 1, 1, tzinfo=UTC), "file:///x.csv")])
    db = local_board(cases({"ada": "1"}))
    assert one(db, "select reason from raw.quarantine") == {
        "reason": "the board local/test belongs to the source local"
    }


PUBLIC = {
    "2024-01-01": {"ada": 1.0, "bea": 2.0, "cal": 3.0},
    "2025-01-01": {"ada": 9.0, "bea": 7.0, "cal": 8.0, "dan": 7.0, "eve": 10.0},
}
MINE = {"ada": "1000", "bea": "1111", "cal": "1110", "dan": "1110", "zoe": "1111"}


def test_your_order_is_held_against_the_latest_public_one(local_board: MakeLocal) -> None:
    """In common are ada, bea, cal, dan: yours bea, then cal and dan; theirs ada, cal, then bea and dan."""
    db = local_board(cases(MINE), PUBLIC)
    found = db.sql(
        "select model, local_rank, public_rank, difference, n_common, public_as_of::varchar "
        "from metrics.local_vs_public order by model"
    ).fetchall()
    assert found == [
        ("ada", 4, 1, 3, 4, "2025-01-01"),
        ("bea", 1, 3, -2, 4, "2025-01-01"),
        ("cal", 2, 2, 0, 4, "2025-01-01"),
        ("dan", 2, 3, -1, 4, "2025-01-01"),
    ]
    tau = one(db, "select distinct kendall_tau from metrics.local_vs_public")["kendall_tau"]
    assert tau == pytest.approx(kendalltau([4, 1, 2, 2], [1, 3, 2, 3]).statistic)


def test_two_models_in_common_are_too_few(local_board: MakeLocal) -> None:
    db = local_board(cases({"ada": "1", "bea": "0", "zoe": "1"}), PUBLIC)
    assert one(db, "select count(*) n from metrics.local_vs_public") == {"n": 0}


def test_an_order_of_ties_has_no_tau(local_board: MakeLocal) -> None:
    db = local_board(cases({"ada": "1", "bea": "1", "cal": "1"}), PUBLIC)
    assert db.sql("select distinct kendall_tau from metrics.local_vs_public").fetchall() == [
        (None,)
    ]


def test_the_tests_of_many_models_equal_a_loop(local_board: MakeLocal) -> None:
    rng = np.random.default_rng(7)
    answers = {f"m{i}": (rng.random(50) < 0.2 + i / 12).astype(float).tolist() for i in range(9)}
    db = local_board(cases(answers))
    ranked = db.sql("select model from core.entries order by position").fetchall()
    expected = []
    for (first,), (second,) in pairwise(ranked):
        pairs = list(zip(answers[first], answers[second], strict=True))
        table = [[sum(p == (x, y) for p in pairs) for y in (0, 1)] for x in (0, 1)]
        expected.append((first, second, pytest.approx(mcnemar(table, exact=True).pvalue)))
    found = db.sql(
        "select model, next_model, p from metrics.paired_tests "
        "join metrics.paired_counts using (board, task, as_of, model, next_model) order by position"
    ).fetchall()
    assert found == expected
