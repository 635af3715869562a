"""The macros on many boards drawn at random, against a naive reading of their states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import duckdb
import pytest

from flows import pipeline
from flows.settings import Settings
from tests.conftest import built, landed, scored, tidy_csv
from tests.sql.test_macros import UNLIKE_THE_TABLE
from warehouse.archive import Archive

DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(4)]
History = list[tuple[datetime, date, dict[str, float | None]]]


def random_history(dice: Random) -> History:
    """Up to seven states of a board, published in no order of their dates; ties, zeros and blanks too."""
    history = []
    for _ in range(dice.randint(1, 7)):
        captured = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(4 * 24 * 60))
        as_of = dice.choice([day for day in DAYS if day <= captured.date()])
        scores = {model: dice.choice([0.0, 1.0, 2.0, None]) for model in dice.sample("abcd", 3)}
        history.append((captured, as_of, scores))
    return history


def naive(history: History, ts: date, known: date) -> list[tuple[str, float | None]]:
    """Models and scores that stood on `ts` as known at the end of `known`, by looking at every state."""
    known_then = [state for state in history if state[0].date() <= known and state[1] <= ts]
    vintages = {as_of: scores for _, as_of, scores in sorted(known_then, key=lambda s: s[0])}
    dates = [as_of for as_of, scores in vintages.items() if set(scores.values()) != {None}]
    if not dates:
        return []
    listed = vintages[max(dates)].items()
    return sorted(listed, key=lambda row: (row[1] is None, -(row[1] or 0), row[0]))


@pytest.fixture(scope="module")
def drawn(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dict[str, History], duckdb.DuckDBPyConnection]]:
    """Sixty boards with histories drawn at random, landed in the order drawn."""
    dice = Random(20250216)
    histories = {f"drawn/b{n:02}": random_history(dice) for n in range(60)}
    settings = Settings(home=tmp_path_factory.mktemp("drawn"))
    archive = Archive(settings.archive)
    archive.append(
        landed(
            archive,
            tidy_csv([{**row, "board": board} for row in scored(**scores)], str(as_of), {}),
            captured,
            url=f"file:///{board}.csv",
        )
        for board, history in histories.items()
        for captured, as_of, scores in history
    )
    db = built(settings)
    db.execute(pipeline.ASOF.read_text())
    yield histories, db
    db.close()


def test_late_and_out_of_order_vintages_stand_as_a_naive_reading_says(
    drawn: tuple[dict[str, History], duckdb.DuckDBPyConnection],
) -> None:
    histories, db = drawn
    found: dict[tuple[str, date, date], list[tuple[str, float | None]]] = {
        (board, ts, known): list(zip(models, scores, strict=True))
        for board, ts, known, models, scores in db.execute(
            """
            select
                boards.board,
                days.ts,
                later.known,
                list(stood.model order by stood.position nulls last, stood.model),
                list(stood.score order by stood.position nulls last, stood.model)
            from core.boards as boards
            cross join (select unnest($days) as ts) as days
            cross join (select unnest($days) as known) as later
            cross join lateral (
                from leaderboard_asof(boards.board, 'overall', days.ts, known := later.known)
            ) as stood
            where boards.board like 'drawn/%'
            group by all
            """,
            {"days": DAYS},
        ).fetchall()
    }
    expected = {
        (board, ts, known): stood
        for board, history in histories.items()
        for ts in DAYS
        for known in DAYS
        if (stood := naive(history, ts, known))
    }
    assert found == expected
    assert len(found) > 300


def test_of_drawn_boards_every_gap_is_that_of_the_table(
    drawn: tuple[dict[str, History], duckdb.DuckDBPyConnection],
) -> None:
    _, db = drawn
    assert db.sql(UNLIKE_THE_TABLE).fetchall() == []
    assert db.sql("select count(*) > 100 from metrics.gaps").fetchall() == [(True,)]
