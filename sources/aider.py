"""Aider's code-editing benchmarks: one YAML list of runs per board.

A model may be listed several times, with other edit formats or efforts: the best run is the entry and the
others are kept in extra.other_runs. The edit board carries one run of the polyglot benchmark (225 cases
among 133) since 2024-12-22; a run with more cases than its board has belongs to another and is left out.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from statistics import median
from typing import Any

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import number, whole, yaml_records

FILES = "https://raw.githubusercontent.com/Aider-AI/aider/main/aider/website/_data"


def _board(name: str, title: str, metric: str, cases: int, min_rows: int) -> Board:
    return Board(
        board=f"aider/{name}",
        title=title,
        task_family="code editing",
        metric=metric,
        unit="%",
        higher_is_better=True,
        scale="proportion",
        scoring_method=f"unit tests of {cases} exercises, one run a model",
        sample_size="test_cases",
        evaluation_date="none stated for the board; each run has its own",
        prompts_public="yes",
        contamination="The exercises are public, so a model may have seen the solutions.",
        min_rows=min_rows,
        max_rows=1000,
        min_score=0,
        max_score=100,
    )


CARD = Card(
    id="aider",
    title="Aider LLM leaderboards",
    homepage="https://aider.chat/docs/leaderboards/",
    urls=tuple(f"{FILES}/{name}_leaderboard.yml" for name in ("polyglot", "edit", "refactor")),
    former_paths={  # until 2024-07-06
        f"website/_data/{name}_leaderboard.yml": f"{FILES}/{name}_leaderboard.yml"
        for name in ("edit", "refactor")
    },
    licence="Apache-2.0",
    credit="Aider-AI/aider",
    cadence="daily",
    boards=(
        _board("polyglot", "Aider polyglot", "solved within two tries", 225, 5),
        _board("edit", "Aider code editing", "solved within two tries", 133, 15),
        _board("refactor", "Aider refactoring", "solved at the first try", 89, 5),
    ),
    witnesses=(
        Witness("aider/polyglot", "2025-06-09", "DeepSeek R1 (0528)", 71.4),
        Witness("aider/edit", "2024-12-22", "claude-3-opus-20240229", 68.4),
        Witness("aider/refactor", "2024-10-22", "o1-preview", 75.3),
    ),
    notes=(
        "A model listed several times keeps its best run as the entry; the other runs are in extra.",
        "The edit board's run of 225 cases (2024-12-22) is a polyglot run and is left out.",
        "edit stopped in 2024-12 and refactor in 2024-10; their files still answer.",
    ),
)

CASES = {"aider/polyglot": 225, "aider/edit": 133, "aider/refactor": 89}
KEPT = ("dirname", "edit_format", "editor_model", "date", "total_cost", "seconds_per_case")


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of one board. Returns the tidy schema; raises SourceChanged."""
    records = yaml_records(payload)
    if not records:
        raise SourceChanged("the list of runs is empty")
    board = _which_board(records)
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        run = _run(record, board)
        if run["n"] <= CASES[board]:
            runs[run["model_raw"]].append(run)
    return to_tidy((_best(of_model) for of_model in runs.values()), CARD, captured_at)


def _which_board(records: list[dict[str, Any]]) -> str:
    """The board by its number of cases: the three lists have the same shape."""
    cases = [whole(record.get("test_cases"), "test_cases") for record in records]
    typical = median([n for n in cases if n is not None] or [0])
    for board, expected in CASES.items():
        if 0.9 * expected <= typical <= expected:
            return board
    raise SourceChanged(f"no board has {typical:g} test cases; known are 225, 133 and 89")


def _run(record: dict[str, Any], board: str) -> dict[str, Any]:
    model, metric = (
        record.get("model"),
        "pass_rate_1" if board == "aider/refactor" else "pass_rate_2",
    )
    if not isinstance(model, str) or not model.strip():
        raise SourceChanged(f"a run has no model: {record.get('dirname')!r}")
    n = whole(record.get("test_cases"), f"test_cases of {model!r}")
    if n is None or "pass_rate_1" not in record:
        raise SourceChanged(f"the run of {model!r} has no test_cases or no pass_rate_1")
    extra = {key: record[key] for key in KEPT if record.get(key) is not None}
    return {
        "board": board,
        "task": OVERALL,
        "model_raw": model.strip(),
        "score": number(record.get(metric), f"{metric} of {model!r}"),
        "n": n,
        "extra": extra,
    }


def _best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run with the best score; between equals the first by dirname, so file order is nothing."""
    ordered = sorted(
        runs,
        key=lambda run: (
            -1.0 if run["score"] is None else run["score"],
            str(run["extra"].get("dirname", "")),
        ),
        reverse=True,
    )
    best, others = ordered[0], ordered[1:]
    extra = dict(best["extra"])
    if others:
        extra["other_runs"] = [{"score": run["score"], **run["extra"]} for run in others]
    try:
        return {**best, "extra": orjson.dumps(extra, default=str).decode()}
    except TypeError as error:
        raise SourceChanged(f"a run of {best['model_raw']!r} has an odd value: {error}") from error
