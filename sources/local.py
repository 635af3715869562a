"""Your own test: results of single cases, added with `photofinish local add FILE`.

A payload is the whole state of one board, one case a line, as JSON in a fixed order; it is written by
`written` and read by `parse`. A score is the share of cases right, in percent; `overall` is the mean over
all cases of a model, whatever their task. Prompts and outputs are in the archive and in the items, and in
nothing that is published; no sentence of this module holds them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from math import fsum

import orjson
import polars as pl

from sources.contract import OVERALL, Card, SourceChanged, to_tidy
from sources.item_contract import to_items

CARD = Card(
    id="local",
    title="Your own tests",
    homepage="docs/local.md",
    urls=(),
    licence="yours",
    credit="you",
    cadence="on demand",
    boards=(),
    witnesses=(),
    notes=(
        "`photofinish local add FILE` makes a board; nothing is fetched.",
        "A refused case counts as a failure.",
        "Prompts, expected answers and outputs are not published.",
    ),
)

FACTS = {
    "title": "Your own test",
    "task_family": "your own test",
    "metric": "cases right",
    "unit": "%",
    "scale": "proportion",
    "higher_is_better": True,
}
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True)
class Case:
    """What one model made of one case. The fields are in the order in which they are written."""

    model: str
    task: str
    case_id: str
    score: float
    as_of: str | None = None
    refused: bool | None = None
    latency_ms: float | None = None
    review_minutes: float | None = None
    prompt: str | None = None
    expected: str | None = None
    output: str | None = None


def url_of(name: str) -> str:
    """The URL under which the states of the board local/<name> stand in the journal."""
    return f"local:{name}"


def written(cases: Iterable[Case], as_of: dt.date | None) -> bytes:
    """The payload of a board with these cases: the same cases in any order give the same bytes."""
    dated = as_of.isoformat() if as_of else None
    ordered = sorted(cases, key=lambda case: (case.model, case.task, case.case_id))
    return b"".join(
        orjson.dumps(replace(case, as_of=dated), option=orjson.OPT_APPEND_NEWLINE)
        for case in ordered
    )


def cases_of(payload: bytes) -> list[Case]:
    """The cases of a payload. Raises SourceChanged if `written` did not write it."""
    lines = payload.removesuffix(b"\n").split(b"\n")
    cases = [_case(line, number) for number, line in enumerate(lines, start=1)]
    if len({case.as_of for case in cases}) > 1:
        raise SourceChanged("the cases of one state have different dates")
    return cases


def stated(cases: list[Case]) -> dt.date | None:
    """The date that a state says it is of."""
    return dt.date.fromisoformat(cases[0].as_of) if cases[0].as_of else None


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of one board, which the URL names. Raises SourceChanged."""
    board, cases = _board(url), cases_of(payload)
    as_of, extra = stated(cases), orjson.dumps(FACTS | {"title": f"Your own test: {board[6:]}"})
    return to_tidy(
        (
            {
                "board": board,
                "task": task,
                "model_raw": model,
                "score": 100 * fsum(scores) / len(scores),
                "n": len(scores),
                "as_of": as_of,
                "extra": extra.decode(),
            }
            for model, task, scores in _scores(cases)
        ),
        CARD,
        captured_at,
    )


def items(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """The cases of the same state, each under its own task. Raises SourceChanged."""
    board, cases = _board(url), cases_of(payload)
    as_of = stated(cases)
    return to_items(
        {**asdict(case), "board": board, "model_raw": case.model, "as_of": as_of} for case in cases
    )


def _scores(cases: Iterable[Case]) -> Iterator[tuple[str, str, list[float]]]:
    """(model, task, scores of its cases): of every task, and of all together as overall."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case in cases:
        for task in {case.task, OVERALL}:
            found[case.model, task].append(case.score)
    for (model, task), scores in found.items():
        yield model, task, scores


def _board(url: str) -> str:
    name = url.removeprefix("local:")
    if not url.startswith("local:") or not NAME.fullmatch(name):
        raise SourceChanged("the URL names no board of your own: it is written local:NAME")
    return f"local/{name}"


TEXTS = ("model", "task", "case_id")
NUMBERS = ("latency_ms", "review_minutes")


def _case(line: bytes, number: int) -> Case:
    """A line as a case. The error says where it is, never what it holds."""
    try:
        case = Case(**orjson.loads(line))
        sound = (
            all(isinstance(getattr(case, name), str) for name in TEXTS)
            and all(isinstance(text, str | None) for text in (case.prompt, case.expected))
            and isinstance(case.output, str | None)
            and isinstance(case.refused, bool | None)
            and all(isinstance(getattr(case, name), float | int | None) for name in NUMBERS)
            and isinstance(case.score, float | int)
            and not isinstance(case.score, bool)
            and (case.as_of is None or bool(dt.date.fromisoformat(case.as_of)))
        )
    except (TypeError, ValueError):
        sound = False
    if not sound:
        raise SourceChanged(f"line {number} is not a case as `photofinish local add` writes it")
    return case
