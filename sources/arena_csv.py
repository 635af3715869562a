"""Chatbot Arena's text board as CSV, rebuilt by a third party at each upstream release.

The rank in the file is 1 + the models that are better beyond their intervals, so many models share one;
we rank by score. Until 2024-07-07 the score was called arena_elo. Votes can fall: the arena refilters
its log. The date of the data is only in the publisher's commit subject, so the capture dates it.
"""

from __future__ import annotations

import datetime as dt
import re

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import csv_rows, number, whole

CARD = Card(
    id="arena_csv",
    title="Chatbot Arena text board (CSV)",
    homepage="https://github.com/fboulnois/llm-leaderboard-csv",
    urls=("https://raw.githubusercontent.com/fboulnois/llm-leaderboard-csv/main/csv/lmsys.csv",),
    licence="MPL-2.0",
    credit="LMArena; CSV by fboulnois/llm-leaderboard-csv",
    cadence="daily",
    boards=(
        Board(
            board="arena_csv/text",
            title="Chatbot Arena, text",
            task_family="human preference",
            metric="arena score",
            unit="points",
            higher_is_better=True,
            scale="elo",
            scoring_method="Bradley-Terry fit to blind pairwise votes, bootstrap 95% interval",
            sample_size="votes",
            evaluation_date="none stated",
            prompts_public="no",
            contamination="Prompts are fresh and written by visitors; style can win votes.",
            min_rows=85,
            max_rows=500,
            min_score=600,
            max_score=2200,
        ),
    ),
    witnesses=(
        Witness("arena_csv/text", "2025-04-24", "Gemini-2.5-Pro-Exp-03-25", 1439),
        Witness("arena_csv/text", "2024-06-19", "GPT-4o-2024-05-13", 1287),
    ),
    notes=(
        "On 2025-02-16 the arena delisted 30 old models at once: 198 became 168.",
        "On 2024-08-07 and 2024-11-05 models were renamed and nothing else changed.",
    ),
)

INTERVAL = re.compile(r"\+(\d+(?:\.\d+)?)/-(\d+(?:\.\d+)?)")


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of the board. Returns the tidy schema; raises SourceChanged."""
    rows = csv_rows(payload, {"model", "95_pct_ci", "votes", "organization", "license"})
    score_column = next((c for c in ("arena_score", "arena_elo") if c in rows[0]), None)
    if score_column is None:
        raise SourceChanged(f"no column arena_score; the header is {', '.join(rows[0])}")
    return to_tidy((_entry(row, score_column) for row in rows), CARD, captured_at)


def _entry(row: dict[str, str], score_column: str) -> dict[str, object]:
    model = row["model"]
    score = number(row[score_column], f"the score of {model!r}")
    interval = INTERVAL.fullmatch(row["95_pct_ci"])
    if interval is None:
        raise SourceChanged(f"the interval of {model!r} is not like +5/-4: {row['95_pct_ci']!r}")
    up, down = (float(width) for width in interval.groups())
    extra = {k: row[k] for k in ("rank", "rank_stylectrl", "knowledge_cutoff", "url") if k in row}
    return {
        "board": "arena_csv/text",
        "task": OVERALL,
        "model_raw": model,
        "organization_raw": row["organization"] or None,
        "license_raw": row["license"] or None,
        "score": score,
        "ci_low": None if score is None else score - down,
        "ci_high": None if score is None else score + up,
        "n": whole(row["votes"], f"the votes of {model!r}"),
        "extra": orjson.dumps(extra).decode(),
    }
