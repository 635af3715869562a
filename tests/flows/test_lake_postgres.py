"""A lake with its catalog in PostgreSQL: two workers land at once, and an analyst reads all the while."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from flows.settings import ROOT, Settings
from tests.conftest import scored, tidy_csv
from tests.flows.handmade import record
from tests.flows.postgres import postgres
from tests.warehouse.lakes import attached, finish, hashes
from warehouse.lake_lock import LakeBusy, holding, locked
from warehouse.reader import NothingPublished, reader

pytestmark = pytest.mark.slow

DAYS = [f"2025-01-{day:02}" for day in range(1, 15)]


@pytest.fixture(scope="module")
def catalog() -> Iterator[str]:
    with postgres() as words:
        yield words


@pytest.fixture(scope="module")
def recorded_boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources: one of tidy files, one whose payloads its parser refuses."""
    folder = tmp_path_factory.mktemp("recordings")
    tidy = {
        day: (f"file:///{day}.csv", tidy_csv(scored(ada=90 - n, bob=60 + n, eve=1), day, {}))
        for n, day in enumerate(DAYS)
    }
    record(folder, "tidy", tidy)
    record(folder, "aider", {day: ("https://example.org/a.yml", day.encode()) for day in DAYS})
    return folder


@pytest.fixture(scope="module")
def home(
    catalog: str, recorded_boards: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, list[int], list[tuple[int, ...]]]:
    """A lake after two workers; how many payloads each has read; what an analyst saw meanwhile."""
    settings = Settings(
        home=tmp_path_factory.mktemp("lake"), warehouse=f"ducklake:postgres:{catalog}"
    )
    environment = {
        **os.environ,
        "PHOTOFINISH_HOME": str(settings.home),
        "PHOTOFINISH_WAREHOUSE": settings.warehouse.get_secret_value(),
        "PHOTOFINISH_LOCK_WAIT": "200",
    }
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.flows.landing_worker", str(recorded_boards), *chosen],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        for chosen in (("tidy",), ("aider", "tidy"))
    ]
    for worker in workers:
        assert worker.stdout and worker.stdin
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    seen = []
    while any(worker.poll() is None for worker in workers):
        seen += look(settings)
        time.sleep(0.5)
    said = [worker.communicate()[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    return settings, [int(told) for told in said], [*seen, *look(settings)]


def look(settings: Settings) -> list[tuple[int, ...]]:
    """What an analyst sees: snapshots, those with a gap, those with entries, fetches."""
    query = """
        select
            (select count(*) from core.snapshots),
            (select count(distinct snapshot_id) from metrics.gap_history),
            (select count(distinct snapshot_id) from core.entries),
            (select count(*) from raw.fetches)
    """
    try:
        with reader(settings.published) as db:
            return db.sql(query).fetchall()
    except NothingPublished:
        return []


Home = tuple[Settings, list[int], list[tuple[int, ...]]]


def test_two_workers_at_once_give_the_tables_of_one_file(home: Home, tmp_path: Path) -> None:
    settings, _, _ = home
    alone = Settings(home=tmp_path)
    shutil.copytree(settings.archive, alone.archive)
    finish(alone)
    of_file = hashes(alone)
    assert (of_file["core.snapshots"][0], of_file["raw.quarantine"][0]) == (14, 14)
    assert hashes(settings) == of_file


def test_no_payload_lands_twice_and_both_workers_have_read(home: Home) -> None:
    settings, read, _ = home
    assert sum(read) == 28
    with closing(attached(settings, "landing")) as db:
        assert db.sql(
            "select kind, count(*) from parsed.payloads group by all order by all"
        ).fetchall() == [
            ("refused", 14),
            ("rows", 14),
        ]
        assert db.sql("select count(*) from parsed.rows").fetchall() == [(42,)]


def test_an_analyst_sees_all_of_a_run_or_nothing(home: Home) -> None:
    _, _, seen = home
    assert seen[-1][:3] == (14, 14, 14)
    for snapshots, with_gap, with_entries, fetches in seen:
        assert snapshots == with_gap == with_entries
        assert fetches >= snapshots


def test_the_past_can_be_read_by_version_and_by_time(home: Home) -> None:
    settings, _, _ = home
    archive = settings.home / "archive" / "journal" / "2025-01.ndjson"
    whole = archive.read_bytes()
    with closing(attached(settings)) as db:
        newest = (
            "select snapshot_id, snapshot_time from published.snapshots() order by 1 desc limit 1"
        )
        version, moment = db.sql(newest).fetchall()[0]
        archive.write_bytes(
            b"".join(line for line in whole.splitlines(True) if DAYS[-1].encode() not in line)
        )
        shutil.rmtree(settings.home / "build")
        finish(settings)
        count = "select count(*) from core.snapshots"
        assert db.sql(count).fetchall() == [(13,)]
        for at in (f"version => {version}", f"timestamp => '{moment}'"):
            assert db.sql(f"{count} at ({at})").fetchall() == [(14,)]
    archive.write_bytes(whole)


def test_a_lock_holds_across_connections_and_dies_with_its_holder(home: Home) -> None:
    lake = home[0].lake
    assert lake
    program = (
        "import sys, os; from flows.settings import Settings; from warehouse.lake_lock import locked;"
        "held = locked(Settings().lake, 'transform', 0); held.__enter__();"
        "print('held', flush=True); sys.stdin.readline(); os._exit(9)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PHOTOFINISH_WAREHOUSE": home[0].warehouse.get_secret_value()},
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LakeBusy), locked(lake, "transform", 0):
        pass
    with duckdb.connect() as db, holding(db, lake, "another", 0):
        pass
    holder.communicate("die\n")
    assert holder.returncode == 9
    with locked(lake, "transform", 10):
        pass
