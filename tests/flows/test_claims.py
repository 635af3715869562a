"""`photofinish claims` and `photofinish gaps BOARD --definitions` as a person uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from flows.cli import cli
from flows.commands.common import USAGE, Stop
from flows.settings import Settings
from tests.conftest import scored
from tests.homes import published
from warehouse.reader import NothingPublished, UnknownBoard

TEN = scored(**{f"model-number-{i:02}": 100.0 - i for i in range(10)})
CLAIM = """
[[claim]]
kind = "gap"
text = "The first two are {value}% apart."
source = "a test"
board = "test/board"
date = {day}
k = {k}
value = {value}
tolerance = 0.05
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with ten models on test/board, and test/seconds where lower is better; only to be read."""
    seconds = {"board": "test/seconds", "higher_is_better": False}
    rows = [*TEN, *({**row, **seconds} for row in scored(ada=4.0, bea=5.0))]
    return published(tmp_path_factory.mktemp("made"), {"2025-01-01": rows})


@pytest.fixture
def home(made: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """That home, as the one that commands find."""
    monkeypatch.setenv("PHOTOFINISH_HOME", str(made.home))
    return made


def photofinish(*args: str) -> Result:
    return CliRunner().invoke(cli, args, env={"COLUMNS": "80"})


def written(folder: Path, *claims: tuple[float, int, str]) -> str:
    path = folder / "mine.toml"
    path.write_text("".join(CLAIM.format(value=v, k=k, day=day) for v, k, day in claims))
    return str(path)


def test_each_claim_has_its_verdict_and_a_contradicted_one_is_no_error(
    home: Settings, tmp_path: Path
) -> None:
    day = "2025-01-02"
    file = written(tmp_path, (1.01, 2, day), (9.0, 10, day), (50, 2, day), (1, 11, day))
    done = photofinish("claims", "--file", file)
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    said = " ".join(done.stdout.split())
    for part in (
        "reproduced: 1.010%, where the claim is 1.01% ± 0.05",
        "reproduced only under percent of the upper score: 9.000%",
        "contradicted: 1.010%, where the claim is 50% ± 0.05",
        "data missing: it has 10 models with a score, and no number 11",
        "2025-01-01, the last state before 2025-01-02 (1 day)",
    ):
        assert part in said


def test_the_query_that_is_printed_gives_the_value_when_it_is_pasted(
    home: Settings, tmp_path: Path
) -> None:
    done = photofinish("claims", "--queries", "--file", written(tmp_path, (1, 2, "2025-01-01")))
    (query,) = re.findall(r"^with scored.*?;$", done.stdout, re.DOTALL | re.MULTILINE)
    with duckdb.connect(str(home.published), read_only=True) as db:
        found = db.sql(query).pl().to_dicts()
    assert found == [
        {
            "top_model": "model-number-00",
            "kth_model": "model-number-01",
            "value": pytest.approx(100 / 99),
            "agrees": True,
        }
    ]


def test_for_machines_the_query_and_every_definition_are_there(
    home: Settings, tmp_path: Path
) -> None:
    file = written(tmp_path, (9.0, 10, "2025-01-01"), (1, 11, "2030-01-01"))
    found, missing = json.loads(photofinish("claims", "--json", "--file", file).stdout)
    assert (found["verdict"], found["found"]) == ("reproduced only under", 9.0)
    assert found["found_under"] == {"nth": "position", "unit": "pct_of_upper", "who": "model"}
    assert {round(one["found"], 2) for one in found["every_definition"]} == {9.0, 9.89}
    assert found["query"].startswith("with scored")
    assert (missing["verdict"], missing["as_of"], missing["query"]) == ("data missing", None, None)
    assert "the closest is of 2025-01-01" in missing["reason"]


def test_a_wrong_claim_is_shown_in_its_place_and_ends_with_wrong_usage(
    home: Settings, tmp_path: Path
) -> None:
    file = written(tmp_path, (1, 1, "2025-01-01"), (1, 2, "2025-01-01"))
    done = photofinish("claims", "--json", "--file", file)
    refused, fine = json.loads(done.stdout)
    assert (refused["number"], refused["verdict"]) == (1, "refused")
    assert fine["verdict"] == "reproduced"
    assert isinstance(done.exception, Stop)
    assert done.exception.code == USAGE
    assert "claim 1 is not written right" in str(done.exception)


def test_a_broken_file_ends_with_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("[[claim]")
    done = photofinish("claims", "--file", str(path))
    assert isinstance(done.exception, Stop)
    assert done.exception.code == USAGE
    assert "is not TOML" in str(done.exception)


def test_without_a_published_file_the_next_step_is_named() -> None:
    assert isinstance(photofinish("claims").exception, NothingPublished)


def test_the_shipped_claims_are_written_right_and_miss_their_data_on_another_board(
    home: Settings,
) -> None:
    answers = json.loads(photofinish("claims", "--json").stdout)
    assert [one["verdict"] for one in answers] == ["data missing"] * len(answers)
    assert len(answers) >= 5


def test_a_gap_under_every_definition_is_a_table_with_its_spread(home: Settings) -> None:
    done = photofinish("gaps", "test/board", "--definitions")
    assert max(map(len, done.stdout.splitlines())) <= 80
    said = " ".join(done.stdout.split())
    assert "tenth by order 9.89% 9.00% 9 – – models: model-number-09" in said
    assert (
        "Gap from first to second: 1.00% to 1.01%, to tenth: 9.00% to 9.89%, "
        "depending on the definition."
    ) in said
    assert "Lower is better" not in said


def test_the_words_lower_and_upper_are_explained_where_lower_is_better(home: Settings) -> None:
    said = " ".join(photofinish("gaps", "test/seconds", "--definitions").stdout.split())
    assert "the lower score means the k-th (worse), the upper the first" in said
    assert "to second: 20.00% to 25.00%, to tenth: not known" in said


def test_the_definitions_for_machines(home: Settings) -> None:
    args = ("gaps", "test/board", "--definitions", "--as-of", "2025-02-01", "--json")
    rows = json.loads(photofinish(*args).stdout)
    assert [(r["k"], r["nth"], r["who"]) for r in rows] == [
        (k, nth, who)
        for k in (2, 10)
        for nth in ("position", "displayed_rank")
        for who in ("model", "organization")
    ]
    assert rows[0]["as_of"] == "2025-01-01"


def test_definitions_are_of_one_board_and_of_a_day_it_had(home: Settings) -> None:
    for args in (("--definitions",), ("--as-of", "2025-01-01"), ("x/y", "--as-of", "2025-01-01")):
        done = photofinish("gaps", *args)
        assert isinstance(done.exception, Stop)
        assert done.exception.code == USAGE
    early = photofinish("gaps", "test/board", "--definitions", "--as-of", "2024-01-01")
    assert isinstance(early.exception, UnknownBoard)
