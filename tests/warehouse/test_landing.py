"""Landing on a lake: several workers at once, and no payload twice."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import pipeline
from flows.settings import Settings
from sources import Source, load_sources
from tests.conftest import scored
from tests.warehouse.lakes import attached, land_states, on_lake
from warehouse import landing
from warehouse.archive import Archive
from warehouse.database import Parsed, Parser, Refused, connect, load
from warehouse.lake_lock import locked
from warehouse.landing import clear, land, landed

EIGHT = {f"2025-01-{day:02}": scored(ada=day, bob=1) for day in range(1, 9)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = on_lake(tmp_path / "home", lock_wait=0)
    land_states(settings, EIGHT)
    return settings


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    return {"tidy": load_sources()["tidy"]}


def worker(settings: Settings, sources: Mapping[str, Source] | None = None) -> int:
    assert settings.lake
    own = pipeline.parsers(sources or {"tidy": load_sources()["tidy"]})
    return land(settings.lake, Archive(settings.archive), own)


def landed_rows(settings: Settings) -> tuple[int, int]:
    """Payloads and rows in the landing."""
    with closing(attached(settings, "landing")) as db:
        query = "select (select count(*) from parsed.payloads), (select count(*) from parsed.rows)"
        return db.sql(query).fetchall()[0]


def test_workers_that_land_the_same_at_once_land_it_once(settings: Settings) -> None:
    read: list[int] = []
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        read.append(worker(settings))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(read) == [0, 0, 8]
    assert landed_rows(settings) == (8, 16)


def test_what_has_landed_is_not_read_again_and_a_newer_parser_reads_it_all(
    settings: Settings,
) -> None:
    assert worker(settings) == 8
    assert worker(settings) == 0
    newer = replace(load_sources()["tidy"], version="newer")
    assert worker(settings, {"tidy": newer}) == 8
    assert landed_rows(settings) == (8, 16)
    with closing(attached(settings, "landing")) as db:
        assert db.sql("select distinct parser from parsed.payloads").fetchall() == [("newer",)]


def test_a_worker_that_is_cut_off_leaves_whole_units(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "UNIT", 3)
    units = iter(range(9))

    def cut_off(*args: Any) -> None:
        keep(*args)
        if next(units) == 1:
            raise KeyboardInterrupt

    keep = landing._keep
    with monkeypatch.context() as patched:
        patched.setattr(landing, "_keep", cut_off)
        with pytest.raises(KeyboardInterrupt):
            worker(settings)
    assert landed_rows(settings)[0] == 3
    assert worker(settings) == 5
    assert landed_rows(settings) == (8, 16)


def test_a_source_that_another_reads_is_left_until_the_others_are_done(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(settings.archive)
    for fetch in list(archive.fetches())[:2]:
        archive.append([replace(fetch, source="aider")])
    order = []
    let_go = threading.Event()
    read = landing._land_source

    def noted(*args: object) -> object:
        order.append(args[4][0].source)  # type: ignore[index]
        if order == ["tidy"]:
            let_go.set()
        return read(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(landing, "_land_source", noted)
    assert settings.lake
    held = threading.Event()

    def hold() -> None:
        assert settings.lake
        with locked(settings.lake, "source-aider", 0):
            held.set()
            let_go.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    every = load_sources()
    assert worker(settings, {id_: every[id_] for id_ in ("aider", "tidy")}) == 10
    holder.join()
    assert order == ["tidy", "aider"]


def test_what_has_landed_makes_the_tables_that_the_payloads_make(
    settings: Settings, sources: dict[str, Source]
) -> None:
    land_states(settings, {"2025-03-01": [{"model_raw": "ada", "score": "many"}]})
    worker(settings)
    assert settings.lake
    archive = Archive(settings.archive)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a payload is read again")

    silent = {"tidy": Parser(sources["tidy"].version, never)}  # type: ignore[arg-type]
    with closing(connect(settings.build)) as db, closing(connect(settings.home / "own")) as own:
        assert load(own, archive, pipeline.parsers(sources)) == 9
        with landed(settings.lake, silent) as looked_up:
            assert load(db, archive, looked_up) == 9
            assert load(db, archive, looked_up) == 0
        tables = own.sql(
            "select schema_name || '.' || table_name from duckdb_tables() where table_name <> 'marks'"
        ).fetchall()
        assert len(tables) >= 8
        for (table,) in tables:
            query = f"select t::varchar from {table} as t order by all"
            assert db.sql(query).fetchall() == own.sql(query).fetchall(), table
        outcomes = "select outcome, count(*) from raw.fetches group by all order by all"
        assert db.sql(outcomes).fetchall() == [("new", 8), ("quarantined", 1)]


def test_prices_and_single_cases_come_back_as_they_were_read(
    settings: Settings, sources: dict[str, Source]
) -> None:
    """The two kinds of payload that are not boards, by parsers made up for the purpose."""
    prices = pl.DataFrame(
        {"provider": ["b", "a"], "model_raw": ["m", "m"], "tool_use": [True, None]}
    )
    rows = pl.DataFrame({"board": ["x/y"], "task": ["overall"], "model_raw": ["m"], "score": [0.1]})
    items = pl.DataFrame({"board": ["x/y"], "case_id": ["1"], "prompt": ["why?"], "score": [1.0]})
    results = iter(
        [Parsed(prices), Parsed(rows, items), Refused("no", "never"), *[Parsed(rows.clear())] * 5]
    )
    parser = Parser("1", lambda *_: next(results))
    assert settings.lake
    archive = Archive(settings.archive)
    assert land(settings.lake, archive, {"tidy": parser}) == 8
    with landed(settings.lake, {"tidy": Parser("1", None)}) as looked_up:  # type: ignore[arg-type]
        read = looked_up["tidy"].read
        told = [
            read(archive.read(f.payload_sha256 or ""), f.captured_at, f.url)
            for f in list(archive.fetches())[:4]
        ]
    assert isinstance(told[0], Parsed) and isinstance(told[1], Parsed)
    assert told[0].rows.select(prices.columns).equals(prices)
    assert told[0].items is None
    assert told[1].rows.select(rows.columns).equals(rows)
    assert told[1].items is not None and told[1].items.select(items.columns).equals(items)
    assert told[2] == Refused("no", "never")
    assert isinstance(told[3], Parsed) and told[3].rows.is_empty()


def test_a_landing_that_was_cleared_is_read_again(settings: Settings) -> None:
    worker(settings)
    assert settings.lake
    clear(settings.lake)
    assert landed_rows(settings) == (0, 0)
    assert worker(settings) == 8
