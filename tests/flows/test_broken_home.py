"""Homes in which something is wrong: a sentence, a way out, and nothing deleted to repair them."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows import cli, pipeline, trouble
from flows.guard import WouldLose
from flows.pull import pull
from flows.settings import Settings
from sources import Source, load_sources
from tests.conftest import landed, scored, tidy_csv
from tests.flows.crashing import Worker, worker, write_boards
from tests.flows.hashes import contents
from tests.flows.test_pipeline import GOOD, board_at
from warehouse.archive import Archive
from warehouse.layout import NotADatabase
from warehouse.reader import reader

# Read here: the fixtures of every test take settings of the outside away.
SOAK = os.environ.get("PHOTOFINISH_SOAK") == "1"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def run(settings: Settings, sources: dict[str, Source] | None = None) -> None:
    known = sources or load_sources()
    pipeline.load_journal(settings, known)
    pipeline.make_tables(settings, known)
    pipeline.publish_tables(settings)


def read(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.build), read_only=True) as db:
        return db.sql(query).fetchall()


@pytest.fixture
def two_boards(settings: Settings) -> tuple[Settings, Path]:
    """A home with two boards in the journal, and the file of the second one's payload."""
    archive = Archive(settings.archive)
    fetches = [
        landed(
            archive,
            tidy_csv(scored(ada=2, bea=1), "2026-01-01", {"board": f"test/{name}"}),
            AT,
            f"file:///{name}.csv",
        )
        for name in ("one", "two")
    ]
    archive.append(fetches)
    return settings, archive.path(fetches[1].payload_sha256 or "")


# A damaged archive


def test_a_damaged_payload_is_told_and_the_others_land(two_boards: tuple[Settings, Path]) -> None:
    settings, payload = two_boards
    whole = payload.read_bytes()
    payload.write_bytes(whole[:-9])
    assert pipeline.load_journal(settings, load_sources()) == 1
    assert read(settings, "select distinct board from parsed.states") == [("test/one",)]
    assert read(settings, "select source, url, problem like '% is damaged %' from raw.damaged") == [
        ("tidy", "file:///two.csv", True)
    ]
    payload.write_bytes(whole)
    assert pipeline.load_journal(settings, load_sources()) == 1
    assert read(settings, "select count(*) from raw.damaged") == [(0,)]
    assert read(settings, "select count(*) from parsed.rows") == [(4,)]


def test_rows_that_were_read_stay_when_their_payload_is_damaged_later(
    two_boards: tuple[Settings, Path],
) -> None:
    settings, payload = two_boards
    pipeline.load_journal(settings, load_sources())
    payload.unlink()
    newer = {"tidy": replace(load_sources()["tidy"], version="mended")}
    assert pipeline.load_journal(settings, newer) == 1
    assert read(settings, "select count(*) from parsed.rows") == [(4,)]
    assert read(settings, "select problem like '%has lost%' from raw.damaged") == [(True,)]


def test_a_rebuild_does_not_lose_them_unless_asked_to(two_boards: tuple[Settings, Path]) -> None:
    settings, payload = two_boards
    run(settings)
    before = settings.build.read_bytes(), settings.published.read_bytes()
    payload.unlink()
    with pytest.raises(WouldLose, match="1 payloads that were read before are damaged now"):
        pipeline.rebuild(settings, load_sources())
    assert (settings.build.read_bytes(), settings.published.read_bytes()) == before
    assert pipeline.rebuild(settings, load_sources(), without_damaged=True) == 1
    with reader(settings.published) as db:
        assert db.sql("select board from core.snapshots").fetchall() == [("test/one",)]
        assert db.sql("select url from raw.damaged").fetchall() == [("file:///two.csv",)]


def test_a_damaged_payload_is_mended_when_the_publisher_still_shows_it(settings: Settings) -> None:
    with board_at("board.csv") as (told, source):
        told.body, told.headers = GOOD, {"ETag": '"1"'}
        first = pull(source, settings, "run", lambda: AT).fetches[0]
        Archive(settings.archive).path(first.payload_sha256 or "").write_bytes(b"rot")
        pull(source, settings, "run", lambda: AT + timedelta(days=1))
        assert "If-None-Match" not in told.asked[1]
    assert list(Archive(settings.archive).verify()) == []


def test_a_command_ends_with_1_and_names_the_damaged_payload(
    two_boards: tuple[Settings, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings, payload = two_boards
    payload.write_bytes(b"rot")
    code, told = photofinish(settings, monkeypatch, capsys, "rebuild")
    assert code == 1
    assert f"{payload} is damaged" in told
    assert "The rest landed; `photofinish doctor` says how to mend it." in told


def photofinish(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *args: str,
) -> tuple[object, str]:
    """Run a command in this process. Returns its exit code and what it printed."""
    monkeypatch.setenv("PHOTOFINISH_HOME", str(settings.home))
    monkeypatch.setattr(sys, "argv", ["photofinish", *args])
    try:
        cli.main()
        code: object = 0
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr()
    return code, said.out + said.err


# Something else in the place of a file


def text(path: Path) -> None:
    path.write_text("not a database, but long enough to look like a file of one")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def damaged_database(path: Path) -> None:
    with duckdb.connect(str(path)) as db:
        db.execute("create table t as select range as x from range(100000)")
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\0" * 8192
    path.write_bytes(content)


@pytest.mark.parametrize("put", [text, folder, damaged_database])
def test_a_rebuild_moves_aside_what_is_no_build_database(
    two_boards: tuple[Settings, Path],
    put: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings, _ = two_boards
    settings.build.parent.mkdir(parents=True)
    put(settings.build)
    with pytest.raises(NotADatabase, match="`photofinish rebuild` makes it anew"):
        pipeline.load_journal(settings, load_sources())
    kept = sorted(
        p.read_bytes() for p in [settings.build, *settings.build.glob("*")] if p.is_file()
    )
    code, told = photofinish(settings, monkeypatch, capsys, "rebuild")
    aside = settings.build.with_name("photofinish.duckdb.aside-1")
    assert (code, f"it is kept as {aside}" in told) == (0, True)
    assert kept == sorted(p.read_bytes() for p in [aside, *aside.glob("*")] if p.is_file())
    assert read(settings, "select count(*) from core.entries") == [(4,)]


@pytest.mark.parametrize("put", [text, folder])
def test_publishing_moves_aside_what_is_no_database(
    two_boards: tuple[Settings, Path],
    put: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings, _ = two_boards
    put(settings.published)
    with pytest.raises(NotADatabase, match="`photofinish rebuild` puts a new one"):
        reader(settings.published).__enter__()
    run(settings)
    assert "is kept as" in caplog.text
    assert settings.published.with_name("photofinish.duckdb.aside-1").exists()
    with reader(settings.published) as db:
        assert db.sql("select count(*) from core.entries").fetchall() == [(4,)]


def test_what_a_killed_run_has_left_is_in_nobodys_way(
    two_boards: tuple[Settings, Path],
) -> None:
    settings, _ = two_boards
    settings.build.parent.mkdir(parents=True)
    for name in (".next", ".next.wal", ".next-0123", ".next-4567.part"):
        text(settings.home / f"photofinish.duckdb{name}")
    for name in (".new", ".new.wal"):
        text(settings.build.with_name(f"photofinish.duckdb{name}"))
    (settings.home / "run.holder").write_text("a run, process 1, since yesterday")
    with pipeline.only_run(settings, "a rebuild"):
        assert pipeline.rebuild(settings, load_sources()) == 2
    assert sorted(path.name for path in settings.home.glob("*")) == [
        "archive",
        "build",
        "photofinish.duckdb",
        "run.lock",
    ]
    assert [path.name for path in settings.build.parent.iterdir()] == ["photofinish.duckdb"]


# The disk


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "the disk is full (/home/x): make room and run again; nothing that was"),
        (errno.EROFS, "this user may not write there; change the owner or the mount"),
        (errno.EACCES, "this user may not write there"),
        (errno.EISDIR, "something else stands in the place"),
        (errno.EIO, "Input/output error (/home/x); nothing that was archived is lost"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_with_the_next_step(code: int, said: str) -> None:
    assert said in trouble.sentence(OSError(code, os.strerror(code), "/home/x"))


@pytest.fixture(scope="module")
def work() -> Iterator[Worker]:
    with worker() as made:
        yield made


Mount = Callable[..., bool]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount a file system for the test, as root may; returns False where that is refused."""
    mounted = []

    def attempt(path: Path, *options: str) -> bool:
        if not shutil.which("mount") or os.geteuid() != 0:
            return False
        done = subprocess.run(["mount", *options, str(path)], capture_output=True, check=False)
        if done.returncode == 0 and "remount" not in str(options):
            mounted.append(path)
        return done.returncode == 0

    yield attempt
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


@pytest.mark.slow
def test_a_full_disk_costs_nothing_but_the_run(tmp_path: Path, work: Worker, mount: Mount) -> None:
    """A small disk, filled until so many bytes are left; else files that may not grow beyond that."""
    home = tmp_path / "home"
    home.mkdir()
    small = mount(home, "-t", "tmpfs", "-o", "size=96m", "none")
    write_boards(tmp_path / "boards", range(1, 3))
    assert work("run", home).error == ""
    published = home / "photofinish.duckdb"
    before = contents(published)
    write_boards(tmp_path / "boards", range(3, 5))
    failed = 0
    for room in (0, 100_000, 3_000_000) if SOAK else (0, 1_000_000):
        if small:
            with (home / "ballast").open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(home).free - room or 1)
        ended = work("run", home, largest_file=None if small else room or 1)
        (home / "ballast").unlink(missing_ok=True)
        assert ended.error == "" or ended.error.startswith("the disk is full"), ended.error
        failed += ended.error != ""
        archive = Archive(home / "archive")
        assert list(archive.verify()) == []
        if ended.error:
            assert contents(published) == before
    assert failed >= 1
    assert work("run", home).error == ""
    after = contents(published)
    assert work("run", tmp_path / "undisturbed").error == ""
    assert (
        after["core.entries"] == contents(tmp_path / "undisturbed" / published.name)["core.entries"]
    )


@pytest.mark.slow
def test_a_read_only_home_is_named(tmp_path: Path, work: Worker, mount: Mount) -> None:
    home = tmp_path / "home"
    write_boards(tmp_path / "boards", range(1, 2))
    assert work("publish", home).error != ""
    before = sorted(home.rglob("*"))
    if not mount(home, "-o", "bind", str(home)) or not mount(home, "-o", "remount,bind,ro"):
        if os.geteuid() == 0:
            pytest.skip("root may write everywhere, and no mount is allowed here")
        home.chmod(0o555)
    ended = work("run", home)
    home.chmod(0o755) if os.geteuid() else None
    assert "this user may not write there; change the owner or the mount" in ended.error
    assert sorted(home.rglob("*")) == before
