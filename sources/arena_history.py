"""The arena's early years: its own dated tables, and a matrix of text ratings by date and model.

A table (leaderboard_table_DATE.csv) lists models with MT-bench, MMLU and, in 2023 only, the Arena
Elo. From 2024-01-09 on it has a key; keys are unique where display names are not, so the key is the
model then. "-" means the model is not on that board. result.csv has one row a date; 0.0 means not
listed. Its rows before 2024-06-29 are another estimator (an online Elo, some 90 points below the
published rating, single models up to 174) and are left out. No vote counts and no intervals
anywhere.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import csv_rows, number

TEXT, MT_BENCH, MMLU = "arena_history/text", "arena_history/mt_bench", "arena_history/mmlu"

CARD = Card(
    id="arena_history",
    title="Chatbot Arena, history of the published tables",
    homepage="https://huggingface.co/spaces/lmarena-ai/chatbot-arena-leaderboard",
    urls=(
        "https://raw.githubusercontent.com/nakasyou/lmarena-history/main/output/result.csv",
        "https://raw.githubusercontent.com/utterstep/chatbot-arena-leaderbord-vis/main/"
        "leaderboard_table_20250511.csv",
    ),
    licence="Apache-2.0 (tables), MIT (result.csv)",
    credit="LMSYS / LMArena; copies by utterstep/chatbot-arena-leaderbord-vis and "
    "nakasyou/lmarena-history",
    cadence="frozen",
    boards=(
        Board(
            board=TEXT,
            title="Chatbot Arena, text (2023 and from 2024-06-29)",
            task_family="human preference",
            metric="arena rating",
            unit="points",
            higher_is_better=True,
            scale="elo",
            scoring_method="blind pairwise votes: online Elo until 2023-11, Bradley-Terry after",
            sample_size="none published",
            evaluation_date="in the file name of a table, in the row of result.csv",
            prompts_public="no",
            contamination="Prompts are fresh and written by visitors; style can win votes.",
            min_rows=16,
            max_rows=1000,
            min_score=500,
            max_score=2200,
        ),
        Board(
            board=MT_BENCH,
            title="MT-bench, as listed beside the arena",
            task_family="conversation",
            metric="MT-bench score",
            unit="points",
            higher_is_better=True,
            scale="points",
            scoring_method="a language model grades the answers from 1 to 10",
            sample_size="none published",
            evaluation_date="in the file name of the table",
            prompts_public="yes",
            contamination="The questions are public, so a model may have seen them.",
            min_rows=25,
            max_rows=1000,
            min_score=1,
            max_score=10,
            perfect_score=10,
        ),
        Board(
            board=MMLU,
            title="MMLU, as listed beside the arena",
            task_family="knowledge",
            metric="accuracy",
            unit="fraction",
            higher_is_better=True,
            scale="proportion",
            scoring_method="multiple choice; the files do not say how each model was run",
            sample_size="none published",
            evaluation_date="in the file name of the table",
            prompts_public="yes",
            contamination="Questions and answers are public, so a model may have seen them.",
            min_rows=24,
            max_rows=1000,
            min_score=0,
            max_score=1,
        ),
    ),
    witnesses=(
        Witness(TEXT, "2023-06-19", "GPT-4", 1227),
        Witness(TEXT, "2023-12-20", "GPT-4-Turbo", 1243),
        Witness(TEXT, "2025-02-27", "gemini-2.0-flash-thinking-exp-01-21", 1384.63146356482),
        Witness(MT_BENCH, "2023-06-19", "Vicuna-33B", 7.12),
        Witness(MMLU, "2025-05-11", "claude-2.0", 0.785),
    ),
    notes=(
        "result.csv before 2024-06-29 is left out: until then it is an online Elo, which depends "
        "on the order of the votes; on 2024-06-17 it is 91.5 points below the published board on "
        "average, and 174 for one model.",
        "So the text board has no state between 2023-12-20 and 2024-06-29.",
        "The release 2023-12-06 marks the arena's change from online Elo to a Bradley-Terry fit.",
        "0.0 in result.csv means not listed; '-' in a table means not on that board.",
        "Models are display names in 2023 and keys from 2024-01-09 on; yi-34b-chat is listed twice "
        "with the same values since 2024-06-02, and counts once.",
        "MT-bench ends with 67 models in 2024-06: later tables carry these values along.",
        "A dated file is not final: some were edited within days; the last edit is recorded here.",
    ),
)

COLUMNS = {TEXT: "Arena Elo rating", MT_BENCH: "MT-bench (score)", MMLU: "MMLU"}
PUBLISHED_SINCE = dt.date(2024, 6, 29)
BRADLEY_TERRY_SINCE = dt.date(2023, 12, 6)

Entry = dict[str, object]


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """A table gives up to three boards on one date; result.csv the text board on many."""
    rows = csv_rows(payload, set())
    header = rows[0]
    if "Model" in header:
        in_name = re.search(r"leaderboard_table_(\d{8})", url)
        entries = _table(rows, _date(in_name.group(1)) if in_name else None)
    elif next(iter(header)) == "":
        entries = _matrix(rows)
    else:
        raise SourceChanged(f"neither a table of models nor a matrix of dates: {_shown(header)}")
    return to_tidy(entries, CARD, captured_at)


def _table(rows: list[dict[str, str]], as_of: dt.date | None) -> Iterator[Entry]:
    header = rows[0]
    if missing := {"MT-bench (score)", "MMLU", "License"} - set(header):
        raise SourceChanged(f"no column {', '.join(sorted(missing))}; there are {_shown(header)}")
    if not {"key", "Arena Elo rating"} & set(header):
        raise SourceChanged(f"neither a key nor an Arena Elo rating; there are {_shown(header)}")
    distinct = [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in rows)]
    for board, column in COLUMNS.items():
        if column not in header:
            continue
        scored = [(row, number(row[column], f"{column} of {row['Model']!r}")) for row in distinct]
        if all(score is None for _, score in scored):
            raise SourceChanged(f"no model has a value in the column {column}")
        yield from (_entry(board, row, score, as_of) for row, score in scored if score is not None)


def _entry(board: str, row: dict[str, str], score: float, as_of: dt.date | None) -> Entry:
    about = {"name": row["Model"]} if "key" in row else {}
    if row.get("Knowledge cutoff date", "-") not in ("", "-"):
        about["knowledge_cutoff"] = row["Knowledge cutoff date"]
    return {
        "board": board,
        "task": OVERALL,
        "model_raw": row.get("key", row["Model"]),
        "organization_raw": row.get("Organization") or None,
        "license_raw": row["License"] or None,
        "score": score,
        "as_of": as_of,
        "extra": _extra(about, board, as_of),
    }


def _matrix(rows: list[dict[str, str]]) -> Iterator[Entry]:
    for row in rows:
        as_of = _date(row[""])
        if as_of < PUBLISHED_SINCE:
            continue
        for model, cell in row.items():
            score = number(cell, f"the rating of {model!r} on {as_of}") if model else None
            if score:
                yield {
                    "board": TEXT,
                    "task": OVERALL,
                    "model_raw": model,
                    "score": score,
                    "as_of": as_of,
                    "extra": _extra({}, TEXT, as_of),
                }


def _extra(about: dict[str, str], board: str, as_of: dt.date | None) -> str | None:
    if board == TEXT and as_of is not None and as_of >= BRADLEY_TERRY_SINCE:
        about = {**about, "release": BRADLEY_TERRY_SINCE.isoformat()}
    return orjson.dumps(about).decode() if about else None


def _date(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written if re.fullmatch(r"[0-9]{8}", written) else "")
    except ValueError as error:
        raise SourceChanged(f"a date is written like 20240629, not {written!r}") from error


def _shown(header: dict[str, str]) -> str:
    return ", ".join(list(header)[:8])
