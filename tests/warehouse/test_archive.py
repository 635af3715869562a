"""The archive keeps every byte, and survives being cut off."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.settings import ROOT
from tests.conftest import landed
from warehouse.archive import Archive, ArchiveDamaged, Fetch, fingerprint

AT = datetime(2025, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)


@given(payload=st.binary())
def test_a_payload_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes
) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    assert archive.read(archive.store(payload)) == payload


def test_the_same_bytes_twice_are_one_file(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert archive.store(b"board") == archive.store(b"board") == fingerprint(b"board")
    assert len(list(tmp_path.rglob("*.gz"))) == 1


def test_a_damaged_payload_is_not_read(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    sha256 = archive.store(b"board")
    archive.path(sha256).write_bytes(gzip.compress(b"another"))
    with pytest.raises(ArchiveDamaged, match="does not hold what its name says"):
        archive.read(sha256)
    archive.path(sha256).write_bytes(b"no gzip")
    with pytest.raises(ArchiveDamaged, match="is damaged"):
        archive.read(sha256)
    archive.path(sha256).unlink()
    with pytest.raises(ArchiveDamaged, match="has lost"):
        archive.read(sha256)


def test_the_journal_gives_back_what_was_written(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    first = landed(archive, b"one", AT, "https://a/1")
    second = Fetch(
        run_id="r", source="s", url="u", captured_at=AT, outcome="failed", error="no\nconnection"
    )
    archive.append([first])
    archive.append([second])
    assert list(archive.fetches()) == [first, second]
    assert [path.name for path in archive.journal.iterdir()] == ["2025-01.ndjson"]


def test_a_line_cut_off_by_a_crash_loses_only_itself(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    kept = landed(archive, b"one", AT, "https://a/1")
    archive.append([kept])
    file = archive.journal / "2025-01.ndjson"
    file.write_bytes(file.read_bytes() + b'{"fetch_id": "abc", "run')
    later = landed(archive, b"two", AT, "https://a/2")
    archive.append([later])
    assert list(archive.fetches()) == [kept, later]
    assert archive.cut_lines() == ["2025-01.ndjson:2"]


def test_latest_is_the_last_payload_by_time_and_not_by_line(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    new = landed(archive, b"new", AT, "https://a/1")
    old = landed(archive, b"old", AT.replace(year=2024), "https://a/1")
    lost = Fetch(run_id="r", source="s", url="https://a/1", captured_at=AT, outcome="failed")
    archive.append([new, old, lost])
    assert archive.latest() == {"https://a/1": new}


def test_lines_of_processes_that_append_at_once_stay_whole(tmp_path: Path) -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from warehouse.archive import Archive, Fetch;"
        "at = datetime(2025, 1, 1, tzinfo=UTC);"
        "line = lambda n: Fetch(run_id=sys.argv[2], source='s', url=f'u{n}', captured_at=at,"
        " outcome='failed', error='x' * 700);"
        "archive = Archive(Path(sys.argv[1]));"
        "[archive.append([line(f'{batch}.{n}') for n in range(60)]) for batch in range(20)]"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), f"run{n}"], cwd=ROOT)
        for n in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    archive = Archive(tmp_path)
    assert archive.cut_lines() == []
    assert len({(f.run_id, f.url) for f in archive.fetches()}) == 3 * 20 * 60
