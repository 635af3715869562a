"""lean-eval: formal proofs in Lean that a model has had accepted, a count that can only rise.

The board was published empty and then held one test run, "dogfood": an empty board is a healthy
one and gives no rows. The number of problems grows (17, then 29), so a count is read beside
extra.problems. The file changes with every build (generated_at) though the results hardly do.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
import polars as pl

from sources.contract import OVERALL, TIDY, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import json_value, whole

CARD = Card(
    id="lean_eval",
    title="lean-eval leaderboard",
    homepage="https://lean-lang.org/eval/",
    urls=(
        "https://raw.githubusercontent.com/leanprover/lean-eval-leaderboard/main/site-data/leaderboard.json",
    ),
    licence="Apache-2.0",
    credit="leanprover/lean-eval-leaderboard",
    cadence="daily",
    boards=(
        Board(
            board="lean_eval/solved",
            title="lean-eval, problems solved",
            task_family="formal mathematics",
            metric="problems solved",
            unit="problems",
            higher_is_better=True,
            scale="points",
            scoring_method="accepted formal proofs, cumulative over submissions",
            sample_size="problems in the summary; grows",
            evaluation_date="generated_at",
            prompts_public="yes",
            contamination="Public problems and cumulative submissions: scores can only rise.",
            min_rows=1,
            max_rows=1000,
            min_score=0,
            max_score=10_000,
        ),
    ),
    witnesses=(
        Witness("lean_eval/solved", "2026-04-18", "dogfood", 1),
        Witness("lean_eval/solved", "2026-04-18", "dogfood", 0, "main"),
    ),
    notes=(
        "Until 2026-04-12 the board was empty; since then its only entry is a test run (dogfood).",
    ),
)

TASKS = {OVERALL: "total", "main": "main", "test": "test"}


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of the board; an empty board gives no rows. Raises SourceChanged."""
    board = json_value(payload)
    if not isinstance(board, dict) or board.get("schema_version") != 1:
        raise SourceChanged("the document is not a leaderboard of schema version 1")
    entries, problems = board.get("entries"), _problems(board.get("summary"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SourceChanged("entries is not a list of objects")
    if len(entries) != board["summary"].get("models"):
        raise SourceChanged(
            f"the summary counts {board['summary'].get('models')} models, the list {len(entries)}"
        )
    as_of = _day(board.get("generated_at"))
    if not entries:
        return TIDY.to_frame()
    rows = [row for entry in entries for row in _rows(entry, problems)]
    return to_tidy([{**row, "as_of": as_of} for row in rows], CARD, captured_at)


def _problems(summary: object) -> dict[str, int]:
    """The number of problems by task."""
    if not isinstance(summary, dict):
        raise SourceChanged("the document has no summary")
    keys = {OVERALL: "problems", "main": "main_problems", "test": "test_problems"}
    counts = {task: whole(summary.get(key), key) for task, key in keys.items()}
    known = {task: count for task, count in counts.items() if count is not None and count > 0}
    if OVERALL not in known:
        raise SourceChanged("the summary has no number of problems")
    return known


def _rows(entry: dict[str, Any], problems: dict[str, int]) -> list[dict[str, object]]:
    model, score = entry.get("model_name"), entry.get("score")
    if not isinstance(model, str) or not isinstance(score, dict):
        raise SourceChanged(f"an entry has no model name or no score: {str(entry)[:80]}")
    extra = {"problems": problems[OVERALL], "model_id": entry.get("model_id")}
    rows: list[dict[str, object]] = []
    for task, name in TASKS.items():
        if (solved := whole(score.get(f"solved_{name}"), f"solved_{name} of {model!r}")) is None:
            raise SourceChanged(f"{model!r} has no solved_{name}")
        if solved > problems.get(task, 0):
            raise SourceChanged(f"{model!r} solved {solved} of {problems.get(task, 0)} problems")
        rows.append(
            {
                "board": "lean_eval/solved",
                "task": task,
                "model_raw": model,
                "score": float(solved),
                "n": problems.get(task),
                "extra": orjson.dumps(extra).decode(),
            }
        )
    return rows


def _day(generated_at: object) -> dt.date:
    try:
        return dt.datetime.fromisoformat(str(generated_at)).date()
    except ValueError as error:
        raise SourceChanged(f"generated_at is not a time: {generated_at!r}") from error
