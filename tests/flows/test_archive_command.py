"""`photofinish archive`: what a person reads, and how it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import landed
from tests.flows.machine import photofinish
from warehouse.archive import Archive


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two payloads in its archive."""
    archive = Archive(tmp_path / "home" / "archive")
    moment = datetime(2025, 5, 1, tzinfo=UTC)
    archive.append(landed(archive, content, moment, "file:///x") for content in (b"one", b"two"))
    return tmp_path / "home"


def damage(home: Path) -> Path:
    path = min((home / "archive").glob("??/*.gz"))
    path.write_bytes(b"rotten")
    return path


def test_a_whole_archive_is_said_to_be_whole(home: Path) -> None:
    said = photofinish(home, "archive", "verify")
    assert (said.code, said.out) == (0, "2 of 2 payloads are whole.\n")


def test_damage_is_named_and_ends_with_1(home: Path) -> None:
    path = damage(home)
    said = photofinish(home, "archive", "verify")
    assert said.code == 1
    assert str(path) in said.out and "1 of 2 payloads are whole." in said.out
    (told,) = json.loads(photofinish(home, "archive", "verify", "--json").out)
    assert (told["path"], told["sha256"]) == (str(path), path.name.removesuffix(".gz"))


def test_a_copy_says_what_it_did_and_a_second_one_has_nothing_to_do(
    home: Path, tmp_path: Path
) -> None:
    dest = (tmp_path / "copy").as_uri()
    first = photofinish(home, "archive", "copy", dest)
    assert (first.code, "2 payloads and 1 journal file copied" in first.out) == (0, True)
    (again,) = json.loads(photofinish(home, "archive", "copy", dest, "--json").out)
    assert (again["payloads"], again["journals"], again["present"]) == (0, 0, 2)


def test_what_could_not_be_copied_ends_with_1(home: Path, tmp_path: Path) -> None:
    path = damage(home)
    said = photofinish(home, "archive", "copy", str(tmp_path / "copy"))
    assert said.code == 1
    assert f"not copied: {path} is damaged" in said.out


def test_a_place_that_cannot_be_used_is_wrong_usage(home: Path) -> None:
    said = photofinish(home, "archive", "copy", "nowhere://me:secret@bucket/x")
    assert (said.code, "nowhere cannot be used" in said.err) == (2, True)
    assert "secret" not in said.err


def test_without_an_archive_it_says_what_makes_one(tmp_path: Path) -> None:
    said = photofinish(tmp_path / "nothing", "archive", "verify")
    assert (said.code, "`photofinish run` makes it" in said.err) == (3, True)
