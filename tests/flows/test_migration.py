"""Homes of other versions: an older one is brought up, a newer one is refused, and neither in silence."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson
import pytest

from flows import pipeline
from flows.alerts import file
from flows.alerts.store import Store, StoreUnusable
from flows.settings import Settings
from sources import load_sources
from tests.conftest import landed, scored, tidy_csv
from tests.homes import copied, published
from warehouse import layout
from warehouse.archive import Archive, NewerJournal
from warehouse.database import connect
from warehouse.layout import NewerHome, NotADatabase, OlderHome
from warehouse.raw_tables import RAW_TABLES
from warehouse.reader import latest_gaps, reader

AT = datetime(2026, 1, 1, tzinfo=UTC)
PAYLOAD = tidy_csv(scored(ada=2, bea=1), "2026-01-01", {})


@pytest.fixture
def home(settings: Settings) -> Settings:
    """A home with one payload in its archive and no database yet."""
    archive = Archive(settings.archive)
    archive.append([landed(archive, PAYLOAD, AT, "file:///board.csv")])
    return settings


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the tables of that payload, published; only to be copied."""
    return published(tmp_path_factory.mktemp("made"), {"2026-01-01": scored(ada=2, bea=1)})


@pytest.fixture
def run_before(made: Settings, settings: Settings) -> Settings:
    """A home after a run."""
    return copied(made, settings.home)


def old_build(path: Path) -> None:
    """A build database as it was before it said its layout: other columns, tables that are no more."""
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as db:
        db.execute("create schema raw; create schema parsed; create schema core")
        db.execute("create table raw.fetches (fetch_id varchar, source varchar, seen timestamp)")
        db.execute("insert into raw.fetches values ('x', 'tidy', '2020-01-01')")
        db.execute("create table parsed.rows (sha256 varchar, score double)")
        db.execute("create view core.old as from raw.fetches")


def run(settings: Settings) -> None:
    pipeline.load_journal(settings, load_sources())
    pipeline.make_tables(settings, load_sources())
    pipeline.publish_tables(settings)


def test_an_older_build_database_is_made_anew_and_it_is_said(
    home: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    old_build(home.build)
    run(home)
    assert [record.message for record in caplog.records] == [
        f"{home.build} was of an older photofinish: it is made anew from the archive"
    ]
    with duckdb.connect(str(home.published), read_only=True) as db:
        assert db.sql("select source, outcome from raw.fetches").fetchall() == [("tidy", "new")]
        assert db.sql("select model from core.entries order by rank").fetchall() == [
            ("ada",),
            ("bea",),
        ]
        assert db.sql("select version, fingerprint from raw.layout").fetchall() == [
            (layout.VERSION, layout.fingerprint(RAW_TABLES))
        ]
    caplog.clear()
    run(home)
    assert caplog.records == []


def test_an_older_build_database_is_not_written_before_it_is_made_anew(home: Settings) -> None:
    old_build(home.build)
    with pytest.raises(OlderHome, match="`photofinish rebuild` makes it anew"):
        connect(home.build)
    with duckdb.connect(str(home.build)) as db:
        assert db.sql("select count(*) from core.old").fetchall() == [(1,)]


def test_another_layout_of_the_same_number_is_older_too(home: Settings) -> None:
    connect(home.build).close()
    with duckdb.connect(str(home.build)) as db:
        db.execute("update raw.layout set fingerprint = 'of a day before yesterday'")
    with pytest.raises(OlderHome):
        connect(home.build)
    said: list[str] = []
    connect(home.build, renewed=said.append).close()
    assert len(said) == 1
    connect(home.build).close()


def test_spaces_do_not_change_a_layout_and_columns_do() -> None:
    told = layout.fingerprint({"a.t": "x int,\n   y int"})
    assert layout.fingerprint({"a.t": "x int, y int"}) == told
    assert layout.fingerprint({"a.t": "x int, y bigint"}) != told
    assert layout.fingerprint({"a.u": "x int, y int"}) != told


def newer(path: Path) -> bytes:
    with duckdb.connect(str(path)) as db:
        db.execute("update raw.layout set version = version + 1")
    return path.read_bytes()


def test_a_newer_build_database_is_refused_and_left_alone(run_before: Settings) -> None:
    home = run_before
    before = newer(home.build)
    for step in (
        lambda: pipeline.load_journal(home, load_sources()),
        lambda: pipeline.rebuild(home, load_sources()),
    ):
        with pytest.raises(NewerHome, match="newer photofinish; nothing was changed"):
            step()
    assert home.build.read_bytes() == before


def test_a_newer_published_file_is_not_replaced(run_before: Settings) -> None:
    home = run_before
    before = newer(home.published)
    with pytest.raises(NewerHome):
        pipeline.publish_tables(home)
    assert home.published.read_bytes() == before


def test_a_published_file_of_another_version_is_named_where_a_command_lacks_something(
    run_before: Settings,
) -> None:
    home = run_before
    with duckdb.connect(str(home.published)) as db:
        db.execute("drop table metrics.gap_history; update raw.layout set fingerprint = 'old'")
    with pytest.raises(OlderHome, match="rebuild"), reader(home.published) as db:
        latest_gaps(db)
    newer(home.published)
    with pytest.raises(NewerHome), reader(home.published) as db:
        latest_gaps(db)


def test_a_database_of_something_else_is_not_emptied(home: Settings) -> None:
    home.build.parent.mkdir(parents=True)
    with duckdb.connect(str(home.build)) as db:
        db.execute("create table holidays as select 1 as day")
    with pytest.raises(NotADatabase, match="but not of photofinish; move it"):
        pipeline.load_journal(home, load_sources())
    assert pipeline.rebuild(home, load_sources()) == 1
    with duckdb.connect(f"{home.build}.aside-1", read_only=True) as db:
        assert db.sql("from holidays").fetchall() == [(1,)]


def test_a_line_of_a_newer_journal_is_refused_and_not_taken_for_a_cut_one(home: Settings) -> None:
    archive = Archive(home.archive)
    month = archive.journal / "2026-01.ndjson"
    line = orjson.loads(month.read_bytes())
    with month.open("ab") as journal:
        journal.write(json.dumps(line | {"withdrawn": True}).encode() + b"\n")
    for read in (archive.fetches, archive.cut_lines, archive.latest):
        with pytest.raises(NewerJournal, match=r"2026-01.ndjson:2 'withdrawn'.*Update photofinish"):
            list(read())


def test_a_line_of_an_older_journal_is_read(home: Settings) -> None:
    """One without the fields that came later."""
    archive = Archive(home.archive)
    month = archive.journal / "2026-01.ndjson"
    line = orjson.loads(month.read_bytes())
    for name in ("etag", "last_modified", "elapsed_ms", "error"):
        del line[name]
    before = list(archive.fetches())
    month.write_text(json.dumps(line) + "\n")
    assert list(archive.fetches()) == before


def test_an_older_store_of_alerts_is_upgraded_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "alerts.sqlite"
    Store(path).silence("rule", AT.replace(year=2030))
    monkeypatch.setattr(file, "SCHEMA", (*file.SCHEMA, ("alter table silences add why text",)))
    assert Store(path).silenced("rule", AT)
    with sqlite3.connect(path) as db:
        assert db.execute("pragma user_version").fetchone() == (len(file.SCHEMA),)
        assert db.execute("select rule, why from silences").fetchall() == [("rule", None)]


def test_an_upgrade_of_the_store_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "alerts.sqlite"
    Store(path).silence("rule", AT.replace(year=2030))
    steps = ("alter table silences add why text", "alter table nowhere add why text")
    with monkeypatch.context() as patched:
        patched.setattr(file, "SCHEMA", (*file.SCHEMA, steps))
        with pytest.raises(StoreUnusable):
            Store(path).silenced("rule", AT)
    assert Store(path).silenced("rule", AT)


def test_a_newer_store_of_alerts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    Store(path).silence("rule", AT)
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version = 99")
    with pytest.raises(StoreUnusable, match="newer photofinish"):
        Store(path).silenced("rule", AT)
