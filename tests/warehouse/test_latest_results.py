"""Which results are the latest: of one state per board, told once."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouse.latest_results import latest_results

BOARD = [
    "board",
    "source",
    "title",
    "metric",
    "unit",
    "scale",
    "scoring_method",
    "sample_size",
    "evaluation_date",
    "licence",
    "credit",
    "homepage",
]


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three boards, of which one tells another's states again and one is the user's own."""
    made = duckdb.connect()
    facts = ", ".join(f"{name} varchar" for name in BOARD)
    made.execute(
        f"""
        create schema core;
        create table core.boards ({facts}, higher_is_better boolean, perfect_score double);
        insert into core.boards by name
        select * from (values ('told/text', 'told'), ('joined/text', 'joined'), ('local/mine', 'local'))
            as boards(board, source);
        create table core.states as
        select *, '2025-06-01'::timestamp as captured_at, 'u' as url, 'p' as payload_sha256
        from (values
            ('old', 'told/text', 'told/text', date '2025-01-01'),
            ('new', 'told/text', 'told/text', date '2025-02-01'),
            ('vintage', 'told/text', 'told/text', date '2025-03-01'),
            ('again', 'joined/text', 'told/text', date '2025-02-01'),
            ('own', 'local/mine', 'local/mine', date '2025-02-01')
        ) as states(snapshot_id, board, listed_as, as_of);
        create table core.models as
        select * from (values ('ada', 'OpenAI', true)) as models(model, organization, open_weights);
        create table core.entries as
        select
            *, model as model_raw, null as ci_low, null as ci_high, null as sd, null as n,
            1 as rank, 1 as position
        from (values
            ('old', 'overall', 'ada', null, null, 1.0, true),
            ('new', 'overall', 'ada', null, null, 2.0, true),
            ('new', 'maths', 'ada', null, false, 3.0, true),
            ('new', 'overall', 'bo', 'Bo Ltd', null, 4.0, true),
            ('new', 'overall', 'unscored', null, null, null, true),
            ('vintage', 'overall', 'ada', null, null, 5.0, false),
            ('again', 'overall', 'ada', null, null, 2.0, true),
            ('own', 'overall', 'ada', null, null, 6.0, true)
        ) as entries(snapshot_id, task, model, organization, open_weights, score, current)
        """
    )
    yield made
    made.close()


def test_the_latest_state_counts_once_and_a_replaced_vintage_never(
    db: duckdb.DuckDBPyConnection,
) -> None:
    rows = latest_results(db, without=("local",)).select("board", "model", "task", "score").rows()
    assert rows == [
        ("told/text", "ada", "maths", 3.0),
        ("told/text", "ada", "overall", 2.0),
        ("told/text", "bo", "overall", 4.0),
    ]


def test_what_the_board_leaves_out_of_a_model_is_known_from_others(
    db: duckdb.DuckDBPyConnection,
) -> None:
    found = latest_results(db, without=("local",)).select("organization", "open_weights").rows()
    assert found == [("OpenAI", False), ("OpenAI", True), ("Bo Ltd", None)]


def test_the_users_own_boards_are_there_unless_left_out(db: duckdb.DuckDBPyConnection) -> None:
    assert "local/mine" in latest_results(db)["board"].to_list()
