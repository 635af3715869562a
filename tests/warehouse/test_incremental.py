"""Tables brought up to date are those of a build from nothing, whatever arrives in whatever order.

PHOTOFINISH_SOAK=200 plays 200 other histories.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flows import pipeline
from flows.settings import Settings
from tests.conftest import built, landed, litellm, tidy_csv
from tests.oracle.random_boards import PLANS, Plan, boards_of, payloads
from warehouse.archive import Archive
from warehouse.models import Model, read_models
from warehouse.publish import publish

SOAK = int(os.environ.get("PHOTOFINISH_SOAK", "0"))
MODELS = read_models(pipeline.SQL, pipeline.STEPS)
JANUARY = date(2025, 1, 1)


@dataclass(frozen=True)
class Arrival:
    """A payload, when it was captured, and where."""

    day: date
    payload: bytes
    url: str
    source: str = "tidy"


def history(plans: Sequence[Plan], random: Random) -> list[Arrival]:
    """The payloads of random boards one by one, some seen twice, among them what disturbs other boards."""
    named = {f"test/b{i:02}": plan for i, plan in enumerate(plans)}
    boards = [board for name, plan in named.items() for board in boards_of(name, plan)]
    arrivals = []
    for day, rows in payloads(boards, named).items():
        by_board = defaultdict(list)
        for row in rows:
            by_board[row["board"]].append(row)
        for board, listed in by_board.items():
            arrivals.append(Arrival(day, tidy_csv(listed, None, {}), f"file:///{board}.csv"))
    seen_again = random.sample(arrivals, len(arrivals) // 5)
    arrivals += [replace(a, day=a.day + timedelta(days=1)) for a in seen_again]
    arrivals += [*names_that_split(), *prices(), *turned_round()]
    random.shuffle(arrivals)
    return arrivals


def names_that_split() -> Iterator[Arrival]:
    """Two spellings are one model until a list has both: then they are two on every list."""
    for day, board, names in (
        (1, "split", ["M-01", "m-02"]),
        (3, "split", ["m-01", "m-02"]),
        (9, "other", ["M-01", "m-01", "m-02"]),
    ):
        rows = [
            {"board": f"names/{board}", "model_raw": name, "score": 10 + place}
            for place, name in enumerate(names)
        ]
        yield Arrival(
            JANUARY + timedelta(days=day), tidy_csv(rows, None, {}), f"file:///{board}.csv"
        )


def prices() -> Iterator[Arrival]:
    """Prices that change, end and begin: what a tie costs changes with them."""
    for day, offers in (
        (2, [("m01", "harbour", 1, 2), ("m02", "harbour", 3, 3)]),
        (6, [("m01", "harbour", 4, 4), ("m03", "harbour", 1, 1)]),
        (30, [("m01", "harbour", 4, 4), ("m02", "harbour", 1, 1)]),
    ):
        yield Arrival(
            JANUARY + timedelta(days=day), litellm(offers), "file:///prices", "litellm_prices"
        )


def turned_round() -> Iterator[Arrival]:
    """A board whose files do not agree on whether the highest score leads: one of them is right for all."""
    for day, higher in ((0, "true"), (4, "false"), (8, "true")):
        rows = [
            {"board": "test/turned", "model_raw": model, "score": score + day}
            for model, score in (("m01", 1), ("m02", 2), ("m03", 3))
        ]
        payload = tidy_csv(rows, None, {"higher_is_better": higher, "unit": f"points{day}"})
        yield Arrival(JANUARY + timedelta(days=day), payload, "file:///turned.csv")


def land(home: Settings, arrivals: Sequence[Arrival]) -> None:
    archive = Archive(home.archive)
    archive.append(
        landed(archive, a.payload, datetime.combine(a.day, time(6), UTC), a.url, a.source)
        for a in arrivals
    )


def contents(db: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> dict[str, list[str]]:
    """The rows of every table, in an order of their own; numbers to nine digits."""
    found = {}
    for model in models:
        rows = db.execute(f"from {model.table}").fetchall()
        found[model.table] = sorted(repr([_plain(value) for value in row]) for row in rows)
    return found


def _plain(value: Any) -> Any:
    return float(f"{value:.9g}") if isinstance(value, float) else value


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    return [
        f"{table}: {sorted(set(one[table]) ^ set(other[table]))[:4]}"
        for table in one
        if one[table] != other[table]
    ]


@pytest.fixture(autouse=True)
def few_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    import sources.litellm_prices as prices_source

    monkeypatch.setattr(prices_source, "CARD", replace(prices_source.CARD, min_rows=0))


@hypothesis_settings(
    max_examples=SOAK or 1,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(PLANS, min_size=14, max_size=14), st.integers(0, 2**32))
def test_any_order_of_arrival_gives_the_tables_of_a_build_from_nothing(
    tmp_path_factory: pytest.TempPathFactory, plans: Sequence[Plan], seed: int
) -> None:
    random = Random(seed)
    arrivals = history(plans, random)
    home = Settings(home=tmp_path_factory.mktemp("home"))
    while arrivals:
        count = random.choice([1, 1, 2, 5, 20, 40])
        arrived, arrivals = arrivals[:count], arrivals[count:]
        land(home, arrived)
        with closing(built(home)) as db:
            kept = contents(db, MODELS)
            publish(db, MODELS, "", home.published, private=True)
        with duckdb.connect(str(home.published), read_only=True) as db:
            shown = contents(db, MODELS)
        with closing(built(home.model_copy(update={"build_name": "fresh.duckdb"}))) as db:
            fresh = contents(db, MODELS)
        home.build.with_name("fresh.duckdb").unlink()
        told = f"after {[(str(a.day), a.url) for a in arrived]}"
        assert not differences(kept, fresh), told
        assert not differences(shown, fresh), told
