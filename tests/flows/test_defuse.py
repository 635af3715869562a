"""CSV exports: text that a spreadsheet would run is text again, numbers stay numbers."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from flows.export.defuse import defused


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(sign: str) -> None:
    shown = defused(pl.DataFrame({"model": [f"{sign}cmd|' /C calc'!A0"]}))
    assert shown["model"].to_list() == [f"'{sign}cmd|' /C calc'!A0"]


def test_other_texts_stay_as_they_are() -> None:
    fine = ["gpt-4", "a=b", "", None, " ada", "'quoted", "4o", "{x}", "é"]
    assert defused(pl.DataFrame({"model": fine}))["model"].to_list() == fine


def test_numbers_dates_and_booleans_are_untouched() -> None:
    frame = pl.DataFrame(
        {"gap": [-1.5, 2.0], "n": [-3, 4], "as_of": [date(2025, 1, 1)] * 2, "tied": [True, None]}
    )
    assert defused(frame).equals(frame)
    assert defused(frame).schema == frame.schema


def test_texts_under_another_type_are_texts_too() -> None:
    kinds = {"a": pl.Categorical(), "b": pl.Enum(["=1", "x"])}
    frame = pl.DataFrame({"a": ["=1", "x"], "b": ["=1", "x"]}, schema=kinds)
    assert defused(frame).rows() == [("'=1", "'=1"), ("x", "x")]


def test_only_the_first_sign_counts_and_only_once() -> None:
    once = defused(pl.DataFrame({"model": ["==1\n=2"]}))
    assert once["model"].to_list() == ["'==1\n=2"]
    assert defused(once).equals(once)


def test_no_rows_and_no_columns_are_no_trouble() -> None:
    assert defused(pl.DataFrame()).is_empty()
    assert defused(pl.DataFrame(schema={"model": pl.String})).columns == ["model"]


def test_what_comes_out_of_the_csv_is_no_formula() -> None:
    written = defused(pl.DataFrame({"model": ["=1+1", "ada"], "gap": [-0.5, 1.0]})).write_csv()
    assert written == "model,gap\n'=1+1,-0.5\nada,1.0\n"
