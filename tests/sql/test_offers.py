"""Offers and the cheapest of them over time, on price lists small enough to see."""

from __future__ import annotations

from typing import Any

import duckdb

from flows.settings import Settings
from tests.conftest import LandPrices, built, one


def found(db: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return db.sql(query).fetchall()


OFFERS = (
    "select provider, valid_from::varchar, valid_to::varchar, input_usd_per_mtok, source "
    "from market.offers order by provider, valid_from"
)


def test_the_blend_is_three_tokens_read_for_one_written(
    settings: Settings, prices: LandPrices
) -> None:
    prices("2025-01-01", ("ada", "harbour", 3, 15))
    assert one(built(settings), "select price_usd_per_mtok p from market.offers") == {"p": 6.0}


def test_an_offer_ends_where_its_price_changes(settings: Settings, prices: LandPrices) -> None:
    prices("2025-01-01", ("ada", "harbour", 3, 15))
    prices("2025-01-05", ("ada", "harbour", 3, 15))
    prices("2025-02-01", ("ada", "harbour", 2, 15))
    assert found(built(settings), OFFERS) == [
        ("harbour", "2025-01-01", "2025-02-01", 3.0, "litellm_prices"),
        ("harbour", "2025-02-01", None, 2.0, "litellm_prices"),
    ]


def test_an_offer_ends_where_its_source_no_longer_lists_the_model(
    settings: Settings, prices: LandPrices
) -> None:
    prices("2025-01-01", ("ada", "harbour", 3, 15), ("bea", "harbour", 1, 5))
    prices("2025-02-01", ("bea", "harbour", 1, 5))
    db = built(settings)
    assert found(db, "select model, valid_to::varchar from market.offers order by model") == [
        ("ada", "2025-02-01"),
        ("bea", None),
    ]
    assert found(db, "select model, valid_to::varchar from market.prices order by model") == [
        ("ada", "2025-02-01"),
        ("bea", None),
    ]


def test_a_model_that_comes_back_to_its_list_was_never_gone(
    settings: Settings, prices: LandPrices
) -> None:
    prices("2025-01-01", ("ada", "harbour", 3, 15))
    prices("2025-02-01", ("bea", "harbour", 3, 15))
    prices("2025-03-01", ("ada", "harbour", 3, 15), ("bea", "harbour", 3, 15))
    assert found(built(settings), "select valid_to from market.offers where model = 'ada'") == [
        (None,)
    ]


def test_of_several_sources_the_newest_word_holds(settings: Settings, prices: LandPrices) -> None:
    prices("2025-01-01", ("ada", "harbour", 10, 40))
    prices("2025-02-01", ("ada", "harbour", 2, 8), source="genai_prices")
    db = built(settings)
    assert found(db, OFFERS) == [
        ("harbour", "2025-01-01", "2025-02-01", 10.0, "litellm_prices"),
        ("harbour", "2025-02-01", None, 2.0, "genai_prices"),
    ]
    assert one(db, "select sources, input_usd_per_mtok i from market.price_conflicts") == {
        "sources": ["genai_prices", "litellm_prices"],
        "i": [2.0, 10.0],
    }


def test_a_source_that_drops_a_model_leaves_the_word_to_the_others(
    settings: Settings, prices: LandPrices
) -> None:
    bea = ("bea", "harbour", 1, 1)
    prices("2025-01-01", ("ada", "harbour", 10, 40))
    prices("2025-02-01", ("ada", "harbour", 2, 8), bea, source="genai_prices")
    prices("2025-03-01", bea, source="genai_prices")
    db = built(settings)
    assert found(db, OFFERS.replace("order by", "where model = 'ada' order by")) == [
        ("harbour", "2025-01-01", "2025-02-01", 10.0, "litellm_prices"),
        ("harbour", "2025-02-01", "2025-03-01", 2.0, "genai_prices"),
        ("harbour", "2025-03-01", None, 10.0, "litellm_prices"),
    ]
    assert found(db, "from market.price_conflicts") == []


def test_free_and_half_a_price_are_no_offers(settings: Settings, prices: LandPrices) -> None:
    prices(
        "2025-01-01",
        ("ada", "harbour", 0, 0),
        ("bea", "harbour", 1, None),
        ("cleo", "harbour", None, 1),
        ("dora", "harbour", 0, 1),
    )
    assert found(built(settings), "select model from market.offers") == [("dora",)]


def test_a_price_that_becomes_free_ends_the_offer(settings: Settings, prices: LandPrices) -> None:
    prices("2025-01-01", ("ada", "harbour", 3, 15))
    prices("2025-02-01", ("ada", "harbour", 0, 0))
    assert found(built(settings), OFFERS) == [
        ("harbour", "2025-01-01", "2025-02-01", 3.0, "litellm_prices")
    ]


def test_a_provider_with_two_names_is_one(settings: Settings, prices: LandPrices) -> None:
    prices("2025-01-01", ("ada", "x-ai", 1, 1), source="genai_prices")
    prices("2025-02-01", ("ada", "xai", 3, 3))
    assert found(built(settings), OFFERS) == [
        ("x-ai", "2025-01-01", "2025-02-01", 1.0, "genai_prices"),
        ("x-ai", "2025-02-01", None, 3.0, "litellm_prices"),
    ]


def test_what_one_source_states_of_an_offer_completes_the_price_of_another(
    settings: Settings, prices: LandPrices
) -> None:
    facts = {"max_input_tokens": 128000, "supports_function_calling": True}
    prices("2025-01-01", ("ada", "harbour", 3, 15, facts))
    prices("2025-02-01", ("ada", "harbour", 2, 8), source="genai_prices")
    query = (
        "select context_tokens c, tool_use t, source s from market.offers where valid_to is null"
    )
    assert one(built(settings), query) == {"c": 128000, "t": True, "s": "genai_prices"}


def test_the_cheapest_offer_over_time(settings: Settings, prices: LandPrices) -> None:
    prices("2025-01-01", ("ada", "harbour", 4, 4))
    prices("2025-02-01", ("ada", "harbour", 4, 4), ("ada", "cove", 2, 2))
    prices("2025-03-01", ("ada", "harbour", 1, 1), ("ada", "cove", 2, 2))
    assert found(
        built(settings),
        "select provider, price_usd_per_mtok, valid_from::varchar, valid_to::varchar, "
        "applies_from::varchar from market.cheapest order by valid_from",
    ) == [
        ("harbour", 4.0, "2025-01-01", "2025-02-01", None),
        ("cove", 2.0, "2025-02-01", "2025-03-01", "2025-02-01"),
        ("harbour", 1.0, "2025-03-01", None, "2025-03-01"),
    ]
