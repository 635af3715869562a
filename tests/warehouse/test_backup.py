"""A copy of the archive: whole as far as its journal goes, and nothing in it is lost to a later copy."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import landed
from warehouse.archive import Archive
from warehouse.backup import Copied, CopyRefused, Place, copy_archive

MAY, JUNE = datetime(2025, 5, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Two payloads, journalled in two months."""
    made = Archive(tmp_path / "home" / "archive")
    add(made, b"one", MAY)
    add(made, b"two", JUNE)
    return made


def add(archive: Archive, payload: bytes, at: datetime) -> None:
    archive.append([landed(archive, payload, at, f"file:///{payload.decode()}")])


@pytest.fixture(params=["folder", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "copy") if request.param == "folder" else f"memory://{uuid4()}/copy"


def counts(done: Copied) -> tuple[int, int, int]:
    return done.payloads, done.journals, done.present


def restored(url: str, tmp_path: Path) -> Archive:
    """What a person does who lost the home: all files of the copy, in the archive's folder."""
    place = Place(url)
    root = tmp_path / "restored" / "archive"
    for path in place.sizes():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(place.read(path))
    return Archive(root)


def test_a_copy_restores_the_same_archive(archive: Archive, url: str, tmp_path: Path) -> None:
    assert counts(copy_archive(archive, Place(url))) == (2, 2, 0)
    back = restored(url, tmp_path)
    assert list(back.fetches()) == list(archive.fetches())
    assert list(back.verify()) == []
    assert sorted(path.name for path in back.root.rglob("*.part")) == []


def test_the_next_copy_brings_only_what_is_new(archive: Archive, url: str) -> None:
    copy_archive(archive, Place(url))
    assert counts(copy_archive(archive, Place(url))) == (0, 0, 2)
    add(archive, b"three", JUNE)
    assert counts(copy_archive(archive, Place(url))) == (1, 1, 2)


class Failing(Place):
    """A place that is full after some files."""

    def __init__(self, url: str, room: int) -> None:
        super().__init__(url)
        self.room = room

    def put(self, path: str, content: bytes) -> bool:
        if self.room == 0:
            raise OSError(28, "No space left on device")
        self.room -= 1
        return super().put(path, content)


@pytest.mark.parametrize("room", range(4))
def test_a_cut_off_copy_is_whole_as_far_as_its_journal_goes(
    archive: Archive, url: str, tmp_path: Path, room: int
) -> None:
    with pytest.raises(OSError, match="No space"):
        copy_archive(archive, Failing(url, room))
    part = restored(url, tmp_path)
    assert list(part.verify()) == []
    copy_archive(archive, Place(url))
    assert list(restored(url, tmp_path).fetches()) == list(archive.fetches())


def test_a_payload_is_read_back_before_it_gets_its_name(archive: Archive, url: str) -> None:
    place = Place(url)
    kept = place.fs.cat_file
    try:
        place.fs.cat_file = lambda path, **_: kept(path)[:-1]
        done = copy_archive(archive, place)
    finally:
        place.fs.cat_file = kept
    assert len(done.problems) == 4 and "other bytes came back" in done.problems[0]
    assert place.sizes() == {}


def test_damage_in_the_copy_is_mended_and_told(archive: Archive, url: str) -> None:
    place = Place(url)
    copy_archive(archive, place)
    first, second = sorted(path for path in place.sizes() if path.endswith(".gz"))
    place.fs.pipe_file(f"{place.root}/{first}", b"")
    rotten = bytearray(place.read(second))
    rotten[-1] ^= 1  # the same size: only --check sees it
    place.fs.pipe_file(f"{place.root}/{second}", bytes(rotten))
    assert copy_archive(archive, place).mended == [first]
    assert copy_archive(archive, place, check=True).mended == [second]
    assert copy_archive(archive, place, check=True).mended == []


def test_the_same_payload_packed_otherwise_is_left_alone(archive: Archive, url: str) -> None:
    place = Place(url)
    copy_archive(archive, place)
    name = min(path for path in place.sizes() if path.endswith(".gz"))
    packed = gzip.compress(gzip.decompress(place.read(name)), compresslevel=0)
    place.fs.pipe_file(f"{place.root}/{name}", packed)
    assert counts(copy_archive(archive, place, check=True)) == (0, 0, 2)
    assert place.read(name) == packed


def test_damage_in_the_archive_is_not_copied(archive: Archive, url: str) -> None:
    path = min(archive.root.glob("??/*.gz"))
    path.write_bytes(b"rotten")
    done = copy_archive(archive, Place(url))
    assert (done.payloads, len(done.problems)) == (1, 1)
    assert "restore it from a copy" in done.problems[0]
    assert f"{path.parent.name}/{path.name}" not in Place(url).sizes()


def test_damage_in_the_archive_does_not_reach_a_good_copy(archive: Archive, url: str) -> None:
    place = Place(url)
    copy_archive(archive, place)
    path = min(archive.root.glob("??/*.gz"))
    good = path.read_bytes()
    path.write_bytes(b"rotten")
    copy_archive(archive, place, check=True)
    assert place.read(f"{path.parent.name}/{path.name}") == good


def test_a_journal_of_another_history_is_never_overwritten(archive: Archive, url: str) -> None:
    place = Place(url)
    copy_archive(archive, place)
    journal = f"{place.root}/journal/2025-05.ndjson"
    theirs = b'{"fetch_id": "of another home"}\n'
    place.fs.pipe_file(journal, theirs)
    done = copy_archive(archive, place)
    assert len(done.problems) == 1 and "another history" in done.problems[0]
    assert place.fs.cat_file(journal) == theirs


def test_an_older_home_does_not_shorten_the_copy(
    archive: Archive, url: str, tmp_path: Path
) -> None:
    older = restored_from(archive, tmp_path / "older")
    add(archive, b"three", JUNE)
    place = Place(url)
    copy_archive(archive, place)
    done = copy_archive(older, place)
    assert len(done.problems) == 1 and "this home is older" in done.problems[0]
    assert list(restored(url, tmp_path).fetches()) == list(archive.fetches())


def restored_from(archive: Archive, root: Path) -> Archive:
    for path in archive.root.rglob("*.*"):
        target = root / path.relative_to(archive.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return Archive(root)


def test_a_line_that_a_run_is_writing_waits_for_the_next_copy(archive: Archive, url: str) -> None:
    journal = archive.journal / "2025-06.ndjson"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"fetch_id": "cut')
    place = Place(url)
    copy_archive(archive, place)
    assert place.read("journal/2025-06.ndjson") == whole


def test_a_copy_into_the_archive_itself_is_refused(archive: Archive) -> None:
    for inside in (archive.root, archive.root / "copy"):
        with pytest.raises(CopyRefused, match="in the archive itself"):
            copy_archive(archive, Place(str(inside)))


def test_a_place_that_no_package_knows_is_named() -> None:
    with pytest.raises(CopyRefused, match="Protocol not known: nowhere"):
        Place("nowhere://bucket")


def test_verify_names_what_is_lost_and_what_is_rotten(archive: Archive) -> None:
    lost, rotten = sorted(archive.root.glob("??/*.gz"))
    lost.unlink()
    rotten.write_bytes(gzip.compress(b"something else"))
    seen: list[tuple[int, int]] = []
    found = {one.path: one.problem for one in archive.verify(lambda *done: seen.append(done))}
    assert set(found) == {lost, rotten}
    assert "has lost" in found[lost] and "not hold what its name says" in found[rotten]
    assert seen == [(1, 2), (2, 2)]
