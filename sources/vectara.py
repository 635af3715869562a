"""Vectara's hallucination leaderboard: one Markdown table in a README that is edited by hand.

The rate is the share of summaries that the judge model finds unsupported by their document: lower
is better, and ties are frequent at one decimal. The judge changed from HHEM-1.0 to HHEM-2.1 on
2024-07-26 and the rates with it; names were restyled in the same commit, and the text named the new
judge eight days later. Rates of two judges are not compared. The columns changed their order and
names (Accuracy became Factual Consistency Rate and moved behind the rate), so cells are read by
name.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import takewhile

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import number, text

CARD = Card(
    id="vectara",
    title="Vectara hallucination leaderboard",
    homepage="https://github.com/vectara/hallucination-leaderboard",
    urls=("https://raw.githubusercontent.com/vectara/hallucination-leaderboard/main/README.md",),
    licence="Apache-2.0",
    credit="vectara/hallucination-leaderboard",
    cadence="daily",
    boards=(
        Board(
            board="vectara/summarisation",
            title="Vectara hallucination rate in summaries",
            task_family="summarisation faithfulness",
            metric="hallucination rate",
            unit="%",
            higher_is_better=False,
            scale="proportion",
            scoring_method="a classifier (HHEM) judges one summary a document, temperature 0",
            sample_size="documents summarised by every model, from the text",
            evaluation_date="'Last updated on' in the text, not always renewed with the table",
            prompts_public="yes",
            contamination="The documents are public news (CNN / Daily Mail) that models may have "
            "seen; the rate is not a test of recall.",
            min_rows=1,
            max_rows=1000,
            min_score=0,
            max_score=90,
            complete_rows=11,
        ),
    ),
    witnesses=(
        Witness("vectara/summarisation", "2025-08-07", "TII falcon-7B-instruct", 29.9),
        Witness("vectara/summarisation", "2024-07-26", "Google PaLM-2-Chat", 69.8),
    ),
    notes=(
        "A new judge starts a new series (extra.release); HHEM-2.1 from 2024-07-26.",
        "The last table of HHEM-1.0 and the first of HHEM-2.1 state the same date, 2024-07-25.",
        "The table was typed in within an hour on 2023-10-31, from 1 row to 11: those are no cuts.",
        "The best model has a low rate: a score above 90 means that the columns were mixed up.",
        "Google Gemini-1.5-Pro-002 has 6.6 % and 93.7 % since 2024-10-02; the rate is used.",
    ),
)

RATE = "Hallucination Rate"
COMPLEMENTS = ("Factual Consistency Rate", "Accuracy")
KEPT = ("Answer Rate", "Average Summary Length (Words)")

FIRST_HOUR = 7
"""Lines below the header of the longest table (6 rows) that was ever the end of the text."""

SECOND_JUDGE = dt.date(2024, 7, 26)
JUDGE_NAMED = dt.date(2024, 8, 3)
"""From this day the text names the judge; without the name no one can say which series it is."""

JUDGE = re.compile(
    r"(?:computed using|leaderboard is based on|uses) (?:the )?\[?(HHEM-\d+(?:\.\d+)?)"
)
SAMPLE = re.compile(r"only (\d{1,3},?\d{1,6}) documents? were summarized by every model")
UPDATED = re.compile(r"Last updated on ([^\n]*)")
WRITTEN_DATE = re.compile(r"([A-Z][a-z]+) (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\W*")
MONTHS = "January February March April May June July August September October November December"
LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One README is one state of the board. Returns the tidy schema; raises SourceChanged."""
    document = text(payload)
    rows = _table([line.strip() for line in document.split("\n")])
    sample = SAMPLE.search(document)
    common = {
        "board": "vectara/summarisation",
        "task": OVERALL,
        "n": int(sample.group(1).replace(",", "")) if sample else None,
        "as_of": _stated_date(document),
    }
    release = _judge(document, captured_at.date())
    return to_tidy(({**common, **_entry(row, release)} for row in rows), CARD, captured_at)


def _table(lines: list[str]) -> list[dict[str, str]]:
    """The rows of the one table with a rate: all lines up to a blank one."""
    heads = [i for i, line in enumerate(lines) if {"Model", RATE} <= set(_cells(line))]
    if len(heads) != 1:
        found = "no table has" if not heads else f"{len(heads)} tables have"
        raise SourceChanged(f"{found} the columns Model and {RATE}")
    header, below = _cells(lines[heads[0]]), lines[heads[0] + 1 :]
    if len(set(header)) != len(header):
        raise SourceChanged(f"a column is there twice; the header is {', '.join(header)}")
    body = [_cells(line) for line in takewhile(bool, below)]
    after = next(filter(None, below[len(body) :]), "")
    if len(body) == len(below) or (len(body) > FIRST_HOUR and not after):
        raise SourceChanged("the text ends with the table: it is cut off")
    if after.startswith("|"):
        raise SourceChanged("a blank line cuts the table in two")
    if not body or not all(re.fullmatch(r":?-+:?", cell) for cell in body[0]):
        raise SourceChanged("no line of dashes below the header of the table")
    for cells in body:
        if len(cells) != len(header):
            raise SourceChanged(f"a row does not have {len(header)} cells: {' | '.join(cells)!r}")
    return [dict(zip(header, cells, strict=True)) for cells in body[1:]]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]


def _entry(row: dict[str, str], release: str) -> dict[str, object]:
    model = re.sub(r"[*`]", "", LINK.sub(r"\1", row["Model"]))
    rate = number(row[RATE], f"the rate of {model!r}")
    for column in COMPLEMENTS:
        rest = number(row.get(column), f"{column} of {model!r}")
        if rate is not None and rest is not None and abs(rate + rest - 100) > 0.5:
            raise SourceChanged(f"{RATE} and {column} of {model!r} do not add up: {rate}, {rest}")
    kept = {name: row[name] for name in KEPT if name in row}
    extra = orjson.dumps({"release": release, **kept}).decode()
    return {"model_raw": model, "score": rate, "extra": extra}


def _stated_date(document: str) -> dt.date | None:
    stated = UPDATED.search(document)
    if stated is None:
        return None
    written = WRITTEN_DATE.fullmatch(stated.group(1).strip())
    try:
        if written is None:
            raise ValueError
        month, day, year = written.groups()
        return dt.date(int(year), MONTHS.split().index(month) + 1, int(day))
    except ValueError as error:
        raise SourceChanged(f"'Last updated on' has no date: {stated.group(1)[:40]!r}") from error


def _judge(document: str, day: dt.date) -> str:
    named = sorted(set(JUDGE.findall(document)))
    if len(named) > 1:
        raise SourceChanged(f"the text names several judges: {', '.join(named)}")
    if not named and day >= JUDGE_NAMED:
        raise SourceChanged("the text does not name the judge model that computed the rates")
    return named[0] if named else "HHEM-1.0" if day < SECOND_JUDGE else "HHEM-2.1"
