"""A table is made another by the rows in which they differ, and no other row is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.difference import content, replace_rows, same_rows

Rows = dict[int, tuple[str | None, float | None]]
ROWS = st.dictionaries(
    st.integers(0, 9),
    st.tuples(st.sampled_from([None, "", "a", "b"]), st.sampled_from([None, 0.0, 1.5])),
)


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as opened:
        yield opened


def filled(db: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    db.execute(f"create or replace table {table} (key bigint, word varchar, number double)")
    for key, (word, number) in rows.items():
        db.execute(f"insert into {table} values (?, ?, ?)", [key, word, number])


def rows_of(db: duckdb.DuckDBPyConnection, table: str) -> Rows:
    return {key: (word, number) for key, word, number in db.execute(f"from {table}").fetchall()}


@given(before=ROWS, after=ROWS)
@settings(max_examples=60, deadline=None)
def test_rows_that_differ_are_replaced_and_the_others_stay(
    db: duckdb.DuckDBPyConnection, before: Rows, after: Rows
) -> None:
    filled(db, "old", before)
    filled(db, "new", after)
    places = dict(db.execute("select key, rowid from old").fetchall())
    assert same_rows(db, "old", "new") == (before == after)
    replace_rows(db, "old", "new")
    assert rows_of(db, "old") == after
    assert content(db, "old") == content(db, "new")
    kept = {key for key in before if before[key] == after.get(key, "gone")}
    still = dict(db.execute("select key, rowid from old").fetchall())
    assert {key: still[key] for key in kept} == {key: places[key] for key in kept}


def test_columns_that_are_worked_out_are_not_written(db: duckdb.DuckDBPyConnection) -> None:
    for table, value in (("old", 1), ("new", 2)):
        db.execute(
            f"create or replace table {table} (key bigint, twice bigint generated always as (2 * key))"
        )
        db.execute(f"insert into {table} values ({value}), (7)")
    replace_rows(db, "old", "new", "key")
    assert db.execute("from old order by key").fetchall() == [(2, 4), (7, 14)]
