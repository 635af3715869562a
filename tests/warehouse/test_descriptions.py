"""Whose data a table is and which bytes are behind it, on tables small enough to check by eye."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouse import descriptions


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    """A timeline that two boards tell, a board of its own, and a price list."""
    made = duckdb.connect()
    made.execute(
        """
        create schema core; create schema raw; create schema market; create schema metrics;
        create table core.boards as
        select *, null::varchar as credit, null::varchar as homepage from (values
            ('joined/text', 'Joined', 'joined', 'MIT'), ('old/text', 'Old', 'old', 'MPL-2.0'),
            ('new/text', null, 'new', null), ('own/x', 'Own', 'own', 'MIT')
        ) as boards(board, title, source, licence);
        create table core.states as
        select * from (values
            ('a', 'joined/text', 'old/text', 'p1'), ('b', 'joined/text', 'new/text', 'p2'),
            ('c', 'own/x', 'own/x', 'p3'), ('d', 'own/x', 'own/x', 'p4')
        ) as states(snapshot_id, board, listed_as, payload_sha256);
        create table raw.payloads as
        select * from (values ('p1', 'old'), ('p2', 'new'), ('p3', 'own'), ('p4', 'own'), ('p5', 'list'),
            ('p6', 'refused')) as payloads(sha256, source);
        create table market.prices as select 'list' as source, 1.0 as input_usd_per_mtok;
        create table market.price_conflicts as select ['list'] as sources;
        create table metrics.some as select 'own/x' as board, 'd' as snapshot_id;
        create table metrics.reigns as select 'own/x' as board;
        create table metrics.ties as select 'own/x' as board, 1.0 as leader_price;
        create table core.models as select 'ada' as model;
        """
    )
    yield made
    made.close()


def test_a_timeline_is_of_all_who_tell_it(db: duckdb.DuckDBPyConnection) -> None:
    told = descriptions.rights(db, ["joined/text"])
    assert [one["board"] for one in told] == ["joined/text", "new/text", "old/text"]
    assert told[1] == {
        "board": "new/text",
        "title": "new/text",
        "source": "new",
        "licence": "not stated",
        "credit": "",
        "homepage": "",
    }
    assert [one["board"] for one in descriptions.rights(db, ["own/x"])] == ["own/x"]


@pytest.mark.parametrize(
    ("table", "payloads"),
    [
        ("metrics.some", ["p4"]),
        ("metrics.reigns", ["p3", "p4"]),
        ("metrics.ties", ["p3", "p4", "p5"]),
        ("market.prices", ["p5"]),
        ("market.price_conflicts", ["p5"]),
        ("core.states", ["p1", "p2", "p3", "p4"]),
        ("core.models", ["p1", "p2", "p3", "p4", "p5", "p6"]),
        ("raw.payloads", ["p1", "p2", "p3", "p4", "p5", "p6"]),
    ],
)
def test_the_payloads_behind_a_table(
    db: duckdb.DuckDBPyConnection, table: str, payloads: list[str]
) -> None:
    assert descriptions.table_payloads(db, table) == payloads


def test_a_table_is_of_the_boards_it_names_and_prices_of_none(
    db: duckdb.DuckDBPyConnection,
) -> None:
    assert descriptions.table_boards(db, "metrics.some") == ["own/x"]
    assert descriptions.table_boards(db, "core.models") == ["joined/text", "own/x"]
    assert descriptions.table_boards(db, "market.prices") == []


def test_a_table_comes_in_batches_and_an_empty_one_keeps_its_columns(
    db: duckdb.DuckDBPyConnection,
) -> None:
    frames = list(descriptions.batches(db, "raw.payloads", rows=2))
    assert sum(frame.height for frame in frames) == descriptions.count(db, "raw.payloads") == 6
    db.execute("delete from raw.payloads")
    (empty, *_) = descriptions.batches(db, "raw.payloads")
    assert empty.columns == ["sha256", "source"]
