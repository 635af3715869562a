"""Gaps, ties, churn, reigns and rank history against hand-worked tables and scipy."""

from __future__ import annotations

from datetime import date
from math import sqrt

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from flows.pipeline import MACROS
from tests.conftest import MakeWarehouse, one, scored

TEN = scored(**{f"m{i:02}": 100.0 - i for i in range(10)})


def test_a_gap_is_the_distance_to_the_kth_in_percent_of_its_score(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": TEN})
    found = db.sql("select k, kth_model, gap, gap_pct, gap_pct_of_top from metrics.gaps").fetchall()
    assert sorted(found) == [
        (2, "m01", 1.0, pytest.approx(100 / 99), 1.0),
        (3, "m02", 2.0, pytest.approx(200 / 98), 2.0),
        (5, "m04", 4.0, pytest.approx(400 / 96), 4.0),
        (10, "m09", 9.0, pytest.approx(900 / 91), 9.0),
    ]


def test_a_board_with_fewer_than_k_models_has_no_row_for_that_k(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": TEN[:4]})
    assert db.sql("select k from metrics.gaps order by k").fetchall() == [(2,), (3,)]


def test_one_model_has_a_history_and_no_gap(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": TEN[:1]})
    assert one(db, "select count(*) n from metrics.gaps") == {"n": 0}
    found = one(db, "select leader, runner_up, gap_1_2_pct, verdict from metrics.gap_history")
    assert found == {"leader": "m00", "runner_up": None, "gap_1_2_pct": None, "verdict": None}


def test_lower_is_better_has_the_same_positive_gap(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=4.0, bea=5.0)}, higher_is_better=False)
    found = one(db, "select top_model, gap, gap_pct, gap_pct_of_top from metrics.gaps")
    assert found == {"top_model": "ada", "gap": 1.0, "gap_pct": 20.0, "gap_pct_of_top": 25.0}


def test_a_kth_score_of_zero_has_no_percentage(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=1.0, bea=0.0)})
    assert one(db, "select gap, gap_pct from metrics.gaps") == {"gap": 1.0, "gap_pct": None}


def test_all_equal_scores_have_gap_zero(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=3.0, bea=3.0)})
    assert one(db, "select gap, gap_pct, verdict from metrics.gaps") == {
        "gap": 0.0,
        "gap_pct": 0.0,
        "verdict": "unknown",
    }


def test_win_probability_is_for_elo_only(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=1400.0, bea=1000.0)}, scale="elo")
    assert one(db, "select win_probability w from metrics.gaps")["w"] == pytest.approx(10 / 11)
    db = warehouse({"2025-01-02": [{**r, "board": "a/b"} for r in scored(ada=2.0, bea=1.0)]})
    found = one(db, "select win_probability w from metrics.gaps where board = 'a/b'")
    assert found == {"w": None}


def interval(model: str, score: float, half: float) -> dict[str, object]:
    return {"model_raw": model, "score": score, "ci_low": score - half, "ci_high": score + half}


def test_z_and_its_probability_and_the_verdict(warehouse: MakeWarehouse) -> None:
    rows = [interval("ada", 100, 1.96), interval("bea", 99, 1.96), interval("cleo", 96, 1.96)]
    db = warehouse({"2025-01-01": rows})
    near, far = db.sql("select z, p_top_better, verdict from metrics.gaps order by k").fetchall()
    assert near == (
        pytest.approx(1 / sqrt(2)),
        pytest.approx(norm.cdf(1 / sqrt(2))),
        "photo finish",
    )
    assert far == (pytest.approx(4 / sqrt(2)), pytest.approx(norm.cdf(4 / sqrt(2))), "lead")


@settings(deadline=None)
@given(st.floats(-40, 40))
def test_the_normal_distribution_equals_scipys(z: float) -> None:
    db = duckdb.connect()
    db.execute(MACROS.read_text())
    found = db.execute("select normal_cdf(?::double)", [z]).fetchall()[0][0]
    assert found == pytest.approx(norm.cdf(z), rel=1e-12, abs=1e-14)


def test_ties_are_holms_against_the_leader(warehouse: MakeWarehouse) -> None:
    # sd is 1 for each, so z = difference / sqrt(2) and p = 2 * (1 - Phi(z)):
    # ben 1: p .480; cal 2.9: p .0403; dan 3.2: p .0237; eve 5: p .0004.
    # Holm multiplies by 1, 2, 3, 4 from the largest: eve .0016, dan .071, cal .081, ben .480.
    scores = {"ada": 100, "ben": 99, "cal": 97.1, "dan": 96.8, "eve": 95}
    db = warehouse({"2025-01-01": [interval(m, s, 1.96) for m, s in scores.items()]})
    assert one(db, "select leader, n_tied, tied_models from metrics.ties") == {
        "leader": "ada",
        "n_tied": 4,
        "tied_models": ["ada", "ben", "cal", "dan"],
    }


def test_ties_are_unknown_without_noise(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": TEN})
    assert one(db, "select n_tied, tied_models from metrics.ties") == {
        "n_tied": None,
        "tied_models": None,
    }


BEFORE = scored(ada=90.0, bea=80.0, cleo=70.0, dora=60.0)
AFTER = scored(bea=91.0, ada=90.0, cleo=70.0, eve=50.0)


def test_churn_counts_who_came_and_went(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": BEFORE, "2025-01-08": AFTER})
    found = one(db, "select * exclude (board, task, kendall_tau, rbo) from metrics.rank_churn")
    assert found == {
        "as_of": date(2025, 1, 8),
        "prev_as_of": date(2025, 1, 1),
        "n_common": 3,
        "entrants": 1,
        "exits": 1,
        "top10_entrants": 1,
        "leader_changed": True,
        "mean_abs_rank_change": pytest.approx(2 / 3),
        "comparable": True,
        "depth": None,
    }
    tau = one(db, "select kendall_tau from metrics.rank_churn")["kendall_tau"]
    assert tau == pytest.approx(1 / 3)  # of three pairs, one is turned round


def test_the_same_board_again_has_no_churn(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": BEFORE, "2025-01-08": BEFORE})
    found = one(
        db, "select entrants, exits, kendall_tau, rbo, leader_changed from metrics.rank_churn"
    )
    assert found == {
        "entrants": 0,
        "exits": 0,
        "kendall_tau": pytest.approx(1),
        "rbo": pytest.approx(1),
        "leader_changed": False,
    }


def test_nothing_is_compared_across_releases(warehouse: MakeWarehouse) -> None:
    states = {
        "2025-01-01": [{**row, "release": "2025-01"} for row in BEFORE],
        "2025-02-01": [{**row, "release": "2025-02"} for row in AFTER],
    }
    found = one(warehouse(states), "select comparable, n_common, rbo from metrics.rank_churn")
    assert found == {"comparable": False, "n_common": None, "rbo": None}


def test_a_truncated_listing_is_compared_down_to_the_common_depth(warehouse: MakeWarehouse) -> None:
    states = {"2025-01-01": BEFORE, "2025-01-02": BEFORE[:2], "2025-01-03": BEFORE}
    db = warehouse(states, complete_rows=4)
    found = db.sql(
        "select depth, entrants, exits, n_common from metrics.rank_churn order by as_of"
    ).fetchall()
    assert found == [(2, 0, 0, 2), (2, 0, 0, 2)]


def test_a_cut_through_a_tie_is_not_a_change(warehouse: MakeWarehouse) -> None:
    whole = scored(ada=9.0, bea=8.0, cleo=7.0, dora=7.0, eve=6.0)
    cut = [row for row in whole if row["model_raw"] in ("ada", "bea", "dora")]
    db = warehouse({"2025-01-01": whole, "2025-01-02": cut}, complete_rows=5)
    found = one(db, "select depth, entrants, exits from metrics.rank_churn")
    assert found == {"depth": 2, "entrants": 0, "exits": 0}


def test_a_bulk_delisting_is_noted_on_the_snapshot(warehouse: MakeWarehouse) -> None:
    many = scored(**{f"m{i:02}": 100.0 - i for i in range(30)})
    db = warehouse({"2025-01-01": many, "2025-01-02": [*many[:18], *scored(new=99.5)]})
    assert one(db, "select note from core.snapshots where as_of = '2025-01-02'") == {
        "note": "12 of 30 models were delisted at once, 1 added."
    }


def test_reigns_are_unbroken_stretches_of_one_leader(warehouse: MakeWarehouse) -> None:
    states = {
        "2025-01-01": BEFORE,
        "2025-01-03": BEFORE,
        "2025-01-08": AFTER,
        "2025-01-09": BEFORE,
    }
    found = (
        warehouse(states)
        .sql(
            "select model, from_as_of::varchar, to_as_of::varchar, days, snapshots "
            "from metrics.reigns order by from_as_of"
        )
        .fetchall()
    )
    assert found == [
        ("ada", "2025-01-01", "2025-01-03", 2, 2),
        ("bea", "2025-01-08", "2025-01-08", 0, 1),
        ("ada", "2025-01-09", "2025-01-09", 0, 1),
    ]


def test_rank_history_closes_a_row_when_rank_or_score_moves_or_the_model_goes(
    warehouse: MakeWarehouse,
) -> None:
    states = {
        "2025-01-01": BEFORE,
        "2025-01-02": BEFORE,
        "2025-01-08": AFTER,
        "2025-01-09": BEFORE,
    }
    db = warehouse(states)
    found = db.sql(
        "select model, rank, score, valid_from::varchar, valid_to::varchar "
        "from metrics.rank_history where model in ('bea', 'dora') order by model, valid_from"
    ).fetchall()
    assert found == [
        ("bea", 2, 80.0, "2025-01-01", "2025-01-08"),
        ("bea", 1, 91.0, "2025-01-08", "2025-01-09"),
        ("bea", 2, 80.0, "2025-01-09", None),
        ("dora", 4, 60.0, "2025-01-01", "2025-01-08"),
        ("dora", 4, 60.0, "2025-01-09", None),
    ]
