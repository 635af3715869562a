"""What a tie costs, and the Pareto line of score and price, against a naive loop."""

from __future__ import annotations

import random
from datetime import date

import pytest

from tests.conftest import LandPrices, MakeWarehouse, one, scored
from tests.sql.test_offers import found


def interval(model: str, score: float, half: float = 1.96) -> dict[str, object]:
    return {"model_raw": model, "score": score, "ci_low": score - half, "ci_high": score + half}


TIE = [interval("ada", 100), interval("bea", 99), interval("cleo", 98.5), interval("dora", 80)]
COST = (
    "select cheapest_tied, cheapest_price, leader_price, price_ratio, price_as_of::varchar as since, "
    "n_tied_unpriced as unpriced from metrics.ties"
)


def test_a_tie_costs_what_its_cheapest_model_costs(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices(
        "2025-01-01",
        ("ada", "harbour", 9, 9),
        ("bea", "harbour", 3, 3),
        ("bea", "cove", 1, 1),
        ("dora", "cove", 0.1, 0.1),
    )
    assert one(warehouse({"2025-01-02": TIE}), COST) == {
        "cheapest_tied": "bea",
        "cheapest_price": 1.0,
        "leader_price": 9.0,
        "price_ratio": 9.0,
        "since": "2025-01-01",
        "unpriced": 1,
    }


def test_the_price_is_that_of_the_day_else_the_first_known_later(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-02-01", ("ada", "harbour", 4, 4))
    prices("2025-03-01", ("ada", "harbour", 2, 2))
    days = ("2025-01-01", "2025-02-01", "2025-02-28", "2025-03-01")
    db = warehouse(dict.fromkeys(days, TIE[:1]))
    query = "select as_of::varchar, leader_price, price_as_of::varchar from metrics.ties order by 1"
    assert found(db, query) == [
        ("2025-01-01", 4.0, "2025-02-01"),
        ("2025-02-01", 4.0, "2025-02-01"),
        ("2025-02-28", 4.0, "2025-02-01"),
        ("2025-03-01", 2.0, "2025-03-01"),
    ]


def test_a_model_that_is_no_longer_sold_has_no_price(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-01-01", ("ada", "harbour", 4, 4))
    prices("2025-02-01", ("bea", "harbour", 4, 4))
    db = warehouse({"2025-01-15": TIE[:1], "2025-02-15": TIE[:1]})
    assert found(db, "select leader_price from metrics.ties order by as_of") == [(4.0,), (None,)]


def test_between_two_sellers_the_price_is_that_of_the_next(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-01-01", ("ada", "harbour", 4, 4))
    prices("2025-02-01", ("bea", "harbour", 4, 4))
    prices("2025-03-01", ("ada", "cove", 7, 7), source="genai_prices")
    db = warehouse(dict.fromkeys(("2025-01-31", "2025-02-01", "2025-03-02"), TIE[:1]))
    query = "select leader_price, price_as_of::varchar from metrics.ties order by as_of"
    assert found(db, query) == [(4.0, "2025-01-01"), (7.0, "2025-03-01"), (7.0, "2025-03-01")]


def test_an_unpriced_leader_leaves_the_ratio_open(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-01-01", ("cleo", "harbour", 2, 2))
    assert one(warehouse({"2025-01-02": TIE}), COST) == {
        "cheapest_tied": "cleo",
        "cheapest_price": 2.0,
        "leader_price": None,
        "price_ratio": None,
        "since": "2025-01-01",
        "unpriced": 2,
    }


def test_of_equal_prices_the_best_placed_is_named(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-01-01", *((model, "harbour", 2, 2) for model in ("cleo", "bea", "ada")))
    found = one(warehouse({"2025-01-02": TIE}), COST)
    assert (found["cheapest_tied"], found["price_ratio"]) == ("ada", 1.0)


def test_without_prices_or_noise_nothing_is_made_up(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    db = warehouse({"2025-01-02": TIE})
    nothing = dict.fromkeys(("cheapest_tied", "cheapest_price", "leader_price", "price_ratio"))
    assert one(db, COST) == {**nothing, "since": None, "unpriced": 3}
    assert found(db, "from metrics.pareto") == []
    prices("2025-01-03", ("ada", "harbour", 2, 2))
    db = warehouse({"2025-01-04": [{**row, "board": "no/noise"} for row in scored(ada=1, bea=0)]})
    assert one(db, f"{COST} where board = 'no/noise'") == {
        **nothing,
        "leader_price": 2.0,
        "since": None,
        "unpriced": None,
    }
    tied = "select tied_with_leader t from metrics.pareto where board = 'no/noise'"
    assert one(db, tied) == {"t": None}


def naive(points: dict[str, tuple[float, float]], direction: int) -> set[str]:
    """The definition of the Pareto line, word by word, over all pairs."""

    def beats(other: tuple[float, float], mine: tuple[float, float]) -> bool:
        as_good = direction * other[0] >= direction * mine[0]
        strictly = direction * other[0] > direction * mine[0] or other[1] < mine[1]
        return as_good and other[1] <= mine[1] and strictly

    return {
        model
        for model, mine in points.items()
        if not any(beats(other, mine) for other in points.values())
    }


@pytest.mark.parametrize("higher", [True, False])
def test_the_pareto_line_is_what_a_naive_loop_over_all_pairs_says(
    warehouse: MakeWarehouse, prices: LandPrices, higher: bool
) -> None:
    draw = random.Random(7)
    boards = {}
    cost = {f"m{i:02}": float(draw.randint(1, 12)) for i in range(40)}
    prices("2025-01-01", *((model, "harbour", usd, usd) for model, usd in cost.items()))
    for board in ("a/few", "b/many", "c/equal"):
        size, top = {"a/few": (3, 9), "b/many": (50, 12), "c/equal": (50, 1)}[board]
        boards[board] = {f"m{i:02}": float(draw.randint(1, top)) for i in range(size)}
    rows = [{"board": board, **row} for board, scores in boards.items() for row in scored(**scores)]
    db = warehouse({"2025-01-02": rows}, higher_is_better=higher)
    for board, scores in boards.items():
        points = {m: (score, cost[m]) for m, score in scores.items() if m in cost}
        listed = found(db, f"select model, on_frontier from metrics.pareto where board = '{board}'")
        assert {model for model, _ in listed} == set(points)
        assert {model for model, on in listed if on} == naive(points, 1 if higher else -1)


def test_models_equal_in_score_and_price_are_on_the_line_together(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    sold = {"ada": 5.0, "bea": 5.0, "cleo": 5.0, "dora": 6.0}
    prices("2025-01-01", *((model, "harbour", usd, usd) for model, usd in sold.items()))
    db = warehouse({"2025-01-02": scored(ada=9.0, bea=9.0, cleo=8.0, dora=9.0)})
    line = "select model from metrics.pareto where on_frontier order by model"
    assert found(db, line) == [("ada",), ("bea",)]


def test_a_row_of_the_pareto_table_names_the_offer(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    facts = {"max_input_tokens": 8000, "supports_function_calling": False}
    prices("2025-01-01", ("ada", "cove", 2, 6, facts), ("ada", "harbour", 9, 9))
    row = {**TIE[0], "license_raw": "Apache 2.0"}
    db = warehouse({"2025-01-02": [row, TIE[3]]})
    assert one(db, "select * from metrics.pareto") == {
        "board": "test/board",
        "task": "overall",
        "as_of": date(2025, 1, 2),
        "model": "ada",
        "score": 100.0,
        "rank": 1,
        "tied_with_leader": True,
        "provider": "cove",
        "price_usd_per_mtok": 3.0,
        "input_usd_per_mtok": 2.0,
        "output_usd_per_mtok": 6.0,
        "price_as_of": date(2025, 1, 1),
        "context_tokens": 8000,
        "tool_use": False,
        "open_weights": True,
        "on_frontier": True,
    }
