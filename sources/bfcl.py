"""Berkeley Function-Calling Leaderboard: share of calls a model gets right, in percent with a sign.

The files came and went (data.csv, data_combined.csv, then data_overall.csv), and Overall Acc is
another mix of parts each time: the release in extra tells which numbers may be compared. Cost
(USD per 1,000 calls) and latency (seconds) are kept in extra. A model is listed as "(FC)" and as
"(Prompt)" on purpose. In 2024-10-21 a model has 100.00% on live while its parts are 0.00%: it is
listed without a score.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import csv_rows, number

FILES = "https://raw.githubusercontent.com/ShishirPatil/gorilla/gh-pages"


def _board(name: str, title: str, scoring_method: str, min_rows: int) -> Board:
    return Board(
        board=f"bfcl/{name}",
        title=title,
        task_family="tool use",
        metric="accuracy",
        unit="%",
        higher_is_better=True,
        scale="proportion",
        scoring_method=scoring_method,
        sample_size="none published",
        evaluation_date="none stated",
        prompts_public="yes",
        contamination="The questions are public, so a model may have been trained on them.",
        min_rows=min_rows,
        max_rows=1000,
        min_score=0,
        max_score=100,
    )


CARD = Card(
    id="bfcl",
    title="Berkeley Function-Calling Leaderboard",
    homepage="https://gorilla.cs.berkeley.edu/leaderboard.html",
    urls=tuple(
        f"{FILES}/data_{name}.csv" for name in ("overall", "live", "non_live", "multi_turn")
    ),
    licence="Apache-2.0",
    credit="Berkeley Function-Calling Leaderboard (ShishirPatil/gorilla)",
    cadence="daily",
    boards=(
        _board("overall", "BFCL overall", "syntax tree match, execution and end state, mixed", 17),
        _board("live", "BFCL live", "syntax tree match on calls that users contributed", 48),
        _board("non_live", "BFCL non-live", "syntax tree match (and execution to 2025-03)", 48),
        _board("multi_turn", "BFCL multi-turn", "end state after several turns", 55),
    ),
    witnesses=(
        Witness("bfcl/overall", "2025-06-15", "xLAM-2-70b-fc-r (FC)", 78.45),
        Witness("bfcl/overall", "2024-08-15", "Claude-3.5-Sonnet-20240620 (Prompt)", 90.53),
        Witness("bfcl/live", "2024-10-22", "Gemini-1.5-Flash-002 (Prompt)", 76.28),
        Witness("bfcl/non_live", "2025-02-13", "Qwen2.5-72B-Instruct (Prompt)", 90.63),
        Witness("bfcl/multi_turn", "2025-06-15", "xLAM-2-8b-fc-r (FC)", 66.0, "Long Context"),
    ),
    notes=(
        "Overall is another number in each release: from 2024-08-19 with live calls, from "
        "2024-10-21 with several turns, from 2025-04-14 without execution.",
        "A total of 100 with a part below 100 is not a mean: that model has no score that day.",
        "On 2025-02-11 two models are both called CALM-8B: the name is listed without a score.",
    ),
)


class Shape(NamedTuple):
    """A header that the source has had: the headline, its parts, and the series it belongs to."""

    board: str
    release: str
    headline: str
    parts: frozenset[str]


def _shape(board: str, release: str, headline: str, parts: str) -> Shape:
    return Shape(f"bfcl/{board}", release, headline, frozenset(parts.split(", ")))


AST_2024_03 = (
    "AST Summary, Exec Summary, Simple Function AST, Multiple Functions AST, "
    "Parallel Functions AST, Parallel Multiple AST, Simple Function Exec, Multiple Functions Exec, "
    "Parallel Functions Exec, Parallel Multiple Exec, Relevance Detection"
)
BY_LANGUAGE = (
    ", Python Simple Function AST, Java Simple Function AST, JavaScript Simple Function AST, "
    "Python Simple Function Exec, REST Simple Function Exec"
)
AST = (
    "AST Summary, Simple AST, Multiple AST, Parallel AST, Parallel Multiple AST, "
    "Irrelevance Detection"
)
EXEC = ", Exec Summary, Simple Exec, Multiple Exec, Parallel Exec, Parallel Multiple Exec"
AST_BY_LANGUAGE = AST + ", Python Simple AST, Java Simple AST, JavaScript Simple AST"
EXEC_BY_LANGUAGE = EXEC + ", Python Simple Exec, REST Simple Exec"
LIVE = (
    "AST Summary, Python Simple AST, Python Multiple AST, Python Parallel AST, "
    "Python Parallel Multiple AST, Irrelevance Detection, Relevance Detection"
)
SECTIONS = (
    "Non-Live AST Acc, Non-Live Simple AST, Non-Live Multiple AST, Non-Live Parallel AST, "
    "Non-Live Parallel Multiple AST, Live Acc, Live Simple AST, Live Multiple AST, "
    "Live Parallel AST, Live Parallel Multiple AST, Multi Turn Acc, Multi Turn Base, "
    "Multi Turn Miss Func, Multi Turn Miss Param, Multi Turn Long Context, Relevance Detection, "
    "Irrelevance Detection"
)
SECTIONS_EXEC = (
    ", Non-Live Exec Acc, Non-Live Simple Exec, Non-Live Multiple Exec, Non-Live Parallel Exec, "
    "Non-Live Parallel Multiple Exec"
)

SHAPES = (
    _shape("overall", "2024-03-21", "Overall Acc", AST_2024_03),
    _shape("overall", "2024-04-01", "Overall Acc", AST_2024_03 + BY_LANGUAGE),
    _shape("overall", "2024-08-19", "Overall Acc", AST + EXEC + ", Relevance Detection"),
    _shape("live", "2024-08-19", "Overall Acc", LIVE),
    _shape("non_live", "2024-08-19", "Overall Acc", AST_BY_LANGUAGE + EXEC_BY_LANGUAGE),
    _shape("overall", "2024-10-21", "Overall Acc", SECTIONS + SECTIONS_EXEC),
    _shape("live", "2024-10-21", "Live Overall Acc", LIVE),
    _shape("non_live", "2024-10-21", "Non_Live Overall Acc", AST_BY_LANGUAGE + EXEC_BY_LANGUAGE),
    _shape(
        "multi_turn",
        "2024-11-19",
        "Multi Turn Overall Acc",
        "Base, Miss Func, Miss Param, Long Context",
    ),
    _shape("overall", "2025-04-14", "Overall Acc", SECTIONS),
    _shape("non_live", "2025-04-14", "Non_Live Overall Acc", AST_BY_LANGUAGE),
)

MEASURES = {
    "Cost ($ Per 1k Function Calls)": "usd_per_1k_calls",
    "Latency Mean (s)": "latency_mean_s",
    "Latency Standard Deviation (s)": "latency_sd_s",
    "Latency 95th Percentile (s)": "latency_p95_s",
}
TWO_MODELS = "CALM-8B"
"""On 2025-02-11 CALM-70B goes by this name too; only one of the four files tells which is which."""


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of one board. Returns the tidy schema; raises SourceChanged."""
    rows = csv_rows(payload, {"Model"})
    shape = _which(rows[0])
    twice = [row for row in rows if row["Model"] == TWO_MODELS]
    if len(twice) == 2:
        rows.remove(twice[0])
    entries = (
        entry for row in rows for entry in _entries(row, shape, len(twice) == 2 and row in twice)
    )
    return to_tidy(entries, CARD, captured_at)


def _which(row: dict[str, str]) -> Shape:
    """The fullest shape that the header covers. A part that was renamed or added is a new mix."""
    header = set(row)
    covered = [s for s in SHAPES if s.headline in header and s.parts <= header]
    if not covered:
        raise SourceChanged(f"no known headline with all its parts; the header is {', '.join(row)}")
    shape = max(covered, key=lambda s: len(s.parts))
    known = shape.parts | {shape.headline, "Multi Turn Composite"}
    if new := sorted(
        c for c in header - known if c.endswith((" Acc", " AST", " Exec", " Summary"))
    ):
        raise SourceChanged(f"{shape.headline} has a part that no release had: {', '.join(new)}")
    return shape


def _entries(row: dict[str, str], shape: Shape, ambiguous: bool) -> list[dict[str, object]]:
    model = row["Model"]
    columns = [shape.headline, *sorted(shape.parts)]
    scores = {column: number(row[column], f"{column} of {model!r}") for column in columns}
    extra: dict[str, object] = {"release": shape.release}
    for column, name in MEASURES.items():
        if (value := number(row.get(column), f"{column} of {model!r}")) is not None:
            extra[name] = value
    if reason := "two models have this name" if ambiguous else _impossible(scores, shape):
        extra, scores = {"release": shape.release, "no_score": reason}, dict.fromkeys(scores)
    return [
        {
            "board": shape.board,
            "task": OVERALL if column == shape.headline else column,
            "model_raw": model,
            "organization_raw": row.get("Organization") or None,
            "license_raw": row.get("License") or None,
            "score": score,
            "extra": orjson.dumps(extra).decode(),
        }
        for column, score in scores.items()
    ]


def _impossible(scores: dict[str, float | None], shape: Shape) -> str:
    """Why this row cannot be true: a mean of 100 needs 100 in each part. Empty where it can."""
    live = {part for part in shape.parts if part.startswith("Live ")} - {"Live Acc"}
    for total, parts in ((shape.headline, shape.parts), ("Live Acc", live)):
        for part in sorted(parts):
            value = scores[part]
            if scores.get(total) == 100 and value is not None and value < 100:
                return f"{total} is 100 and {part} is {value:g}"
    return ""
