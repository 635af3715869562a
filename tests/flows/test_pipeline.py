"""Pull, load and publish without Prefect: what lands, what does not, and what is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from flows import pipeline
from flows.pipeline import Busy, load_journal, make_tables, only_run, publish_tables
from flows.pull import Pulled, pull
from flows.settings import Settings
from sources import Source, load_sources
from tests.conftest import built, landed, tidy_csv
from tests.flows.server import Told, serving
from tests.homes import copied
from warehouse import layout
from warehouse.archive import Archive
from warehouse.database import NotADatabase, connect
from warehouse.models import BrokenPromise

NOW = datetime(2025, 3, 1, 6, 17, tzinfo=UTC)
GOOD = tidy_csv([{"model_raw": "ada", "score": 2}, {"model_raw": "bea", "score": 1}], None, {})
BETTER = tidy_csv([{"model_raw": "ada", "score": 2}, {"model_raw": "bea", "score": 3}], None, {})


@contextmanager
def board_at(*paths: str) -> Iterator[tuple[Told, Source]]:
    """A source whose files are served by a test server: the tidy parser behind other URLs."""
    with serving() as told:
        source = load_sources()["tidy"]
        card = replace(
            source.card, id="web", urls=lambda day: [[f"{told.url}/{path}" for path in paths]]
        )
        yield told, Source(card, source.parse, "1")


def run(settings: Settings, source: Source, now: datetime = NOW) -> Pulled:
    pulled = pull(source, settings, "run", lambda: now)
    sources = {source.id: source}
    load_journal(settings, sources)
    make_tables(settings, sources)
    publish_tables(settings)
    return pulled


def published(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.published), read_only=True) as db:
        return db.sql(query).fetchall()


@pytest.fixture(scope="module")
def web() -> Iterator[tuple[Told, Source]]:
    with board_at("board.csv") as found:
        yield found


@pytest.fixture(scope="module")
def first_run(web: tuple[Told, Source], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after a run at NOW, in which the server showed GOOD; only to be read."""
    told, source = web
    told.body, told.headers = GOOD, {"ETag": '"1"'}
    home = Settings(home=tmp_path_factory.mktemp("first"), retry_delay=0, lock_wait=0, host_pause=0)
    run(home, source)
    return home


Begun = tuple[Settings, Told, Source]


@pytest.fixture
def begun(first_run: Settings, web: tuple[Told, Source], settings: Settings) -> Begun:
    """A home of one's own after that run, the server, which still shows GOOD, and the source."""
    told, source = web
    told.status, told.body, told.headers = 200, GOOD, {}
    told.asked.clear()
    return copied(first_run, settings.home), told, source


def test_a_changed_board_is_a_new_snapshot_and_an_unchanged_one_is_not(begun: Begun) -> None:
    settings, told, source = begun
    for day, body in enumerate((GOOD, BETTER), start=1):
        told.body = body
        run(settings, source, NOW + timedelta(days=day))
    assert published(settings, "select outcome from raw.fetches order by captured_at") == [
        ("new",),
        ("unchanged",),
        ("new",),
    ]
    assert published(settings, "select count(*) from raw.payloads") == [(2,)]
    assert published(
        settings,
        "select as_of::varchar, last_seen_at::date::varchar from core.snapshots order by 1",
    ) == [("2025-03-01", "2025-03-02"), ("2025-03-03", "2025-03-03")]


def test_not_modified_moves_last_seen_at_too(begun: Begun) -> None:
    settings, told, source = begun
    told.status, told.body = 304, b""
    run(settings, source, NOW + timedelta(days=5))
    assert [asked["If-None-Match"] for asked in told.asked] == ['"1"']
    assert published(settings, "select last_seen_at::date::varchar from core.snapshots") == [
        ("2025-03-06",)
    ]


def test_a_payload_that_went_missing_from_the_archive_is_asked_for_again(
    settings: Settings,
) -> None:
    with board_at("board.csv") as (told, source):
        told.body, told.headers = GOOD, {"ETag": '"1"'}
        first = pull(source, settings, "run", lambda: NOW).fetches[0]
        Archive(settings.archive).path(first.payload_sha256 or "").unlink()
        pull(source, settings, "run", lambda: NOW)
        assert "If-None-Match" not in told.asked[1]


def test_a_quarantined_payload_leaves_the_board_as_it_was(begun: Begun) -> None:
    settings, told, source = begun
    told.body = GOOD + b"test/board,cleo,not a number\n"
    run(settings, source, NOW + timedelta(days=1))
    assert published(settings, "select count(*) from core.entries") == [(2,)]
    assert published(settings, "select reason from raw.quarantine") == [
        ("score of 'cleo' is not a number: 'not a number'",)
    ]
    assert published(settings, "select outcome from raw.fetches order by captured_at") == [
        ("new",),
        ("quarantined",),
    ]


def test_a_mended_parser_reads_the_quarantine_again(settings: Settings) -> None:
    def refuse(payload: bytes, captured_at: datetime, *, url: str = "") -> object:
        raise ZeroDivisionError("a mistake in the parser")

    with board_at("board.csv") as (told, source):
        told.body = GOOD
        run(settings, replace(source, parse=refuse))
        assert published(settings, "select reason, detail from raw.quarantine") == [
            (
                "the parser of web failed; this is a defect in it",
                "ZeroDivisionError: a mistake in the parser",
            )
        ]
        told.status = 500
        run(settings, replace(source, version="2"), NOW + timedelta(days=1))
    assert published(settings, "select count(*) from raw.quarantine") == [(0,)]
    assert published(settings, "select outcome from raw.fetches order by captured_at") == [
        ("new",),
        ("failed",),
    ]
    assert published(settings, "select count(*) from core.entries") == [(2,)]


def test_a_source_may_not_write_another_sources_board(settings: Settings) -> None:
    stolen = tidy_csv([{"board": "aider/polyglot", "model_raw": "ada", "score": 2}], None, {})
    archive = Archive(settings.archive)
    archive.append([landed(archive, stolen, NOW, "file:///x.csv")])
    with built(settings) as db:
        found = db.sql("select reason from raw.quarantine").fetchall()
    assert found == [("the board aider/polyglot belongs to the source aider",)]


def test_a_missing_file_is_looked_for_at_the_next_url(settings: Settings) -> None:
    with board_at("new.csv", "old.csv") as (told, source):
        told.status = 404
        pulled = pull(source, settings, "run", lambda: NOW)
        assert told.paths == ["/new.csv", "/old.csv"]
        assert pulled.permanent
        told.paths.clear()
        told.status, told.body = 500, b"sick"
        assert not pull(source, settings, "run", lambda: NOW).permanent
        assert told.paths == ["/new.csv"]


def test_a_second_run_says_who_holds_the_home(settings: Settings) -> None:
    with (
        only_run(settings, "the daily run 7"),
        pytest.raises(Busy, match="the daily run 7, process") as caught,
        only_run(settings, "another"),
    ):
        pass
    assert "nothing was done" in str(caught.value)


def test_a_broken_promise_keeps_yesterdays_file(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings, _, source = begun
    broken = tmp_path / "sql"
    (broken / "core").mkdir(parents=True)
    (broken / "core" / "t.sql").write_text(
        "-- x\n--\n-- a  the a\n--\n-- key: a\nselect null::int as a"
    )
    monkeypatch.setattr(pipeline, "SQL", broken)
    before = settings.published.read_bytes()
    with pytest.raises(BrokenPromise):
        run(settings, source, NOW + timedelta(days=1))
    assert settings.published.read_bytes() == before


def test_a_reader_keeps_its_file_while_a_new_one_is_published(begun: Begun) -> None:
    settings, told, source = begun
    with duckdb.connect(str(settings.published), read_only=True) as reader:
        told.body = BETTER
        run(settings, source, NOW + timedelta(days=1))
        assert reader.sql("select count(*) from core.snapshots").fetchall() == [(1,)]
    assert published(settings, "select count(*) from core.snapshots") == [(2,)]


def test_the_published_file_documents_every_column(first_run: Settings) -> None:
    assert (
        published(
            first_run,
            "select table_name, column_name from duckdb_columns() "
            "where schema_name in ('core', 'metrics') and comment is null",
        )
        == []
    )
    assert published(first_run, "select normal_cdf(0)") == [(0.5,)]


def test_steps_that_share_the_open_database_give_what_steps_alone_give(begun: Begun) -> None:
    alone, told, source = begun
    shared = alone.model_copy(update={"home": alone.home.with_name("shared")})
    for day, body in enumerate((GOOD, BETTER)):
        told.body = body
        with pipeline.kept_open(shared):
            run(shared, source, NOW + timedelta(days=day))
            log = layout.wal_of(shared.build)
            assert log.stat().st_size > 0
        assert not log.exists()
    run(alone, source, NOW + timedelta(days=1))
    every = "select board, as_of, model, rank, score from core.entries order by all"
    assert published(shared, every) == published(alone, every)


def test_what_was_written_is_merged_while_others_read(settings: Settings) -> None:
    with board_at("board.csv") as (told, source):
        told.body = GOOD
        with pipeline.kept_open(settings):
            run(settings, source)
            log = layout.wal_of(settings.build)
            assert log.stat().st_size > 0
            with pipeline.merged_meanwhile(settings), closing(connect(settings.build)) as db:
                assert db.sql("select count(*) from core.entries").fetchall() == [(2,)]
            assert not log.exists() or log.stat().st_size == 0


class FullDisk:
    """A connection by which nothing can be written."""

    def execute(self, statement: str) -> None:
        raise duckdb.IOException(f"no space for {statement}")

    def close(self) -> None:
        pass


def test_what_cannot_be_merged_now_costs_the_run_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with board_at("board.csv") as (told, source):
        told.body = GOOD
        with pipeline.kept_open(settings):
            run(settings, source)
            with monkeypatch.context() as full:
                full.setattr(pipeline, "connect", lambda path: FullDisk())
                with pipeline.merged_meanwhile(settings):
                    pass
            pipeline.publish_tables(settings)
    assert published(settings, "select count(*) from core.entries") == [(2,)]


def test_the_published_file_is_copied_while_tables_are_made(begun: Begun) -> None:
    settings, *_ = begun
    with pipeline.kept_open(settings):
        pass
    copies = [*settings.home.glob("photofinish.duckdb.next-*")]
    assert [copy.read_bytes() for copy in copies] == [settings.published.read_bytes()]


def test_on_a_lake_no_database_is_kept_open(settings: Settings, tmp_path: Path) -> None:
    lake = settings.model_copy(update={"warehouse": SecretStr(f"ducklake:sqlite:{tmp_path}/lake")})
    with pipeline.kept_open(lake):
        assert not lake.build.exists()


def test_a_build_file_that_is_no_database_names_the_way_out(settings: Settings) -> None:
    settings.build.parent.mkdir(parents=True)
    settings.build.write_text("not a database, but long enough to look like a file of one")
    with pytest.raises(NotADatabase, match="photofinish rebuild"):
        connect(settings.build)
