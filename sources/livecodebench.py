"""LiveCodeBench: results per model and question; the score is a mean that the reader makes.

The window is every question in the file. A question counts once: several rows for one model and
question are averaged first (the execution file of 2024-03-13 16:38 repeats each row; its question
means are right). A model that lacks questions has no score. Problems are dated so that a model
can be held to those newer than itself: the window's mean flatters models that are newer than its
problems.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean
from typing import Any

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.item_contract import to_items
from sources.reading import json_value, number

FILES = "https://raw.githubusercontent.com/LiveCodeBench/livecodebench.github.io/main/src/mocks"

METRICS = {
    "generation": ("codegeneration", {"pass@1": ""}),
    "repair": ("selfrepair", {"pass@1": ""}),
    "testgen": ("testoutput", {"pass@1": ""}),
    "execution": ("codeexecution", {"Pass@1": "", "Pass@1-COT": "chain of thought"}),
}
"""By file: the board, and its metrics with the task each makes (empty: the board's overall)."""


def _board(name: str, title: str, task_family: str, min_rows: int) -> Board:
    return Board(
        board=f"livecodebench/{name}",
        title=title,
        task_family=task_family,
        metric="pass@1",
        unit="%",
        higher_is_better=True,
        scale="proportion",
        scoring_method="hidden tests, ten samples a question; mean over all questions in the file",
        sample_size="questions in the window",
        evaluation_date="none stated; each question has its date",
        prompts_public="yes",
        contamination="A model may have seen the questions that are older than its release.",
        min_rows=min_rows,
        max_rows=1000,
        min_score=0,
        max_score=100,
    )


CARD = Card(
    id="livecodebench",
    title="LiveCodeBench",
    homepage="https://livecodebench.github.io",
    urls=tuple(f"{FILES}/performances_{kind}.json" for kind in METRICS),
    licence="CC BY-SA 4.0",
    credit="LiveCodeBench",
    cadence="daily",
    boards=(
        _board("codegeneration", "LiveCodeBench code generation", "code generation", 24),
        _board("selfrepair", "LiveCodeBench self-repair", "code repair", 13),
        _board("testoutput", "LiveCodeBench test output prediction", "code understanding", 16),
        _board("codeexecution", "LiveCodeBench code execution", "code understanding", 18),
    ),
    witnesses=(
        Witness("livecodebench/codegeneration", "2024-03-13", "GPT-4-Turbo-1106", 38.3),
        Witness("livecodebench/selfrepair", "2024-05-28", "GPT-4O-2024-05-13", 58.725),
    ),
    notes=(
        "The window is from the first to the last question date in the file (see extra); a window "
        "with another last month or another number of questions is a new release.",
        "Recorded windows of code generation: 400 questions, 2023-05-08 to 2024-03-03.",
        "Test output and execution have several rows a question: their mean counts once.",
    ),
)

Rows = dict[tuple[str, str], dict[str, dict[str, list[float | None]]]]
"""(metric, difficulty) -> model -> question -> values."""


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of the board that its file name tells. Raises SourceChanged."""
    board, metrics = _measured(url)
    value, results = _document(payload)
    rows, dates = _collect(results, tuple(metrics))
    questions = {q for models in rows.values() for answers in models.values() for q in answers}
    extra = _window(dates, len(questions), captured_at)
    released = _release_dates(value.get("models", []))
    return to_tidy(
        (
            {
                "board": f"livecodebench/{board}",
                "task": task,
                "model_raw": model,
                "score": score,
                "n": n,
                "extra": orjson.dumps({**extra, **released.get(model, {})}).decode(),
            }
            for task, model, score, n in _means(rows, metrics)
        ),
        CARD,
        captured_at,
    )


def items(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """The mean of each model on each question, under each task it counts in. Raises SourceChanged."""
    board, metrics = _measured(url)
    rows, _ = _collect(_document(payload)[1], tuple(metrics))
    return to_items(
        {
            "board": f"livecodebench/{board}",
            "task": metrics[metric] or difficulty or OVERALL,
            "model_raw": model,
            "case_id": question,
            "score": fmean(measured) / 100,
        }
        for (metric, difficulty), by_model in rows.items()
        for model, by_question in by_model.items()
        for question, values in by_question.items()
        if len(measured := [v for v in values if v is not None]) == len(values)
    )


def _measured(url: str) -> tuple[str, dict[str, str]]:
    """The board that the file name tells, and its metrics."""
    name = re.search(r"performances_(\w+)\.json", url)
    if name is None or name.group(1) not in METRICS:
        raise SourceChanged(f"the URL names no known file, so the board is not known: {url!r}")
    return METRICS[name.group(1)]


def _document(payload: bytes) -> tuple[dict[str, Any], list[Any]]:
    """The whole document, and its list of results."""
    value = json_value(payload)
    results = value.get("performances") if isinstance(value, dict) else None
    if not isinstance(results, list) or not results:
        raise SourceChanged("the document has no list of performances")
    return value, results


def _collect(results: list[Any], metrics: tuple[str, ...]) -> tuple[Rows, list[int]]:
    """The values by metric, difficulty, model and question; and the question dates."""
    rows: Rows = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    dates = set()
    for result in results:
        if not isinstance(result, dict):
            raise SourceChanged("a performance is not an object")
        model, question = result.get("model"), result.get("question_id")
        date, difficulty = result.get("date"), result.get("difficulty", "")
        if not isinstance(model, str) or not isinstance(question, str | int):
            raise SourceChanged(f"a performance has no model or no question: {str(result)[:80]}")
        if not isinstance(date, int) or not isinstance(difficulty, str):
            raise SourceChanged(f"question {question} has no date or no known difficulty")
        dates.add(date)
        for metric in metrics:
            if metric not in result:
                raise SourceChanged(f"the result of {model!r} on {question} has no {metric}")
            value = number(result[metric], f"{metric} of {model!r} on {question}")
            if value is not None and value != -1 and not 0 <= value <= 100:
                raise SourceChanged(f"{metric} of {model!r} on {question} is {value:g}")
            measured = None if value == -1 else value
            rows[metric, ""][model][str(question)].append(measured)
            if difficulty:
                rows[metric, difficulty][model][str(question)].append(measured)
    return rows, sorted(dates)


def _means(rows: Rows, metrics: dict[str, str]) -> Iterator[tuple[str, str, float | None, int]]:
    """(task, model, score, questions): the mean over questions, where none is missing."""
    for (metric, difficulty), by_model in rows.items():
        task = metrics[metric] or difficulty or OVERALL
        asked = len({question for by_question in by_model.values() for question in by_question})
        for model, by_question in by_model.items():
            values = [value for row in by_question.values() for value in row]
            complete = len(by_question) == asked and None not in values
            means = [
                fmean(v for v in row if v is not None) for row in by_question.values() if complete
            ]
            yield task, model, fmean(means) if complete else None, asked


def _window(dates: list[int], questions: int, captured_at: dt.datetime) -> dict[str, str]:
    first, last = _day(dates[0]), _day(dates[-1])
    if first.year < 2020 or last > captured_at.date() + dt.timedelta(days=1):
        raise SourceChanged(f"the question dates run from {first} to {last}")
    return {
        "release": f"{last:%Y-%m}, {questions} questions",
        "window_start": f"{first}",
        "window_end": f"{last}",
    }


def _release_dates(models: object) -> dict[str, dict[str, str]]:
    """When each model came out, where the file says so (it does since 2024-03-13 06:30)."""
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        raise SourceChanged("models is not a list of objects")
    return {
        str(model.get("model_repr")): {"model_release": f"{_day(model['release_date'])}"}
        for model in models
        if isinstance(model.get("release_date"), int)
    }


def _day(milliseconds: int) -> dt.date:
    try:
        return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise SourceChanged(f"not a date in milliseconds: {milliseconds}") from error
