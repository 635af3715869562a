"""The doctor: each thing that can be wrong is found, said, and comes with a way to mend it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import duckdb
import pytest

from flows import cli, pipeline
from flows.doctor import Finding, examine, machine
from flows.settings import Settings
from sources import load_sources
from tests.conftest import landed, scored, tidy_csv
from warehouse.archive import Archive

AT = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def payload(day: int) -> bytes:
    return tidy_csv(scored(ada=2 + day, bea=1), f"2026-01-{day:02}", {})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which all is well."""
    settings = Settings(home=tmp_path_factory.mktemp("whole") / "home")
    archive = Archive(settings.archive)
    archive.append([landed(archive, payload(day), AT, f"file:///{day}.csv") for day in (1, 2)])
    pipeline.load_journal(settings, load_sources())
    pipeline.make_tables(settings, load_sources())
    pipeline.publish_tables(settings)
    return settings


@pytest.fixture
def home(whole: Settings, settings: Settings) -> Settings:
    shutil.copytree(whole.home, settings.home)
    return settings


def found(settings: Settings, quick: bool = False) -> list[Finding]:
    return list(examine(settings, quick, now=NOW))


def one(settings: Settings, quick: bool = False) -> Finding:
    findings = found(settings, quick)
    assert len(findings) == 1, findings
    return findings[0]


def a_payload(settings: Settings) -> Path:
    return sorted(settings.archive.glob("??/*.gz"))[0]


def month(settings: Settings) -> Path:
    return settings.archive / "journal" / "2026-01.ndjson"


def test_a_sound_home_and_an_empty_one_have_no_findings(home: Settings, tmp_path: Path) -> None:
    assert found(home) == []
    assert found(Settings(home=tmp_path / "nothing")) == []


def test_the_doctor_changes_nothing(home: Settings) -> None:
    before = {p: p.read_bytes() for p in home.home.rglob("*") if p.is_file()}
    found(home)
    assert {p: p.read_bytes() for p in home.home.rglob("*") if p.is_file()} == before


def test_every_payload_is_hashed_unless_it_must_be_quick(home: Settings) -> None:
    a_payload(home).write_bytes(b"rot")
    told: list[tuple[int, ...]] = []
    (finding,) = list(examine(home, now=NOW, progress=lambda *n: told.append(n)))
    assert finding.check == "archive"
    assert f"{a_payload(home)} is damaged" in finding.found
    assert "restore it from a copy, or run again" in finding.mend
    assert told == [(1, 2), (2, 2)]
    assert found(home, quick=True) == []


@pytest.mark.parametrize("quick", [True, False])
def test_a_lost_payload_is_found_quickly_too(home: Settings, quick: bool) -> None:
    a_payload(home).unlink()
    assert "has lost" in one(home, quick).found


def test_an_old_version_that_is_damaged_can_only_be_restored(home: Settings) -> None:
    archive = Archive(home.archive)
    url = next(f.url for f in archive.fetches() if f.payload_sha256 == a_payload(home).stem)
    archive.append([landed(archive, payload(2), AT + timedelta(hours=1), url)])
    a_payload(home).unlink()
    mend = next(f.mend for f in found(home) if f.check == "archive")
    assert "restore it from a copy of the archive" in mend
    assert "--without-damaged" in mend


def test_a_damaged_file_that_nothing_uses_may_go(home: Settings) -> None:
    stray = Archive(home.archive).store(b"never journalled")
    assert found(home) == []
    Archive(home.archive).path(stray).write_bytes(b"rot")
    assert "nothing uses it: delete the file" in one(home).mend


def test_a_cut_line_is_found(home: Settings) -> None:
    month(home).write_bytes(month(home).read_bytes()[:-40])
    checks = [finding.check for finding in found(home)]
    assert checks == ["journal", "database"]
    journal, database = found(home)
    assert "2026-01.ndjson:2 cannot be read" in journal.found
    assert "1 attempts in it are not in the journal" in database.found
    assert "restore archive/journal from a copy before you rebuild" in database.mend


def test_a_newer_journal_stops_the_examination(home: Settings) -> None:
    with month(home).open("a") as file:
        file.write('{"fetch_id": "x", "withdrawn": true}\n')
    assert "which this photofinish does not know" in one(home).found


def test_what_is_journalled_and_not_loaded_is_found(home: Settings) -> None:
    archive = Archive(home.archive)
    archive.append([landed(archive, payload(3), AT, "file:///3.csv")])
    assert [finding.found for finding in found(home)] == [
        "1 attempts of the journal are not in it",
        "1 payloads of the journal are neither read nor in quarantine",
    ]


def test_a_published_file_that_is_behind_is_found(home: Settings) -> None:
    archive = Archive(home.archive)
    archive.append([landed(archive, payload(3), AT, "file:///3.csv")])
    pipeline.load_journal(home, load_sources())
    assert one(home).found == f"{home.published} is behind the build database"
    home.published.unlink()
    assert one(home).found == "nothing is published yet: a run was cut off"


def test_a_missing_build_database_is_found(home: Settings) -> None:
    home.build.unlink()
    assert "is not there, though the journal is" in one(home).found


@pytest.mark.parametrize("which", ["build", "published"])
def test_a_file_that_is_no_database_is_found(home: Settings, which: str) -> None:
    getattr(home, which).write_text("not a database, but long enough to look like a file of one")
    assert "cannot be opened" in one(home).found
    assert "what is there is kept under another name" in one(home).mend


@pytest.mark.parametrize(
    ("change", "mend"), [("version + 1", "update photofinish"), ("version - 1", "the next run")]
)
def test_a_database_of_another_version_is_found(home: Settings, change: str, mend: str) -> None:
    with duckdb.connect(str(home.build)) as db:
        db.execute(f"update raw.layout set version = {change}")
    assert mend in one(home).mend


def test_a_folder_in_the_place_of_a_file_is_found(home: Settings) -> None:
    home.published.unlink()
    home.published.mkdir()
    assert f"{home.published} is not a file" in found(home)[0].found


def test_leftovers_of_killed_runs_are_found(home: Settings) -> None:
    (a_payload(home).parent / "tmp123.tmp").write_bytes(b"half")
    (home.home / "photofinish.duckdb.next").write_bytes(b"half")
    home.build.with_name("photofinish.duckdb.new").write_bytes(b"half")
    home.build.with_name("photofinish.duckdb.aside-1").write_bytes(b"mine")
    (home.home / "run.holder").write_text("a run, process 1")
    told = found(home)
    assert {finding.check for finding in told} == {"leftover"}
    assert [finding.mend for finding in told] == [
        "delete it",
        "the next run replaces it; until then it may be deleted",
        "the next run replaces it; until then it may be deleted",
        "nothing: the lock went with it, and the next run writes the note anew",
        "delete it when you do not need it",
    ]


def test_while_a_run_is_at_work_its_databases_are_left_alone(home: Settings) -> None:
    with pipeline.only_run(home, "the daily run 7"), duckdb.connect(str(home.build)):
        assert "the daily run 7, process" in one(home).found
        assert one(home).mend == "ask again when it is done"


def test_times_in_the_future_are_found_and_whose_clock_it_was(home: Settings) -> None:
    past = AT - timedelta(days=30)
    os.utime(month(home), (past.timestamp(), past.timestamp()))
    finding = next(iter(examine(home, now=past + timedelta(days=1))))
    assert "2 attempts are dated after now (2025-12-03 00:00 UTC)" in finding.found
    assert "this clock seems right" in finding.mend
    os.utime(month(home), (AT.timestamp(), AT.timestamp()))
    finding = next(iter(examine(home, now=past)))
    assert "the clock of this machine is behind" in finding.mend


def test_a_full_disk_is_found(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 5 * 10**6))
    assert f"5 MB are free where {home.home} is; a run may need" in one(home).found


def test_what_may_not_be_written_is_found_once(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked through os.access, which knows of read-only mounts; root may write everywhere else."""
    real: Callable[..., bool] = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: "archive" not in str(path) and real(path, mode)
    )
    assert one(home).found == (
        f"{home.archive} cannot be written by this user, or is mounted read-only"
    )


class Installed:
    """A package that asks for these."""

    def __init__(self, python: str, *wanted: str) -> None:
        self.metadata = Message()
        self.metadata["Requires-Python"] = python
        for line in wanted:
            self.metadata["Requires-Dist"] = line


def test_versions_other_than_the_pins_are_found() -> None:
    asked = Installed(
        ">=4", "duckdb>=9,<10", "no-such-package", "absent; extra == 'bench'", "click"
    )
    told = [finding.found for finding in machine.versions(asked)]  # type: ignore[arg-type]
    assert "photofinish needs >=4" in told[0]
    assert told[1] == f"duckdb is {duckdb.__version__}; photofinish was made with <10,>=9"
    assert told[2:] == ["no-such-package is not installed"]


def test_the_command_ends_with_1_and_speaks_json(
    home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PHOTOFINISH_HOME", str(home.home))

    def doctor(*args: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["photofinish", "doctor", *args])
        try:
            cli.main()
            code: object = 0
        except SystemExit as end:
            code = end.code
        return code, capsys.readouterr().out

    assert doctor("--quick") == (0, "All is as it should be.\n")
    a_payload(home).unlink()
    code, told = doctor("--json", "--quick")
    assert code == 1
    assert [set(finding) for finding in json.loads(told)] == [{"check", "found", "mend"}]
    code, told = doctor()
    assert code == 1
    assert "archive: the archive has lost" in told
    assert "to mend it: restore it from a copy" in told
