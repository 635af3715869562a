"""Questions answered in plain rows: a value in a question is what it would be as a parameter, never SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.rows import Value, rows, tuples

QUESTION = "select $value as value, typeof($value) as type"


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        yield db


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -7,
        2**31,
        2**63 - 1,
        0.1,
        -1.5,
        1e300,
        5e-324,
        float("inf"),
        "",
        "it's '' $value; drop table x --",
        "back\\slash \n é",
        date(2025, 2, 28),
        date.max,
        datetime.fromisoformat("2025-02-28T01:02:03.456789"),
        ["a", "it's"],
    ],
)
def test_a_value_is_what_it_would_be_as_a_parameter(
    db: duckdb.DuckDBPyConnection, value: Value
) -> None:
    asked = tuples(db, QUESTION, value=value)
    assert asked == db.execute(QUESTION, {"value": value}).fetchall()
    assert asked[0][0] == value


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_text_is_taken_for_sql(db: duckdb.DuckDBPyConnection, text: str) -> None:
    assert tuples(db, "select $value", value=text) == [(text,)]


def test_rows_go_by_the_names_of_the_columns(db: duckdb.DuckDBPyConnection) -> None:
    question = "select n, n > $least as more from (values (1), (2)) as numbers(n) order by n"
    assert rows(db, question, least=1) == [{"n": 1, "more": False}, {"n": 2, "more": True}]
    assert rows(db, question, least=2)[1] == {"n": 2, "more": False}
    assert rows(db, "select 1 as one where false") == []


def test_no_list_contains_anything(db: duckdb.DuckDBPyConnection) -> None:
    asked = "select len($among) = 0, list_contains($among, 'a')"
    assert tuples(db, asked, among=[]) == [(True, False)]


def test_a_name_that_is_not_given_a_value_is_an_error(db: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="value"):
        rows(db, QUESTION)
