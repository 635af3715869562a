"""The same gap under every definition, against a loop that follows the words of each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from math import sqrt
from typing import Any

import pytest

from tests.conftest import MakeWarehouse, made_of, scored
from warehouse.definitions import (
    Definition,
    Nth,
    Unit,
    Who,
    gaps_by_definition,
    spread,
    state_on,
)
from warehouse.gap_queries import State
from warehouse.models import Model
from warehouse.reader import UnknownBoard

DAY = date(2025, 1, 1)
Row = dict[str, Any]


@pytest.fixture
def models() -> Sequence[Model]:
    return made_of(["metrics.gap_history", "core.models"])


def listed(
    model: str, score: float, half: float | None = None, maker: str | None = None, **more: object
) -> Row:
    """A row with an interval of score +- half."""
    ends = (None, None) if half is None else (score - half, score + half)
    return {
        "model_raw": model,
        "score": score,
        "ci_low": ends[0],
        "ci_high": ends[1],
        "organization_raw": maker,
        **more,
    }


def under(db: Any, k: int, nth: str, who: str, board: str = "test/board") -> Row:
    gaps = gaps_by_definition(db, State(board, "overall", DAY), [k])
    (found,) = (row for row in gaps if (row["nth"], row["who"]) == (nth, who))
    return found


# Ranks: ada 1, bea 1 (reaches into ada's interval), cal 3, dan 3, eve 3, fay 6.
# ada 99-101, bea 98-100, cal 94-96, dan 93.5-95.5, eve 93-95, fay 80-82.
SIX = [
    listed("ada", 100, 1, "north"),
    listed("bea", 99, 1, "north"),
    listed("cal", 95, 1, "south"),
    listed("dan", 94.5, 1),
    listed("eve", 94, 1),
    listed("fay", 81, 1, "south"),
]


def test_by_displayed_rank_the_kth_is_the_middle_one_of_those_who_share_it(
    warehouse: MakeWarehouse,
) -> None:
    found = under(warehouse({"2025-01-01": SIX}), 3, "displayed_rank", "model")
    assert (found["kth_model"], found["points"]) == ("dan", 5.5)


def test_where_no_model_is_displayed_at_k_the_last_rank_before_counts(
    warehouse: MakeWarehouse,
) -> None:
    db = warehouse({"2025-01-01": SIX})
    assert under(db, 5, "displayed_rank", "model")["kth_model"] == "dan"
    # None is displayed at 2; of the two at 1 the leader is not the second.
    assert under(db, 2, "displayed_rank", "model")["kth_model"] == "bea"


def test_an_organisation_competes_with_its_best_and_an_unknown_one_is_the_model(
    warehouse: MakeWarehouse,
) -> None:
    db = warehouse({"2025-01-01": SIX})
    order = [under(db, k, "position", "organization")["kth_model"] for k in (2, 3, 4, 5)]
    assert order == ["cal", "dan", "eve", None]
    # Without bea, cal, dan and eve are displayed at 2.
    assert under(db, 2, "displayed_rank", "organization")["kth_model"] == "dan"


def test_organisations_with_equal_best_scores_are_ordered_by_the_name_of_the_model(
    warehouse: MakeWarehouse,
) -> None:
    rows = [listed("bea", 9, None, "south"), listed("ada", 9, None, "north"), listed("cal", 8)]
    found = under(warehouse({"2025-01-01": rows}), 2, "position", "organization")
    assert (found["top_model"], found["kth_model"], found["points"]) == ("ada", "bea", 0.0)


def test_who_made_a_model_may_be_known_from_another_board(warehouse: MakeWarehouse) -> None:
    rows = [listed("ada", 9), listed("bea", 8), listed("cal", 7)]
    elsewhere = [listed(m, 1, None, "north", board="test/other") for m in ("ada", "bea")]
    found = under(warehouse({"2025-01-01": [*rows, *elsewhere]}), 2, "position", "organization")
    assert found["kth_model"] == "cal"


def test_without_noise_there_is_no_displayed_rank_and_no_sigma(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=9.0, bea=8.0, cal=7.0)})
    assert under(db, 2, "displayed_rank", "model")["points"] is None
    found = under(db, 2, "position", "model")
    assert (found["points"], found["sigma"], found["win_probability"]) == (1.0, None, None)


def test_lower_is_better_takes_the_kth_for_the_lower_and_the_first_for_the_upper(
    warehouse: MakeWarehouse,
) -> None:
    rows = [listed("ada", 4, 0.5), listed("bea", 5, 0.5), listed("cal", 8, 0.5)]
    db = warehouse({"2025-01-01": rows}, higher_is_better=False)
    found = under(db, 2, "position", "model")
    assert (found["top_model"], found["pct_of_lower"], found["pct_of_upper"]) == ("ada", 20, 25)
    assert under(db, 3, "displayed_rank", "model")["kth_model"] == "cal"


def test_a_board_of_one_has_no_gap_and_an_empty_one_no_rows(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=9.0, bea=None)})
    gaps = gaps_by_definition(db, State("test/board", "overall", DAY), [2])
    assert [(row["top_model"], row["points"]) for row in gaps] == [("ada", None)] * 4
    assert spread(gaps) == {2: None}
    assert gaps_by_definition(db, State("test/board", "overall", date(2024, 1, 1)), [2]) == []


def test_every_definition_equals_a_loop_that_follows_its_words(warehouse: MakeWarehouse) -> None:
    """Forty boards by chance, with ties, touching intervals, models without noise or organisation."""
    chance = random.Random(4)
    boards = {f"test/{chr(97 + i // 8)}{chr(97 + i % 8)}": made_up(chance, i) for i in range(40)}
    db = warehouse({"2025-01-01": [row for rows in boards.values() for row in rows]})
    compared = 0
    for board, rows in boards.items():
        gaps = gaps_by_definition(db, State(board, "overall", DAY), [2, 3, 10])
        assert len(gaps) == 12
        for row in gaps:
            expected = by_hand(rows, row["k"], row["nth"], row["who"])
            assert {name: row[name] for name in expected} == pytest.approx(expected), board
            compared += expected["points"] is not None
    assert compared > 200


def made_up(chance: random.Random, number: int) -> list[Row]:
    letters = f"{chr(97 + number // 8)}{chr(97 + number % 8)}"
    facts = {
        "board": f"test/{letters}",
        "scale": "elo" if number % 2 else "points",
        "higher_is_better": number % 3 > 0,
    }
    return [
        listed(
            f"{letters}{chr(97 + i)}",
            float(chance.randrange(0, 30)),
            chance.choice([None, 0.5, 1.0, 2.0, 4.0]) if number % 4 else None,
            chance.choice([None, "north", "south", "east", "west"]),
            **facts,
        )
        for i in range(chance.choice([1, 2, 3, 9, 14, 20]))
    ]


def by_hand(rows: list[Row], k: int, nth: str, who: str) -> Row:
    way = 1 if rows[0]["higher_is_better"] else -1
    order = sorted(rows, key=lambda r: (-way * r["score"], r["model_raw"]))
    if who == "organization":
        seen: set[str] = set()
        for row in list(order):
            maker = row["organization_raw"] or row["model_raw"]
            if maker in seen:
                order.remove(row)
            seen.add(maker)
    kth = None
    if len(order) >= k and nth == "position":
        kth = order[k - 1]
    elif len(order) >= k:
        ranks = [displayed(row, order, way) for row in order]
        known = [rank for rank in ranks if rank is not None and rank <= k]
        sharing = [r for r, rank in zip(order, ranks, strict=True) if known and rank == max(known)]
        kth = sharing[len(sharing) // 2] if sharing else None
        kth = None if kth is order[0] else kth
    first = order[0]
    empty = dict.fromkeys(["kth_model", *Unit])
    return {"top_model": first["model_raw"], **(measured(first, kth) if kth else empty)}


def displayed(row: Row, order: list[Row], way: int) -> int | None:
    """1 + the models whose worse end is better than this one's better end."""
    if row["ci_low"] is None:
        return None
    worse, better = ("ci_low", "ci_high") if way == 1 else ("ci_high", "ci_low")
    noisy = [other for other in order if other["ci_low"] is not None]
    return 1 + sum(way * other[worse] > way * row[better] for other in noisy)


def measured(first: Row, kth: Row) -> Row:
    gap = abs(first["score"] - kth["score"])
    sd = [r["ci_low"] is not None and (r["ci_high"] - r["ci_low"]) / 3.92 for r in (first, kth)]
    return {
        "kth_model": kth["model_raw"],
        "pct_of_lower": 100 * gap / kth["score"] if kth["score"] else None,
        "pct_of_upper": 100 * gap / first["score"] if first["score"] else None,
        "points": gap,
        "sigma": gap / sqrt(sd[0] ** 2 + sd[1] ** 2) if all(sd) else None,
        "win_probability": 1 / (1 + 10 ** (-gap / 400)) if first["scale"] == "elo" else None,
    }


def test_the_default_is_the_definition_of_the_gaps_table(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": SIX})
    table = "select kth_model, gap_pct, gap_pct_of_top, gap, z from metrics.gaps where k = 3"
    own = Definition()
    found = under(db, 3, own.nth.value, own.who.value)
    columns = ("kth_model", own.unit.value, "pct_of_upper", "points", "sigma")
    assert db.sql(table).fetchall() == [tuple(found[name] for name in columns)]


def test_other_definitions_are_those_with_a_number_of_the_same_kind() -> None:
    others = list(Definition().others())
    assert len(others) == 7
    assert [len(one.apart(Definition())) for one in others] == [1, 1, 1, 2, 2, 2, 3]
    assert {one.unit for one in others} == {Unit.PCT_OF_LOWER, Unit.PCT_OF_UPPER}
    sigma = Definition(unit=Unit.SIGMA)
    assert {(d.nth, d.unit, d.who) for d in sigma.others()} == {
        (Nth.POSITION, Unit.SIGMA, Who.ORGANIZATION),
        (Nth.DISPLAYED_RANK, Unit.SIGMA, Who.MODEL),
        (Nth.DISPLAYED_RANK, Unit.SIGMA, Who.ORGANIZATION),
    }


def test_the_state_of_a_day_is_the_last_before_it(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=9.0), "2025-01-08": scored(ada=8.0)})
    state, higher = state_on(db, "test/board", "overall", date(2025, 1, 7))
    assert (state.as_of, higher) == (DAY, True)
    assert state_on(db, "test/board", "overall", None)[0].as_of == date(2025, 1, 8)
    with pytest.raises(UnknownBoard, match="as early as 2024-12-31"):
        state_on(db, "test/board", "overall", date(2024, 12, 31))
