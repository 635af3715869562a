"""--known and --trace: what a board showed as known on a day, and following a number to its bytes."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.cli import cli
from flows.commands.common import USAGE, Stop
from flows.settings import Settings
from sources import load_sources
from tests.conftest import scored
from tests.homes import copied
from tests.sample import sample_home
from tests.sql.test_macros import VINTAGES, published
from warehouse.archive import fingerprint
from warehouse.reader import UnknownBoard

Photofinish = Callable[..., Result]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return sample_home(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def vintages(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return published(tmp_path_factory.mktemp("vintages"), VINTAGES)


@pytest.fixture
def photofinish(monkeypatch: pytest.MonkeyPatch) -> Photofinish:
    def run(home: Settings, *args: str) -> Result:
        monkeypatch.setenv("PHOTOFINISH_HOME", str(home.home))
        monkeypatch.setenv("COLUMNS", "80")
        return CliRunner().invoke(cli, args)

    return run


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None, result.exception
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def scores(found: list[dict[str, Any]]) -> dict[str, float]:
    return {row["model"]: row["score"] for row in found}


def test_a_board_is_shown_as_it_was_known(photofinish: Photofinish, vintages: Settings) -> None:
    asked = ("board", "test/board", "--as-of", "2025-01-02", "--json")
    told = {
        known: scores(rows(photofinish(vintages, *asked, "--known", known)))
        for known in ("2025-01-01", "2025-01-05", "2025-01-09")
    }
    assert told == {
        "2025-01-01": {"ada": 90.0, "bea": 80.0, "cleo": 70.0},
        "2025-01-05": {"ada": 88.0, "bea": 80.0, "cleo": 70.0},
        "2025-01-09": {"cleo": 99.0, "ada": 88.0, "bea": 80.0},
    }


def test_known_today_is_what_the_plain_command_says(
    photofinish: Photofinish, vintages: Settings, sample: Settings
) -> None:
    for home, board in ((vintages, "test/board"), (sample, "sample/arena_text")):
        for command in (("board", board, "--top", "0"), ("gaps", board)):
            plain = rows(photofinish(home, *command, "--json"))
            known = rows(photofinish(home, *command, "--known", "2999-12-31", "--json"))
            assert [list(row) for row in known] == [list(row) for row in plain]
            for row in [*plain, *known]:
                # Without noise the tie is unknown; the plain command marks no row then.
                row["tied_with_leader"] = bool(row.get("tied_with_leader"))
            assert known == plain


def test_the_gaps_of_a_board_as_they_were_known(
    photofinish: Photofinish, vintages: Settings
) -> None:
    asked = ("gaps", "test/board", "--json", "--known")
    told = {
        known: [
            (row["as_of"], row["leader"], row["gap_1_2"])
            for row in rows(photofinish(vintages, *asked, known))
        ]
        for known in ("2025-01-02", "2025-01-04", "2025-01-06", "2025-01-09")
    }
    assert told == {
        "2025-01-02": [("2025-01-01", "ada", 10.0)],
        "2025-01-04": [("2025-01-01", "ada", 10.0), ("2025-01-03", "bea", 4.0)],
        "2025-01-06": [("2025-01-01", "ada", 8.0), ("2025-01-03", "bea", 4.0)],
        "2025-01-09": [("2025-01-01", "cleo", 11.0), ("2025-01-03", "bea", 4.0)],
    }


def test_a_vintage_replaced_since_is_said_to_be(
    photofinish: Photofinish, vintages: Settings
) -> None:
    asked = ("board", "test/board", "--as-of", "2025-01-01", "--known")
    early, late = (
        photofinish(vintages, *asked, day).stdout for day in ("2025-01-04", "2025-01-09")
    )
    assert "As it was known at the end of 2025-01-04, UTC." in early
    assert "Other values of this date were published later" in early
    assert "published later" not in late


@pytest.mark.parametrize("command", ["board", "gaps"])
def test_a_day_before_the_first_capture_is_one_sentence(
    photofinish: Photofinish, vintages: Settings, command: str
) -> None:
    error = photofinish(vintages, command, "test/board", "--known", "2024-12-31").exception
    assert isinstance(error, UnknownBoard)  # ends with 2, as tests/flows/test_commands.py shows
    assert str(error) == (
        "nothing was known of test/board on 2024-12-31; it was first captured on 2025-01-01"
    )


def test_what_was_captured_later_is_named_with_the_day_asked_for(
    photofinish: Photofinish, tmp_path: Path
) -> None:
    late = [("2025-02-01T00:00", "2025-01-01", scored(ada=1.0))]
    home = published(tmp_path, late)
    asked = ("board", "test/board", "--known", "2025-01-15", "--as-of")
    assert str(photofinish(home, *asked, "2025-01-02").exception) == (
        "nothing was known of test/board as it stood on 2025-01-02 on 2025-01-15; "
        "it was first captured on 2025-02-01"
    )
    assert str(photofinish(home, *asked, "2024-01-02").exception) == (
        "nothing is known of test/board as early as 2024-01-02"
    )


def test_known_needs_a_board(photofinish: Photofinish, vintages: Settings) -> None:
    error = photofinish(vintages, "gaps", "--known", "2025-01-01").exception
    assert isinstance(error, Stop)
    assert error.code == USAGE
    assert str(error) == "--known is of one board: `photofinish gaps BOARD --known DAY`"


def follow(home: Settings, told: dict[str, Any], model_raw: str) -> list[float]:
    """The scores that the payload named by a trace gives a model, read from the archive by hand."""
    payload = gzip.decompress((home.home / told["payload_path"]).read_bytes())
    assert fingerprint(payload) == told["payload_sha256"]
    assert len(payload) == told["bytes"]
    parsed = load_sources()[told["source"]].parse(
        payload, datetime.fromisoformat(told["captured_at"]), url=told["url"]
    )
    return [
        row["score"]
        for row in parsed.iter_rows(named=True)
        if (row["board"], row["task"], row["model_raw"])
        == (told["listed_as"], "overall", model_raw)
        and str(row["as_of"] or told["as_of"]) == told["as_of"]
    ]


@pytest.mark.parametrize("day", ["2023-06-19", "2024-11-05", "2025-02-16", "2026-04-11"])
def test_every_score_is_followed_to_the_bytes_it_came_from(
    photofinish: Photofinish, sample: Settings, day: str
) -> None:
    asked = ("board", "sample/arena_text", "--as-of", day, "--trace", "--json", "--top", "0")
    found = rows(photofinish(sample, *asked))
    assert len(found) > 10
    for row in found:
        assert follow(sample, row["trace"], row["model_raw"]) == [row["score"]]
    assert found[0]["trace"]["url"].endswith(f"arena_text/{day}.csv")
    assert found[0]["trace"]["credit"]


def test_a_trace_follows_the_vintage_that_is_shown(
    photofinish: Photofinish, vintages: Settings
) -> None:
    asked = ("board", "test/board", "--as-of", "2025-01-01", "--trace", "--json")
    for known in ("2025-01-04", "2025-01-05", "2025-01-09"):
        for row in rows(photofinish(vintages, *asked, "--known", known)):
            assert follow(vintages, row["trace"], row["model_raw"]) == [row["score"]]
            assert row["trace"]["captured_at"][:10] <= known


def test_the_command_line_of_a_trace_shows_the_bytes(
    photofinish: Photofinish, vintages: Settings, tmp_path: Path
) -> None:
    home = copied(vintages, tmp_path / "a home with a space")
    said = photofinish(home, "board", "test/board", "--trace").stdout.splitlines()
    command = next(line.strip() for line in said if "gzip -dc" in line)
    shown = subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout
    assert shown.startswith("board,as_of,model_raw,score\ntest/board,2025-01-03,bea,95.0\n")
    assert Path(shlex.split(command)[2]).is_file()
    told = {line[2:11].strip(): line[13:].strip() for line in said if line.startswith("  ")}
    assert told["captured"] == "2025-01-03 10:00 UTC"
    assert told["archived"] == f"archive/{told['sha256'][:2]}/{told['sha256']}.gz"
    assert (told["source"], told["url"]) == ("tidy", "file:///board.csv")
    assert (told["licence"], told["credit"]) == ("not stated", "not stated")


def test_a_file_without_its_archive_says_so(
    photofinish: Photofinish, vintages: Settings, tmp_path: Path
) -> None:
    alone = Settings(home=tmp_path / "alone")
    alone.home.mkdir()
    alone.published.write_bytes(vintages.published.read_bytes())
    said = photofinish(alone, "board", "test/board", "--trace").stdout
    assert "the file was made in another home" in " ".join(said.split())
    assert "gzip" not in said


def test_without_trace_the_json_has_none(photofinish: Photofinish, vintages: Settings) -> None:
    plain = rows(photofinish(vintages, "board", "test/board", "--json"))
    traced = rows(photofinish(vintages, "board", "test/board", "--json", "--trace"))
    assert [{k: v for k, v in row.items() if k != "trace"} for row in traced] == plain
    assert all("trace" not in row for row in plain)
