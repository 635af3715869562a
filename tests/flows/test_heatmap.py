"""`board --heatmap` and `gaps --frontier` as a person sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.cli import cli
from flows.settings import Settings
from tests.conftest import scored
from tests.homes import published

Run = Callable[..., Result]
TASKS = [f"task {number:02}" for number in range(30)]
MODELS = [f"a-model-with-quite-a-long-name-{letter}" for letter in "abcdefghijkl"]


def grid() -> list[dict[str, Any]]:
    """Model 0 is first everywhere, the last last; task 29 has the widest spread."""
    scores = [
        {"model_raw": model, "task": task, "score": 50 - place * (1 + 0.1 * number)}
        for number, task in enumerate(TASKS)
        for place, model in enumerate(MODELS)
    ]
    return [*scores, *scored(**{m: 50.0 - place for place, m in enumerate(MODELS)})]


def of_countries(gap: float) -> list[dict[str, Any]]:
    return [
        {"model_raw": "gpt", "score": 100 + gap, "organization_raw": "OpenAI"},
        {"model_raw": "deepseek", "score": 100, "organization_raw": "DeepSeek"},
    ]


def on(board: str, rows: Sequence[Mapping[str, Any]], **facts: object) -> list[dict[str, Any]]:
    return [{"board": board, **facts, **row} for row in rows]


@pytest.fixture(scope="module")
def every_board(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the boards of all tests here but one; only to be read."""
    easy = [{"model_raw": m, "task": "easy", "score": 99.0} for m in MODELS]
    hard = [
        {"model_raw": m, "task": "hard", "score": 9.0 * i} for i, m in enumerate(MODELS) if i != 4
    ]
    states = {
        "2025-01-01": [
            *on("test/board", grid(), perfect_score=50),
            *on("test/easy", [*easy, *hard], unit="%"),
            *on("test/halved", grid()),
            *on("test/plain", scored(ada=1.0, bea=2.0)),
            *on("test/sides", of_countries(4)),
        ],
        "2025-02-01": [*on("test/halved", grid()[::2]), *on("test/sides", of_countries(-20))],
    }
    return published(tmp_path_factory.mktemp("boards"), states)


@pytest.fixture
def run(every_board: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on that home in a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PHOTOFINISH_HOME", str(every_board.home))
    return lambda *args: CliRunner().invoke(cli, args)


def test_the_heat_map_shows_the_widest_tasks_that_fit_and_says_what_is_left(run: Run) -> None:
    done = run("board", "test/board", "--heatmap", "--top", "3")
    lines = done.output.splitlines()
    assert done.exit_code == 0
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["rank", "model", *"abcdefghijklmnopqrs", "profile"]
    assert lines[2].split()[-20:] == [*"█" * 19, "generalist"]
    assert lines[4].split()[-20:] == [*"▓" * 19, "generalist"]
    assert "a task 29 42.9" in done.output
    assert "s task 11" in done.output
    assert "11 more tasks of narrower spread" in done.output
    assert "9 more models; --top 0 shows all" in done.output


def test_the_heat_map_of_a_wide_terminal_leaves_nothing_out(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    done = run("board", "test/board", "--heatmap", "--top", "0")
    assert "more tasks" not in done.output
    assert "more models" not in done.output
    assert done.output.count("a-model-with") == 12


def test_a_saturated_task_is_marked_and_a_missing_score_is_a_dot(run: Run) -> None:
    done = run("board", "test/easy", "--heatmap")
    assert "a hard 99 " in done.output
    assert "b easy 0*" in done.output
    [row] = [line for line in done.output.splitlines() if MODELS[4] in line]
    assert row.split() == ["–", MODELS[4], "·", "█", "–"]


def test_the_heat_map_for_machines_has_every_task(run: Run) -> None:
    rows = json.loads(run("board", "test/board", "--heatmap", "--top", "2", "--json").output)
    assert len(rows) == 60
    assert rows[0]["rank_pct"] == 0
    assert {row["overall_rank"] for row in rows} == {1, 2}


def test_the_heat_map_as_of_a_day_is_of_the_state_before_it(run: Run) -> None:
    args = ("board", "test/halved", "--heatmap", "--json", "--as-of")
    assert {row["as_of"] for row in json.loads(run(*args, "2025-01-31").output)} == {"2025-01-01"}
    early = run(*args, "2024-12-31")
    assert "nothing is known of test/halved as early as 2024-12-31" in str(early.exception)
    nowhere = run("board", "no/board", "--heatmap")
    assert "there is no board no/board; there are: test/board, test/easy, test/halved" in str(
        nowhere.exception
    )


def test_a_board_without_tasks_says_so_in_a_sentence(run: Run) -> None:
    done = run("board", "test/plain", "--heatmap")
    assert str(done.exception).startswith("test/plain has no tasks besides overall")


def test_the_frontier_is_signed_and_can_be_read_over_time(run: Run) -> None:
    latest = run("gaps", "--frontier").output
    assert "-25.00%" in latest
    assert "+4.00%" not in latest
    series = run("gaps", "test/sides", "--frontier").output
    assert "US against CN" in series
    assert [word for word in series.split() if word[0] in "+-"][:2] == ["+4.00%", "-25.00%"]
    assert max(map(len, (latest + series).splitlines())) <= 80
    rows = json.loads(run("gaps", "test/sides", "--frontier", "--json").output)
    assert [row["gap"] for row in rows] == [4.0, -20.0]


def test_a_board_of_one_country_still_has_its_leader(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(settings.home, {"2025-01-01": of_countries(4)[:1]})
    monkeypatch.setenv("PHOTOFINISH_HOME", str(settings.home))
    done = run("gaps", "test/board", "--frontier")
    assert "no date on which both sides have a model" in done.output
    assert "gpt" in done.output
    assert "no board has models of both sides" in str(run("gaps", "--frontier").exception)
