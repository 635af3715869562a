"""`photofinish quarantine`: what was refused, where its bytes are, and another try for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import pipeline
from flows.settings import Settings
from sources import load_sources, tidy
from sources.contract import SourceChanged
from tests.conftest import built, landed, tidy_csv
from tests.flows.machine import Said, photofinish
from warehouse.archive import Archive

GOOD = tidy_csv([{"model_raw": "ada", "score": 1}], "2025-01-01", {"board": "test/good"})
LATER = tidy_csv([{"model_raw": "bo", "score": 2}], "2025-01-01", {"board": "test/later"})
NEVER = b"no table at all"
MOMENT = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a good payload, one that a parser of today would accept, and one that none would."""
    settings = Settings(home=tmp_path_factory.mktemp("refused") / "home", lock_wait=0)
    archive = Archive(settings.archive)
    archive.append(
        landed(archive, content, MOMENT, f"file:///{n}.csv")
        for n, content in enumerate((GOOD, LATER, NEVER))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tidy, "parse", refusing(LATER))
        built(settings).close()
    pipeline.publish_tables(settings)
    return settings.home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "home"))


def refusing(payload: bytes) -> Callable[..., Any]:
    """The parser with a mistake: it does not know one payload's shape."""
    parse = tidy.parse

    def parsed(content: bytes, captured_at: datetime, *, url: str = "") -> Any:
        if content == payload:
            raise SourceChanged("a shape that nobody knew yet")
        return parse(content, captured_at, url=url)

    return parsed


def boards(home: Path) -> list[str]:
    with duckdb.connect(str(home / "photofinish.duckdb"), read_only=True) as db:
        rows = db.sql("select distinct board from core.entries order by all").fetchall()
    return [row[0] for row in rows]


def retry(home: Path, *args: str) -> Said:
    return photofinish(home, "quarantine", "retry", *args)


def test_the_list_says_why_when_and_where_the_bytes_are(home: Path) -> None:
    said = photofinish(home, "quarantine", "list")
    assert said.code == 0
    assert "a shape that nobody knew yet" in said.out
    assert "2025-03-01 12:30 UTC, 15 bytes" in said.out
    assert "2 payloads in quarantine" in said.out
    told = json.loads(photofinish(home, "quarantine", "list", "--json").out)
    assert {row["bytes"] for row in told} == {len(LATER), len(NEVER)}
    assert all(Path(row["path"]).is_file() for row in told)
    assert {row["captured_at"] for row in told} == {"2025-03-01T12:30:00Z"}


def test_a_mended_parser_lands_what_was_refused_though_its_version_is_the_same(home: Path) -> None:
    assert boards(home) == ["test/good"]
    said = retry(home)
    assert "landed: tidy, 1 row (test/later)" in said.out
    assert "1 landed, 1 still in quarantine" in said.out
    assert said.code == 1  # one is still refused
    assert boards(home) == ["test/good", "test/later"]
    (left,) = json.loads(photofinish(home, "quarantine", "list", "--json").out)
    assert left["bytes"] == len(NEVER)

    published = (home / "photofinish.duckdb").stat().st_mtime_ns
    (again,) = json.loads(retry(home, "--json").out)
    assert (again["outcome"], again["bytes"]) == ("refused", len(NEVER))
    assert (home / "photofinish.duckdb").stat().st_mtime_ns == published  # nothing new to show


def test_a_lost_payload_stays_in_quarantine_and_stops_no_other(home: Path) -> None:
    settings = Settings(home=home, lock_wait=0)
    archive = Archive(settings.archive)
    (lost,) = (f.payload_sha256 for f in archive.fetches() if f.bytes == len(NEVER))
    archive.path(lost or "").unlink()
    told = {row["outcome"]: row for row in json.loads(retry(home, "--json").out)}
    assert told["landed"]["boards"] == ["test/later"]
    assert told["refused"]["sha256"] == lost
    assert boards(home) == ["test/good", "test/later"]
    # The next run still works: nothing waits for bytes that are gone.
    assert pipeline.load_journal(settings, load_sources()) == 0
    assert "the archive has lost" in retry(home).out


def test_only_the_sources_that_are_named(home: Path) -> None:
    listed = photofinish(home, "quarantine", "list", "--source", "aider")
    assert listed.out == "Nothing is in quarantine.\n"
    again = retry(home, "--source", "aider")
    assert (again.code, "0 landed, 0 still" in again.out) == (0, True)
    assert boards(home) == ["test/good"]
    assert photofinish(home, "quarantine", "list", "--source", "nobody").code == 2


def test_before_the_first_run_it_says_what_to_run(tmp_path: Path) -> None:
    said = retry(tmp_path / "nothing")
    assert (said.code, "`photofinish run`" in said.err) == (3, True)
