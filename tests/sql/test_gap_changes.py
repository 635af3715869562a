"""Why a gap moved: by models that left or came, by scores, or by the scale; the parts add up.

An explanation also asks metrics.gap_history and metrics.rank_churn.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from flows.show.explain import mattered, sentence, steps_table
from tests.conftest import MakeWarehouse, one, scored
from warehouse.explain import explain
from warehouse.reader import UnknownBoard

PARTS = "from_exits, from_rescale, from_scores, from_entries"


def parts(db: Any, k: int = 2) -> tuple[float | None, ...]:
    (found,) = db.sql(f"select {PARTS} from metrics.gap_changes where k = {k}").fetchall()
    return tuple(found)


OLD = scored(ada=120.0, bea=110.0, cleo=100.0, dora=80.0)


def test_a_delisting_moves_the_gap_and_nothing_else(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": OLD, "2025-01-02": [row for row in OLD if row != OLD[1]]})
    # 120 over 110 becomes 120 over 100.
    assert parts(db) == (pytest.approx(20 - 100 / 11), 0, 0, 0)
    assert one(db, "select cause, left_top, entered_top from metrics.gap_changes where k = 2") == {
        "cause": "exits",
        "left_top": ["bea"],
        "entered_top": [],
    }


def test_a_new_leader_is_an_entry(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": OLD, "2025-01-02": [*OLD, *scored(eve=150.0)]})
    assert parts(db) == (0, 0, 0, pytest.approx(25 - 100 / 11))
    assert one(db, "select cause, entered_top from metrics.gap_changes where k = 2") == {
        "cause": "entries",
        "entered_top": ["eve"],
    }


def test_one_model_that_moves_is_a_change_of_scores(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": OLD, "2025-01-02": [*scored(ada=132.0), *OLD[1:]]})
    assert parts(db) == (0, 0, pytest.approx(20 - 100 / 11), 0)
    assert one(db, "select cause from metrics.gap_changes where k = 2")["cause"] == "scores"


def test_a_shift_of_all_is_a_change_of_scale(warehouse: MakeWarehouse) -> None:
    shifted = [{**row, "score": row["score"] - 60} for row in OLD]
    db = warehouse({"2025-01-01": OLD, "2025-01-02": shifted})
    # The median change is -60: 60 over 50 instead of 120 over 110.
    assert parts(db) == (0, pytest.approx(20 - 100 / 11), pytest.approx(0), 0)
    assert one(db, "select cause, shift from metrics.gap_changes where k = 2") == {
        "cause": "rescale",
        "shift": -60.0,
    }


def test_everything_at_once_goes_in_the_order_exits_rescale_scores_entries(
    warehouse: MakeWarehouse,
) -> None:
    """By hand, lower is better: ada 10, bea 12, cleo 16, dora 20, then bea goes, eve comes."""
    db = warehouse(
        {
            "2025-01-01": scored(ada=10.0, bea=12.0, cleo=16.0, dora=20.0),
            "2025-01-02": scored(ada=9.0, cleo=14.0, dora=19.0, eve=8.0),
        },
        higher_is_better=False,
    )
    gap = {"old": 100 * 2 / 12, "without bea": 100 * 6 / 16, "shifted by -1": 100 * 6 / 15}
    gap |= {"new scores": 100 * 5 / 14, "with eve": 100 * 1 / 9}
    values = list(gap.values())
    steps = [later - before for before, later in pairwise(values)]
    assert parts(db) == tuple(pytest.approx(step) for step in steps)


def test_the_same_list_again_moves_nothing(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": OLD, "2025-01-02": OLD})
    assert parts(db) == (0, 0, 0, 0)
    assert one(db, "select cause from metrics.gap_changes where k = 2")["cause"] == "none"


def test_a_list_that_was_replaced_has_no_parts(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": OLD, "2025-01-02": [OLD[0], *scored(x=1.0, y=2.0)]})
    row = one(db, f"select cause, delta_pct, {PARTS} from metrics.gap_changes where k = 2")
    assert row.pop("cause") == "turnover"
    assert row.pop("delta_pct") == pytest.approx(5900 - 100 / 11)
    assert set(row.values()) == {None}


def test_a_new_release_has_no_parts(warehouse: MakeWarehouse) -> None:
    states = {
        f"2025-0{month}-01": [{**row, "release": str(month)} for row in OLD] for month in (1, 2)
    }
    row = one(warehouse(states), f"select cause, {PARTS} from metrics.gap_changes where k = 2")
    assert row.pop("cause") == "release"
    assert set(row.values()) == {None}


def test_a_score_of_zero_in_kth_place_makes_no_row_or_no_parts(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=2.0, bea=0.0), "2025-01-02": scored(ada=2.0, bea=1.0)})
    assert one(db, "select count(*) as n from metrics.gap_changes") == {"n": 0}


TEN = {f"m{i:02}": 1400.0 - i for i in range(40)}


def test_a_delisting_is_told_in_a_sentence(warehouse: MakeWarehouse) -> None:
    kept = {model: score for model, score in TEN.items() if not "m05" <= model <= "m24"}
    db = warehouse({"2025-01-01": scored(**TEN), "2025-01-05": scored(**kept)})
    told = explain(db, "test/board")
    # 1400 over 1391 (m09), then 1400 over 1371 (m29).
    assert sentence(told) == (
        "The gap between 1st and 10th rose from 0.6% to 2.1% between 2025-01-01 and 2025-01-05: "
        "20 models were delisted (+1.5), scores +0.0. The models did not move; the list did."
    )
    assert list(mattered(told)) == ["left the first 10: m05, m06, m07, m08, m09"]


def test_a_new_leader_is_named(warehouse: MakeWarehouse) -> None:
    states = {"2025-01-01": scored(**TEN), "2025-01-02": scored(**TEN, eve=1500.0)}
    told = explain(warehouse(states), "test/board", k=2)
    assert sentence(told).endswith(
        "1 model was added (+7.1), scores +0.0. A new leader came in: eve."
    )


def test_those_who_moved_most_are_named(warehouse: MakeWarehouse) -> None:
    moved = TEN | {"m00": 1420.0, "m03": 1390.0}
    told = explain(
        warehouse({"2025-01-01": scored(**TEN), "2025-01-02": scored(**moved)}), "test/board"
    )
    assert sentence(told).endswith("The models moved, not the list.")
    assert list(mattered(told)) == ["moved most in the first 10: m00 +20, m03 -7"]


def test_a_longer_span_chains_its_steps(warehouse: MakeWarehouse) -> None:
    without = {model: score for model, score in TEN.items() if model != "m01"}
    states = {
        "2025-01-01": TEN,
        "2025-01-02": TEN,
        "2025-01-03": without,
        "2025-01-04": without | {"eve": 1399.5},
        "2025-01-05": without | {"eve": 1399.5, "m00": 1410.0},
    }
    db = warehouse({day: scored(**scores) for day, scores in states.items()})
    told = explain(db, "test/board", k=2, since=date.fromisoformat("2025-01-01"))
    assert len(told.steps) == 4
    assert sum(told.parts.values()) == pytest.approx(told.gap_pct - told.prev_gap_pct)
    by_hand = {
        "exits": 100 * 2 / 1398 - 100 * 1 / 1399,
        "entries": 100 * 0.5 / 1399.5 - 100 * 2 / 1398,
        "scores": 100 * 10.5 / 1399.5 - 100 * 0.5 / 1399.5,
    }
    for part, value in by_hand.items():
        assert told.parts[part] == pytest.approx(value), part
    shown = [cell for column in steps_table(told).columns for cell in column.cells]
    assert "2025-01-02" not in shown  # nothing moved in that step
    assert {"2025-01-03", "2025-01-04", "2025-01-05"} <= set(shown)


def test_without_dates_the_last_change_is_explained(warehouse: MakeWarehouse) -> None:
    states = {
        "2025-01-01": TEN,
        "2025-01-02": TEN | {"m00": 1410.0},
        "2025-01-03": TEN | {"m00": 1410.0},
    }
    told = explain(warehouse({d: scored(**s) for d, s in states.items()}), "test/board")
    assert (str(told.prev_as_of), str(told.as_of)) == ("2025-01-01", "2025-01-02")


def test_a_release_in_between_is_said(warehouse: MakeWarehouse) -> None:
    states = {
        f"2025-0{month}-01": [{**row, "release": str(month)} for row in scored(**TEN)]
        for month in (1, 2)
    }
    told = explain(warehouse(states), "test/board")
    assert sentence(told).endswith("lies between: the two measure different things.")
    assert told.parts["apart"] == pytest.approx(0)


@pytest.mark.parametrize(
    ("since", "said"),
    [("2024-01-01", "not known as early as 2024-01-01"), ("2025-01-02", "no later snapshot")],
)
def test_a_span_without_data_is_refused(warehouse: MakeWarehouse, since: str, said: str) -> None:
    db = warehouse({"2025-01-01": scored(**TEN), "2025-01-02": scored(**TEN)})
    with pytest.raises(UnknownBoard, match=said):
        explain(db, "test/board", since=date.fromisoformat(since))


def test_a_board_seen_once_has_nothing_to_explain(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(**TEN)})
    with pytest.raises(UnknownBoard, match="no two consecutive snapshots"):
        explain(db, "test/board")
