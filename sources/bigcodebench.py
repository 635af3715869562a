"""BigCodeBench: pass@1 at writing Python functions, on the full set and on its hard part.

Every task is asked in two ways: complete (a detailed docstring) and instruct (a short request, for
chat models only). Overall is the mean of both and is null for a model without one of them, about a
third of the list: a base model has no instruct score, which is incomparable, not bad. The two files
look alike; the URL says which board it is. An Elo (elo_mle) came and went: kept in extra.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import json_value, number

FILES = "https://raw.githubusercontent.com/bigcode-bench/bigcode-bench.github.io/main"
TASKS = {"full": 1140, "hard": 148}
BOARD_OF = {"results.json": "full", "results-hard.json": "hard"}


def _board(name: str, title: str, min_rows: int) -> Board:
    return Board(
        board=f"bigcodebench/{name}",
        title=title,
        task_family="code generation",
        metric="pass@1; overall is the mean of complete and instruct",
        unit="%",
        higher_is_better=True,
        scale="proportion",
        scoring_method=f"unit tests of {TASKS[name]} tasks, greedy decoding",
        sample_size=f"{TASKS[name]} tasks, not in the file; complete and instruct share them",
        evaluation_date="none stated",
        prompts_public="yes",
        contamination="The tasks are public, so newer models may have seen them.",
        min_rows=min_rows,
        max_rows=2000,
        min_score=0,
        max_score=100,
    )


CARD = Card(
    id="bigcodebench",
    title="BigCodeBench",
    homepage="https://bigcode-bench.github.io",
    urls=tuple(f"{FILES}/{file}" for file in BOARD_OF),
    licence="not stated",
    credit="BigCode (bigcode-bench.github.io)",
    cadence="daily",
    boards=(
        _board("full", "BigCodeBench", 35),
        _board("hard", "BigCodeBench-Hard", 77),
    ),
    witnesses=(
        Witness("bigcodebench/full", "2024-06-04", "GPT-4-Turbo-2024-04-09", 58.2, task="complete"),
        Witness("bigcodebench/hard", "2025-01-23", "Magicoder-S-DS-6.7B", 13.5, task="instruct"),
    ),
    notes=(
        "Overall is null without both scores (54 of 163 models in 2025-01): rank each task alone.",
        "2024-06-04 to 2024-06-07 complete is not calibrated; later complete is what was then "
        "called complete-cal (GPT-4-0613: 9 points more, others up to 2.4). Read as published.",
        "2024-09-13 and 2024-09-24 19:20 the full file gives over 20 new models their score on the "
        "hard set; from 20:34 on they have none. The file itself does not tell which they are.",
        "On 2024-06-11 results.json was away for 20 minutes.",
    ),
)

SPLITS = ("complete", "instruct")
KEPT = (
    *("complete-cal", "instruct-cal", "elo_mle", "size", "act_param", "moe"),
    *("open-data", "prompted", "lazy", "direct_complete"),
)


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of the board that `url` names. Raises SourceChanged."""
    name = BOARD_OF.get(url.split("?")[0].rsplit("/", 1)[-1])
    if name is None:
        raise SourceChanged(f"the URL does not say which board it is: {url!r}")
    models = json_value(payload, models_are_keys=True)
    if not isinstance(models, dict):
        raise SourceChanged("the file is not an object of models")
    rows = (row for model, facts in models.items() for row in _entries(name, model, facts))
    return to_tidy(rows, CARD, captured_at)


def _entries(name: str, model: str, facts: object) -> Iterator[dict[str, object]]:
    rates = facts.get("pass@1") if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or not isinstance(rates, dict):
        raise SourceChanged(f"{model!r} has no object pass@1")
    if missing := [split for split in SPLITS if split not in rates]:
        raise SourceChanged(f"pass@1 of {model!r} has no {' and no '.join(missing)}")
    scores = {split: number(rates[split], f"{split} of {model!r}") for split in SPLITS}
    known = [score for score in scores.values() if score is not None]
    overall = sum(known) / len(known) if len(known) == len(SPLITS) else None
    stated = {**facts, **{f"{split}-cal": rates.get(f"{split}-cal") for split in SPLITS}}
    kept = {key: stated[key] for key in KEPT if isinstance(stated.get(key), str | int | float)}
    extra = orjson.dumps(kept).decode()
    for task, score in {**scores, OVERALL: overall}.items():
        yield {
            "board": f"bigcodebench/{name}",
            "task": task,
            "model_raw": model,
            "score": score,
            "n": None if score is None else TASKS[name],
            "extra": extra,
        }
