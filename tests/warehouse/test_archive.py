"""The archive keeps every byte, and survives being cut off."""

from __future__ import annotations

import fcntl
import gzip
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


URLS = ["https://a/1", 'https://a/1?q="ä"', "https://b/2"]


@given(
    st.lists(st.tuples(st.sampled_from(URLS), st.integers(0, 100), st.booleans())),
    st.sets(st.sampled_from([*URLS, "https://never"])),
)
def test_the_latest_of_some_urls_and_the_sources_that_are_held(
    told: list[tuple[str, int, bool]], urls: set[str]
) -> None:
    with TemporaryDirectory() as folder:
        archive, newest = Archive(Path(folder)), dict[str, datetime]()
        for place, (url, days, gave) in enumerate(told):
            at = AT - timedelta(days=days, seconds=place)
            sha256 = fingerprint(str(at).encode()) if gave else None
            tried = Fetch(
                run_id="r",
                source=url[:9],
                url=url,
                captured_at=at,
                outcome="",
                payload_sha256=sha256,
            )
            archive.append([tried])
            if gave:
                newest[url] = max(at, newest.get(url, at))
        assert {url: f.captured_at for url, f in archive.latest().items()} == newest
        assert archive.latest(urls) == {u: f for u, f in archive.latest().items() if u in urls}
        held = {url[:9] for url in newest}
        for sources in ({"https://a"}, {"https://a", "https://b", "other"}, set[str]()):
            assert archive.holding(sources) == held & sources


def test_storing_the_bytes_again_mends_a_damaged_payload(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    sha256 = archive.store(b"board")
    archive.path(sha256).write_bytes(b"rot")
    assert not archive.intact(sha256)
    assert archive.store(b"board") == sha256
    assert archive.read(sha256) == b"board"


def test_verify_names_what_is_lost_and_what_is_damaged(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    kept = [landed(archive, payload, AT, "https://a/1") for payload in (b"one", b"two", b"three")]
    archive.append(kept)
    stray = archive.store(b"not in the journal")
    told: list[tuple[int, int]] = []
    assert list(archive.verify(lambda *n: told.append(n))) == []
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    lost, damaged = (archive.path(str(fetch.payload_sha256)) for fetch in kept[:2])
    lost.unlink()
    damaged.write_bytes(b"rot")
    archive.path(stray).write_bytes(gzip.compress(b"another"))
    assert {(one.path, one.sha256) for one in archive.verify()} == {
        (lost, kept[0].payload_sha256),
        (damaged, kept[1].payload_sha256),
        (archive.path(stray), stray),
    }
    assert all(one.problem for one in archive.verify())


def test_the_journal_is_written_after_the_payload_and_its_name_are_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of what reaches the disk: a loss of power may cut it off anywhere."""
    done: list[tuple[str, str]] = []
    sync, rename = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        done.append(("sync", "payload" if path.suffix == ".tmp" else str(path)))
        sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        done.append(("rename", str(target)))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    archive = Archive(tmp_path / "archive")
    fetch = landed(archive, b"board", AT, "https://a/1")
    payload = archive.path(str(fetch.payload_sha256))
    archive.append([fetch])
    assert done == [
        ("sync", "payload"),
        ("rename", str(payload)),
        ("sync", str(payload.parent)),
        ("sync", str(archive.root)),
        ("sync", str(tmp_path)),
        ("sync", str(archive.journal / "2025-01.ndjson")),
        ("sync", str(archive.journal)),
    ]


def test_sources_that_write_the_journal_at_once_do_not_cut_each_others_lines(
    tmp_path: Path,
) -> None:
    archive = Archive(tmp_path)

    def attempts(source: int) -> list[Fetch]:
        return [
            Fetch(
                run_id="r", source=str(source), url=f"u{n}" * 40, captured_at=AT, outcome="failed"
            )
            for n in range(60)
        ]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(archive.append, map(attempts, range(40))))
    assert archive.cut_lines() == []
    assert len(list(archive.fetches())) == 40 * 60


def test_who_appends_waits_until_the_one_before_is_done(tmp_path: Path) -> None:
    """One write may be cut in two by the system; nobody may come between them."""
    archive = Archive(tmp_path)
    fetch = Fetch(run_id="r", source="s", url="u", captured_at=AT, outcome="failed")
    archive.append([fetch])
    with ThreadPoolExecutor(1) as pool, (archive.journal / "2025-01.ndjson").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = pool.submit(archive.append, [fetch])
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        fcntl.flock(held, fcntl.LOCK_UN)
        waiting.result(timeout=30)
    assert list(archive.fetches()) == [fetch, fetch]
