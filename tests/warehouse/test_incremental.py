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

from flows import pipeline
from flows.reference import make_reference
from flows.settings import Settings
from sources import load_sources
from tests.conftest import built, landed, litellm, tidy_csv
from tests.homes import copied
from tests.oracle.random_boards import Plan, boards_of, payloads
from warehouse.archive import Archive
from warehouse.database import connect, load
from warehouse.models import BrokenPromise, Model, build, kept, read_models
from warehouse.publish import copy_ahead, publish
from warehouse.scope import GATHERED

pytestmark = pytest.mark.slow

SOAK = int(os.environ.get("PHOTOFINISH_SOAK", "0"))
MODELS = read_models(pipeline.SQL, pipeline.STEPS)
PUBLIC = [model for model in MODELS if not model.table.startswith("local.")]
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


def plan(random: Random) -> Plan:
    """What a board is like, drawn by lot: hypothesis would begin with the plainest boards."""
    return Plan(
        seed=random.randrange(2**32),
        models=random.randint(3, 14),
        snapshots=random.randint(2, 6),
        higher_is_better=random.random() < 0.5,
        scale=random.choice(["elo", "proportion", "percent", "points", "seconds"]),
        noise=random.choice(["interval", "n", "none", "mixed"]),
        grid=random.choice([0.25, 0.1, 0.025, 0.001]),
        turnover=random.choice([0.0, 0.1, 0.4]),
        truncated=random.random() < 0.5,
        tasks=random.choice([1, 1, 2]),
        releases=random.random() < 0.3,
        dated=random.choice(["stated", "captured", "corrected"]),
    )


@pytest.mark.parametrize("seed", range(SOAK or 1))
def test_any_order_of_arrival_gives_the_tables_of_a_build_from_nothing(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    random = Random(seed)
    arrivals = history([plan(random) for _ in range(12 if SOAK else 8)], random)
    home = Settings(home=tmp_path_factory.mktemp("home"))
    begun = False
    while arrivals:
        count = random.choice([1, 2, 5, 20, 20])
        arrived, arrivals = arrivals[:count], arrivals[count:]
        land(home, arrived)
        monkeypatch.setattr("warehouse.scope.GATHERED", random.choice([0, GATHERED]))
        if random.random() < 0.5:
            copy_ahead(home.published)
        with closing(built(home)) as db:
            kept = contents(db, MODELS)
            publish(db, MODELS, "", home.published, private=True)
        with duckdb.connect(str(home.published), read_only=True) as db:
            shown = contents(db, MODELS)
        told = f"after {[(str(a.day), a.url) for a in arrived]}"
        assert not differences(shown, kept), told
        if not begun:
            # The first build is from nothing itself.
            begun = True
            continue
        with closing(built(home.model_copy(update={"build_name": "fresh.duckdb"}))) as db:
            fresh = contents(db, MODELS)
        home.build.with_name("fresh.duckdb").unlink()
        assert not differences(kept, fresh), told


BOARDS = {
    "one": [("ada", 3), ("bea", 2), ("cleo", 1)],
    "two": [("ada", 30), ("bea", 20)],
}


def day(number: int, board: str, scores: Sequence[tuple[str, float]]) -> Arrival:
    rows = [
        {"board": f"test/{board}", "model_raw": model, "score": score} for model, score in scores
    ]
    when = JANUARY + timedelta(days=number)
    return Arrival(when, tidy_csv(rows, None, {}), f"file:///{board}.csv")


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = Settings(home=tmp_path_factory.mktemp("built"))
    land(home, [day(0, board, scores) for board, scores in BOARDS.items()])
    built(home).close()
    return home


@pytest.fixture(scope="module")
def first_publication(first_build: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = copied(first_build, tmp_path_factory.mktemp("published") / "home")
    with closing(connect(home.build)) as db:
        publish(db, MODELS, "", home.published)
    return home


@pytest.fixture
def two_boards(first_build: Settings, settings: Settings) -> Settings:
    """A home in which two boards are built."""
    return copied(first_build, settings.home)


@pytest.fixture
def published_boards(first_publication: Settings, settings: Settings) -> Settings:
    """A home in which two boards are built and published."""
    return copied(first_publication, settings.home)


def made_again(db: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables that a build has noted as changed since the first."""
    return {
        row[0] for row in db.execute("select name from built.changes where build > 1").fetchall()
    }


def test_nothing_new_makes_no_table_and_no_file(two_boards: Settings) -> None:
    with closing(built(two_boards)) as db:
        assert made_again(db) == set()
        assert publish(db, MODELS, "", two_boards.published)
        written = two_boards.published.stat()
        assert not publish(db, MODELS, "", two_boards.published)
    assert two_boards.published.stat() == written


def test_a_board_that_is_seen_again_moves_its_dates_and_no_metric(two_boards: Settings) -> None:
    land(two_boards, [day(1, board, scores) for board, scores in BOARDS.items()])
    with closing(built(two_boards)) as db:
        assert made_again(db) == {"core.states", "core.snapshots"}


def test_a_change_of_one_board_leaves_the_other_alone(two_boards: Settings) -> None:
    land(two_boards, [day(1, "one", [("ada", 3), ("bea", 4)])])
    with closing(built(two_boards)) as db:
        noted = db.execute(
            "select distinct board, since from built.changes where build > 1 and name = 'metrics.gaps'"
        ).fetchall()
        assert noted == [("test/one", JANUARY + timedelta(days=1))]


def test_a_broken_promise_leaves_every_table_as_it_was(two_boards: Settings) -> None:
    with closing(connect(two_boards.build)) as db:
        before = contents(db, MODELS)
    land(two_boards, [day(1, "one", [("ada", 3), ("bea", 4)])])
    with closing(built_but_for(two_boards, "metrics.reigns")) as db:
        assert contents(db, MODELS) == before
    with closing(built(two_boards)) as db:
        assert contents(db, MODELS) != before


def built_but_for(home: Settings, table: str) -> duckdb.DuckDBPyConnection:
    """A build that is stopped when it comes to a table."""

    def stop(name: str) -> None:
        if name == table:
            raise BrokenPromise(name)

    db = connect(home.build)
    load(db, Archive(home.archive), pipeline.parsers(load_sources()))
    make_reference(db, load_sources())
    with pytest.raises(BrokenPromise):
        build(db, MODELS, stop)
    return db


def test_a_changed_query_makes_everything_anew(two_boards: Settings) -> None:
    other = [replace(m, text=f"{m.text} ") if m.table == "metrics.reigns" else m for m in MODELS]
    with closing(connect(two_boards.build)) as db:
        build(db, other)
        assert made_again(db) == {m.table for m in kept(MODELS)}


@pytest.mark.parametrize("harm", ["touched", "replaced", "gone"])
def test_a_file_that_is_not_the_one_published_last_is_written_whole(
    published_boards: Settings, harm: str
) -> None:
    file = published_boards.published
    if harm == "touched":
        os.utime(file, (0, 0))
    else:
        file.unlink()
    if harm == "replaced":
        duckdb.connect(str(file)).close()
    with closing(connect(published_boards.build)) as db:
        assert_published(db, published_boards)


def assert_published(db: duckdb.DuckDBPyConnection, home: Settings) -> None:
    """A publication writes, and shows what the build database holds; nothing lies beside it."""
    assert publish(db, MODELS, "", home.published)
    with duckdb.connect(str(home.published), read_only=True) as shown:
        assert contents(shown, PUBLIC) == contents(db, PUBLIC)
    assert [*home.home.glob("*.next*")] == []


def test_a_publication_that_is_cut_off_leaves_the_old_file(
    published_boards: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = published_boards.published
    before = file.read_bytes()
    land(published_boards, [day(1, "one", [("ada", 3), ("bea", 4)])])
    with closing(built(published_boards)) as db:
        with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
            cut.setattr("warehouse.publish.sync", interrupt)
            publish(db, MODELS, "", file)
        assert file.read_bytes() == before
        assert publish(db, MODELS, "", file)
    with duckdb.connect(str(file), read_only=True) as db:
        assert db.sql("select count(*) from core.snapshots").fetchall() == [(3,)]


def test_a_copy_made_ahead_is_what_the_next_publication_begins_with(
    published_boards: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_ahead(published_boards.published)
    land(published_boards, [day(1, "one", [("ada", 3), ("bea", 4)])])
    monkeypatch.setattr("shutil.copyfile", interrupt)
    with closing(built(published_boards)) as db:
        assert_published(db, published_boards)


def test_a_copy_of_what_is_no_longer_in_place_is_not_used(published_boards: Settings) -> None:
    file = published_boards.published
    copy_ahead(file)
    copies = {copy: copy.read_bytes() for copy in published_boards.home.glob("*.next-*")}
    os.utime(file, (0, 0))
    with closing(connect(published_boards.build)) as db:
        publish(db, MODELS, "", file)
    assert len(copies) == 1
    for copy, content in copies.items():
        assert not copy.exists()
        copy.write_bytes(content[: len(content) // 2])
    land(published_boards, [day(1, "one", [("ada", 3), ("bea", 4)])])
    with closing(built(published_boards)) as db:
        assert_published(db, published_boards)


def test_a_copy_for_which_there_is_no_room_leaves_nothing(
    published_boards: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full, pytest.raises(KeyboardInterrupt):
        full.setattr("warehouse.publish.sync", interrupt)
        copy_ahead(published_boards.published)
    assert [*published_boards.home.glob("*.next*")] == []


def test_before_the_first_publication_nothing_is_copied(settings: Settings) -> None:
    copy_ahead(settings.published)
    assert [*settings.home.glob("*")] == []


def interrupt(*paths: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("portion", [1, 4])
def test_a_build_in_portions_is_the_same(
    two_boards: Settings, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    with closing(connect(two_boards.build)) as db:
        whole = contents(db, MODELS)
    two_boards.build.unlink()
    monkeypatch.setattr("warehouse.scope.PORTION", portion)
    with closing(built(two_boards)) as db:
        assert contents(db, MODELS) == whole
        publish(db, MODELS, "", two_boards.published, private=True)
    with duckdb.connect(str(two_boards.published), read_only=True) as shown:
        assert contents(shown, MODELS) == whole
