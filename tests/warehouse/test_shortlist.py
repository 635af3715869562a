"""The short list: which models, by which offers, and what it says it left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import LandPrices, MakeWarehouse, scored
from tests.sql.test_cost import interval, naive
from warehouse.offers import Wanted
from warehouse.reader import UnknownBoard
from warehouse.shortlist import LINES, Shortlist, frontier, shortlist

BOARD = [
    interval("ada", 100),
    interval("bea", 99),
    interval("cleo", 98.5),
    interval("dora", 90),
    interval("eve", 80),
    interval("fay", 70),
]
BIG = {"max_input_tokens": 1_000_000, "supports_function_calling": True}
SMALL = {"max_input_tokens": 8_000, "supports_function_calling": False}


@pytest.fixture
def ask(warehouse: MakeWarehouse, prices: LandPrices) -> Any:
    """The short list of BOARD: ada 9; bea 1 with little context, 3 with much; dora 2 and eve 4 unstated."""
    prices(
        "2025-01-01",
        ("ada", "harbour", 9, 9, BIG),
        ("bea", "cove", 1, 1, SMALL),
        ("bea", "harbour", 3, 3, BIG),
        ("dora", "cove", 2, 2),
        ("eve", "cove", 4, 4),
        ("fay", "cove", 0.5, 0.5),
    )
    db = warehouse({"2025-01-02": BOARD})

    def asked(**wanted: Any) -> Shortlist:
        return shortlist(db, "test/board", "overall", None, Wanted(**wanted))

    return asked


def lines(found: Shortlist) -> list[tuple[str, float | None]]:
    return [(one.model, one.offer and one.offer.price) for one in found.choices]


def test_the_cheapest_tied_then_the_leader_then_the_pareto_line(ask: Any) -> None:
    found = ask()
    assert lines(found) == [("bea", 1.0), ("ada", 9.0), ("fay", 0.5)]
    bea, ada, fay = found.choices
    assert bea.cheapest_tied
    assert bea.price_ratio == 9.0
    assert bea.behind_pct == pytest.approx(1.0)
    assert ada.leader
    assert ada.best
    assert fay.cheapest
    assert not fay.tied
    assert (found.n_models, found.n_priced, found.n_tied) == (6, 5, 3)
    assert found.tied_unpriced == ["cleo"]


def test_a_constraint_filters_offers_not_models(ask: Any) -> None:
    found = ask(min_context=100_000)
    assert lines(found) == [("bea", 3.0), ("ada", 9.0)]
    assert found.choices[0].offer.provider == "harbour"


def test_what_is_not_stated_does_not_pass_and_is_counted(ask: Any) -> None:
    found = ask(tools=True)
    assert lines(found) == [("bea", 3.0), ("ada", 9.0)]
    assert found.unknown == {"tools": 3}
    assert ask(min_context=100_000, max_price=3).unknown == {"min_context": 2}


def test_a_leader_that_does_not_meet_what_is_wanted_is_shown_to_compare(ask: Any) -> None:
    found = ask(max_price=2)
    assert lines(found) == [("bea", 1.0), ("ada", 9.0), ("fay", 0.5)]
    assert [one.meets for one in found.choices] == [True, False, True]
    assert [one.best for one in found.choices] == [True, False, False]


def test_where_nothing_is_left_each_constraint_that_stands_in_the_way_is_named(ask: Any) -> None:
    found = ask(max_price=2, min_context=100_000)
    assert found.n_meeting == 0
    assert [(way.constraint, way.models, way.nearest) for way in found.loosenings] == [
        ("max_price", 2, 3.0),
        ("min_context", 3, 8_000),
    ]
    assert ask(max_price=0.1, min_context=2_000_000).loosenings == []


def test_without_noise_no_tie_is_claimed(warehouse: MakeWarehouse, prices: LandPrices) -> None:
    prices("2025-01-01", ("ada", "harbour", 9, 9), ("bea", "harbour", 1, 1))
    db = warehouse({"2025-01-02": scored(ada=3.0, bea=2.0)})
    found = shortlist(db, "test/board", "overall", None, Wanted())
    assert found.n_tied is None
    assert [(one.model, one.tied, one.cheapest_tied) for one in found.choices] == [
        ("ada", None, False),
        ("bea", None, False),
    ]


def test_lower_is_better(warehouse: MakeWarehouse, prices: LandPrices) -> None:
    prices("2025-01-01", ("ada", "harbour", 9, 9), ("bea", "harbour", 1, 1), ("cy", "cove", 2, 2))
    db = warehouse({"2025-01-02": scored(ada=1.0, bea=2.0, cy=3.0)}, higher_is_better=False)
    found = shortlist(db, "test/board", "overall", None, Wanted())
    assert lines(found) == [("ada", 9.0), ("bea", 1.0)]
    assert found.choices[1].behind_pct == 100.0


def test_an_unpriced_leader_is_shown_without_a_price(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-01-01", ("dora", "harbour", 2, 2))
    found = shortlist(
        warehouse({"2025-01-02": BOARD}), "test/board", "overall", None, Wanted(max_price=5)
    )
    assert lines(found) == [("ada", None), ("dora", 2.0)]
    assert found.choices[1].price_ratio is None
    assert found.choices[1].best


def test_today_the_latest_prices_count_and_as_of_a_day_those_of_the_day(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-01-01", ("ada", "harbour", 9, 9))
    prices("2025-03-01", ("ada", "harbour", 4, 4))
    db = warehouse({"2025-01-15": BOARD})
    now = shortlist(db, "test/board", "overall", None, Wanted())
    then = shortlist(db, "test/board", "overall", date(2025, 2, 1), Wanted())
    assert (lines(now), lines(then)) == ([("ada", 4.0)], [("ada", 9.0)])
    with pytest.raises(UnknownBoard, match="as early as"):
        shortlist(db, "test/board", "overall", date(2024, 1, 1), Wanted())


def test_sources_that_disagree_on_a_price_of_the_list_are_named(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    prices("2025-01-01", ("ada", "harbour", 9, 9), ("fay", "harbour", 9, 9))
    prices("2025-01-02", ("ada", "harbour", 3, 9), ("fay", "harbour", 3, 9), source="genai_prices")
    db = warehouse({"2025-01-02": BOARD})
    found = shortlist(db, "test/board", "overall", None, Wanted())
    assert [(one.model, one.prices) for one in found.conflicts] == [
        ("ada", (("genai_prices", 3.0, 9.0), ("litellm_prices", 9.0, 9.0)))
    ]


def test_a_long_line_is_cut_in_its_middle_not_at_its_cheap_end(
    warehouse: MakeWarehouse, prices: LandPrices
) -> None:
    names = [f"m{i:02}" for i in range(15)]
    prices("2025-01-01", *((name, "harbour", 15.0 - i, 15.0 - i) for i, name in enumerate(names)))
    db = warehouse({"2025-01-02": scored(**{name: 100.0 - i for i, name in enumerate(names)})})
    found = shortlist(db, "test/board", "overall", None, Wanted())
    assert [model for model, _ in lines(found)] == [*names[: LINES - 1], names[-1]]
    assert found.more_on_frontier == 15 - LINES


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), max_size=30))
def test_the_frontier_is_what_a_naive_loop_says(points: list[tuple[float, float]]) -> None:
    named = {str(i): point for i, point in enumerate(points)}
    assert {str(i) for i, on in enumerate(frontier(points)) if on} == naive(named, 1)
