"""Kagi LLM benchmark: share of private tasks solved, in percent, on a Markdown page edited by hand.

All tables with a model and an accuracy are one board: reasoning models had a table of their own
for a while, before or after the others, so the place of a table means nothing. Cost, time and
tokens change their names and units with nearly every edit and are kept in extra as published. The
tasks are renewed: each renewal, and each other number of tasks, is a new release. A name that
stands twice keeps its better row as the entry and the other one in extra.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from typing import NamedTuple

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import number, text, whole

CARD = Card(
    id="kagi_llm",
    title="Kagi LLM benchmark",
    homepage="https://help.kagi.com/kagi/ai/llm-benchmark.html",
    urls=(
        "https://raw.githubusercontent.com/kagisearch/kagi-docs/main/docs/kagi/ai/llm-benchmark.md",
    ),
    licence="not stated",
    credit="Kagi (kagisearch/kagi-docs)",
    cadence="daily",
    boards=(
        Board(
            board="kagi_llm/accuracy",
            title="Kagi LLM benchmark",
            task_family="reasoning, coding, instruction following",
            metric="accuracy",
            unit="%",
            higher_is_better=True,
            scale="proportion",
            scoring_method="share of tasks solved, averaged over runs at times",
            sample_size="tasks, in the text from 2025-05-06",
            evaluation_date="last update, in the text",
            prompts_public="no",
            contamination="Private and renewed tasks, so a leak is unlikely.",
            min_rows=6,
            max_rows=1000,
            min_score=0,
            max_score=100,
        ),
    ),
    witnesses=(
        Witness("kagi_llm/accuracy", "2024-07-30", "OpenAI gpt-4o", 52.0),
        Witness("kagi_llm/accuracy", "2025-02-07", "Deepseek R1", 70.97),
        Witness("kagi_llm/accuracy", "2025-12-28", "claude-4-5-opus-thinking", 80.2),
    ),
    notes=(
        "A model listed twice keeps its better row; the other is in extra.other_rows.",
        "Before 2025-05-06 the number of tasks is not stated, so there is no sample size.",
        "On 2025-05-06 the table was broken for 47 minutes: refused.",
    ),
)

RENEWALS = (
    "2024-07-26",
    "2024-11-04",
    "2024-11-22",
    "2025-04-17",
    "2025-05-06",
    "2025-05-28",
    "2025-08-11",
)
"""The stated dates on which nearly all figures moved: new tasks. The next one is added here."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
STATED = re.compile(
    r"(?i)last (?:updated?|task list revision)\W*([a-z]{3})[a-z]* (\d{1,2})[a-z]*,? (\d{4})"
)
RULE = re.compile(r":?-+:?")


class Table(NamedTuple):
    """A table of results: its header, and where the accuracy stands."""

    header: list[str]
    accuracy: int


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of the board. Returns the tidy schema; raises SourceChanged."""
    page = text(payload)
    rows = _rows(page)
    if not rows:
        raise SourceChanged("no table with a model and an accuracy")
    as_of = _stated_date(page)
    tasks = re.search(r"(?m)^Tasks:[\s*]*(\d+)", page)
    n = whole(tasks.group(1), "the number of tasks") if tasks else None
    common = {"as_of": as_of, "n": n}
    release = _release(as_of or captured_at.date(), n)
    return to_tidy(
        ({**_entry(model, found, release), **common} for model, found in rows.items()),
        CARD,
        captured_at,
    )


def _rows(page: str) -> dict[str, list[tuple[float | None, dict[str, str]]]]:
    """By model: the accuracy and the other cells of each row it has."""
    rows: dict[str, list[tuple[float | None, dict[str, str]]]] = defaultdict(list)
    table: Table | None = None
    inside = False
    for line in page.splitlines():
        if not line.lstrip().startswith("|"):
            table, inside = None, False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not inside:
            table, inside = _table(cells), True
        elif table and not all(RULE.fullmatch(cell) for cell in cells):
            model = _name(cells[0])
            _check_length(cells, table, model)
            score = number(cells[table.accuracy], f"the accuracy of {model!r}")
            named = dict(zip(table.header, cells, strict=False))
            others = [c for i, c in enumerate(table.header) if i not in (0, table.accuracy)]
            rows[model].append((score, {c: named[c] for c in others if named.get(c)}))
    return rows


def _table(header: list[str]) -> Table | None:
    """The table that this header begins, if it is one of results."""
    if header[0].lower() != "model":
        return None
    if any(RULE.fullmatch(cell) for cell in header):
        raise SourceChanged("the header of the table and its rule are on one line")
    plain = [re.sub(r"[^a-z_]", "", cell.lower()) for cell in header]
    found = [i for i, name in enumerate(plain) if name in ("accuracy", "accuracy_avg")]
    if len(found) != 1 or len(set(header)) != len(header):
        raise SourceChanged(f"a table of models has no one accuracy: {', '.join(header)}")
    return Table(header, found[0])


def _check_length(cells: list[str], table: Table, model: str) -> None:
    """Rows copied between the tables have a cell too many or too few at the end: no harm where
    model and accuracy stand first."""
    off = abs(len(cells) - len(table.header))
    if off > 1 or (off and table.accuracy != 1) or len(cells) <= table.accuracy:
        raise SourceChanged(f"the row of {model!r} has {len(cells)} cells, not {len(table.header)}")


def _name(cell: str) -> str:
    """The name without emphasis; in the first hour it was OpenAIProvider('gpt-4o')."""
    called = re.fullmatch(r"(\w+)Provider\('(.+)'\)", cell)
    return " ".join(called.groups()) if called else re.sub(r"\*\*|`", "", cell)


def _entry(
    model: str, found: list[tuple[float | None, dict[str, str]]], release: str
) -> dict[str, object]:
    """The better row; the others beside it."""
    ordered = sorted(
        found,
        key=lambda row: (-1.0 if row[0] is None else row[0], sorted(row[1].items())),
        reverse=True,
    )
    (score, kept), others = ordered[0], ordered[1:]
    extra: dict[str, object] = {"release": release, **kept}
    if others:
        extra["other_rows"] = [{"score": other, **cells} for other, cells in others]
    return {
        "board": "kagi_llm/accuracy",
        "task": OVERALL,
        "model_raw": model,
        "score": score,
        "extra": orjson.dumps(extra).decode(),
    }


def _release(day: dt.date, tasks: int | None) -> str:
    renewed = max((r for r in RENEWALS if r <= day.isoformat()), default=RENEWALS[0])
    return f"{renewed}, {tasks:04d} tasks" if tasks else renewed


def _stated_date(page: str) -> dt.date | None:
    """The date after "Last updated", in any of its spellings; null for "Nov , 2024"."""
    stated = STATED.search(page)
    if stated is None or stated.group(1).lower() not in MONTHS:
        return None
    month, day, year = stated.groups()
    try:
        return dt.date(int(year), MONTHS.index(month.lower()) + 1, int(day))
    except ValueError:
        return None
