"""Whole boards that move: a change of scale is told from changes of models.

The chained series also asks metrics.gap_history.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

import pytest

from tests.conftest import MakeWarehouse, one
from warehouse.chained import chained_gaps

Row = dict[str, object]


def listing(scores: Mapping[str, float], half: float | None = 4.0) -> list[Row]:
    """Each model is of an organisation of its own, and as noisy as an arena model."""
    return [
        {
            "model_raw": model,
            "score": score,
            "ci_low": None if half is None else score - half,
            "ci_high": None if half is None else score + half,
            "organization_raw": f"{model} labs",
        }
        for model, score in scores.items()
    ]


def walk(
    days: int, steps: Mapping[int, float], noise: float = 1.0, models: int = 40, seed: int = 0
) -> dict[str, dict[str, float]]:
    """A board whose models drift by `noise` a publication; on some days all move by a step too."""
    chance = random.Random(seed)
    scores = {f"m{i:02}": 1400.0 - 8 * i for i in range(models)}
    states = {}
    for day in range(days):
        scores = {
            model: score + chance.gauss(0, noise) + steps.get(day, 0)
            for model, score in scores.items()
        }
        states[(date(2025, 1, 1) + timedelta(days=day)).isoformat()] = dict(scores)
    return states


def found(warehouse: MakeWarehouse, states: Mapping[str, Sequence[Row]]) -> list[tuple[str, float]]:
    db = warehouse(states)
    return db.sql("select as_of::varchar, shift from core.rescalings order by as_of").fetchall()


def test_two_steps_of_the_whole_board_are_found_and_nothing_else(warehouse: MakeWarehouse) -> None:
    states = walk(30, {10: 10.1, 20: -10.2})
    rescaled = found(warehouse, {day: listing(scores) for day, scores in states.items()})
    assert [day for day, _ in rescaled] == ["2025-01-11", "2025-01-21"]
    days = list(states)
    for day, shift in rescaled:
        before = states[days[days.index(day) - 1]]
        changes = [states[day][model] - before[model] for model in before]
        assert shift == pytest.approx(median(changes))


@pytest.mark.parametrize("noise", [0.0, 0.5, 3.0])
def test_two_hundred_ordinary_publications_are_no_change_of_scale(
    warehouse: MakeWarehouse, noise: float
) -> None:
    states = walk(201, {}, noise, models=20, seed=7)
    assert found(warehouse, {day: listing(scores) for day, scores in states.items()}) == []


def test_the_variants_of_one_maker_have_one_voice(warehouse: MakeWarehouse) -> None:
    """Thirty models of one maker move alike, seven others stand still: the board did not move."""
    names = [f"own-{i:02}" for i in range(30)] + [f"other-{i}" for i in range(7)]

    def board(step: float) -> list[Row]:
        return [
            {
                "model_raw": name,
                "score": 100.0 - i + (step if name.startswith("own") else 0),
                "organization_raw": "One Maker" if name.startswith("own") else name,
            }
            for i, name in enumerate(names)
        ]

    assert found(warehouse, {"2025-01-01": board(0), "2025-01-02": board(10)}) == []


@pytest.mark.parametrize(("organisations", "expected"), [(7, 0), (8, 1)])
def test_it_takes_eight_organisations(
    warehouse: MakeWarehouse, organisations: int, expected: int
) -> None:
    scores = {f"m{i}": 100.0 - 5 * i for i in range(organisations)}
    moved = {model: score - 20 for model, score in scores.items()}
    states = {"2025-01-01": listing(scores, None), "2025-01-02": listing(moved, None)}
    assert len(found(warehouse, states)) == expected


def test_a_shift_within_rounding_is_none(warehouse: MakeWarehouse) -> None:
    scores = {f"m{i:02}": 1400.0 - 8 * i for i in range(40)}
    moved = {model: score + 1 for model, score in scores.items()}
    assert found(warehouse, {"2025-01-01": listing(scores), "2025-01-02": listing(moved)}) == []


def test_an_anchor_that_moves_changes_the_scale_of_a_small_board(warehouse: MakeWarehouse) -> None:
    """AlpacaEval, 3 January 2024: its baseline went from 95.37 to 50.00, which it has by definition."""
    before = listing({"baseline": 95.37, "ada": 73.2, "bea": 53.8, "cleo": 21.2})
    after = listing({"baseline": 50.0, "ada": 29.3, "bea": 17.2, "cleo": 9.6})
    after[0] |= {"ci_low": 50.0, "ci_high": 50.0}
    db = warehouse({"2024-01-03": before, "2024-01-04": after})
    row = one(db, "select rule, n_models, shift from core.rescalings")
    assert row == {"rule": "anchor", "n_models": 4, "shift": pytest.approx((-43.9 - 36.6) / 2)}
    assert one(db, "select note from core.snapshots where note is not null")["note"] == (
        "rescale: nearly the whole board moved at once, by -40.25 (median): "
        "the scale changed, not the models."
    )
    causes = db.sql("select distinct cause, rescaled from metrics.gap_changes").fetchall()
    assert causes == [("rescale", True)]


def test_an_anchor_that_stands_still_or_stays_within_its_noise_is_none(
    warehouse: MakeWarehouse,
) -> None:
    states = {}
    for day, (score, half) in enumerate([(1114, 0), (1114, 0), (1112, 3)], start=1):
        rows = listing({"ada": 1300.0 + 9 * day, "bea": 1200.0 - 7 * day})
        rows.append({**listing({"anchor": score}, half)[0]})
        states[f"2025-01-0{day}"] = rows
    assert found(warehouse, states) == []


def test_a_change_of_scale_between_two_captures_of_one_day_is_found(
    warehouse: MakeWarehouse,
) -> None:
    scores = {f"m{i}": 100.0 - 5 * i for i in range(9)}
    moved = {model: score - 30 for model, score in scores.items()}
    states = {"2025-01-01T01:00": listing(scores), "2025-01-01T15:00": listing(moved)}
    db = warehouse(states, stated=False)
    assert one(db, "select as_of, shift from core.rescalings") == {
        "as_of": date(2025, 1, 1),
        "shift": -30.0,
    }


def test_a_new_release_is_no_change_of_scale(warehouse: MakeWarehouse) -> None:
    scores = {f"m{i}": 100.0 - 5 * i for i in range(9)}
    states = {
        f"2025-0{month}-01": [
            {**row, "release": str(month)}
            for row in listing({m: s - 30 * month for m, s in scores.items()})
        ]
        for month in (1, 2)
    }
    assert found(warehouse, states) == []


def test_the_tasks_that_moved_are_named_where_the_overall_did_not(warehouse: MakeWarehouse) -> None:
    scores = {f"m{i}": 100.0 - 5 * i for i in range(9)}

    def board(step: float) -> list[Row]:
        moved = listing({model: score + step for model, score in scores.items()})
        return [*listing(scores), *({**row, "task": "maths"} for row in moved)]

    db = warehouse({"2025-01-01": board(0), "2025-01-02": board(10)})
    note = one(db, "select note from core.snapshots where as_of = '2025-01-02'")["note"]
    assert note.startswith("rescale: in maths nearly all models moved alike")


def test_the_chained_series_takes_the_moves_of_the_board_back(warehouse: MakeWarehouse) -> None:
    """Nine models stand still but for two moves of the board; a tenth, far ahead, comes and goes."""
    steps = {1: 0.0, 2: 0.0, 3: 10.1, 4: 10.1, 5: -0.1}
    states = {}
    for day, level in steps.items():
        scores = {f"m{i}": 100.0 - 5 * i + level for i in range(9)}
        states[f"2025-01-0{day}"] = listing(scores | ({"guest": 500.0} if day == 2 else {}))
    rows = chained_gaps(warehouse(states), "test/board")
    series = {name: [row[name] for row in rows] for name in rows[0]}
    # On the scale of the last date the first two are at 99.9 and 94.9 throughout.
    assert series["basket_gap_1_2_pct"] == pytest.approx([100 * 5 / 94.9] * 5)
    assert series["n_basket"] == [9] * 5
    assert series["gap_1_2_pct"][1] == pytest.approx(400.0)
    assert series["basket_gap_1_10_pct"] == [None] * 5
    shifts = series["shift"]
    assert shifts[:2] == [None, None]
    assert shifts[2] == pytest.approx(10.1)
    assert shifts[4] == pytest.approx(-10.2)
