"""MTEB, the classic leaderboard of text embeddings: JSON lines, one model a line, score x 100.

Three boards, told apart by the columns: the number of data sets is in a column's name, so a board
whose sets change is another column and a changed source. The model is an HTML anchor, and several
models share a display name: the name is organisation/name where the link leads to Hugging Face.
Missing is an empty string; a model without an average is listed with a rank all the same. A few
models report fractions (0.79 where others write 79): kept as published, they stand last.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any, NamedTuple

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import number, text

FILES = "https://raw.githubusercontent.com/embeddings-benchmark/leaderboard/main/boards_data"


def _board(name: str, title: str, sets: int, min_rows: int) -> Board:
    return Board(
        board=f"mteb/{name}",
        title=title,
        task_family="text embeddings",
        metric="average score",
        unit="points",
        higher_is_better=True,
        scale="points",
        scoring_method=f"main metric of each data set x 100, plain mean over {sets} data sets",
        sample_size="none published",
        evaluation_date="none stated",
        prompts_public="yes",
        contamination="Self-reported; training on the sets' own training splits is common.",
        min_rows=min_rows,
        max_rows=5000,
        min_score=0,
        max_score=100,
        perfect_score=100,
    )


CARD = Card(
    id="mteb",
    title="MTEB leaderboard (classic)",
    homepage="https://huggingface.co/spaces/mteb/leaderboard",
    urls=(
        f"{FILES}/en/data_overall/default.jsonl",
        f"{FILES}/en/data_tasks/Retrieval/default.jsonl",
        f"{FILES}/fr/data_overall/default.jsonl",
    ),
    licence="not stated",
    credit="MTEB (embeddings-benchmark/leaderboard)",
    cadence="frozen",
    boards=(
        _board("en_overall", "MTEB English", 56, 190),
        _board("en_retrieval", "MTEB English retrieval", 15, 140),
        _board("fr_overall", "MTEB French", 26, 53),
    ),
    witnesses=(
        Witness("mteb/en_overall", "2024-12-13", "nvidia/NV-Embed-v2", 72.31),
        Witness("mteb/en_overall", "2024-12-13", "nvidia/NV-Embed-v2", 58.46, "Clustering"),
        Witness(
            "mteb/en_retrieval", "2024-12-13", "google/Gemma-Embeddings-v0.8", 83.83, "ArguAna"
        ),
        Witness("mteb/fr_overall", "2024-12-11", "BAAI/bge-multilingual-gemma2", 70.08),
    ),
    notes=(
        "The publisher's rank has gaps: hidden rows were left out after ranking.",
        "The files are no longer rebuilt; the board moved to an application.",
    ),
)

GROUPS = [
    "Classification",
    "Clustering",
    "PairClassification",
    "Reranking",
    "Retrieval",
    "STS",
    "Summarization",
]
RETRIEVAL_SETS = [
    "ArguAna",
    "ClimateFEVER",
    "CQADupstackRetrieval",
    "DBPedia",
    "FEVER",
    "FiQA2018",
    "HotpotQA",
    "MSMARCO",
    "NFCorpus",
    "NQ",
    "QuoraRetrieval",
    "SCIDOCS",
    "SciFact",
    "Touche2020",
    "TRECCOVID",
]


class Shape(NamedTuple):
    """A board's average and its task columns."""

    board: str
    average: str
    tasks: dict[str, str]


def _overall(board: str, sets: int, by_group: tuple[int, ...]) -> Shape:
    columns = zip(GROUPS, by_group, strict=True)
    tasks = {f"{group} Average ({n} datasets)": group for group, n in columns}
    return Shape(f"mteb/{board}", f"Average ({sets} datasets)", tasks)


SHAPES = (
    _overall("en_overall", 56, (12, 11, 3, 4, 15, 10, 1)),
    _overall("fr_overall", 26, (6, 7, 2, 2, 5, 3, 1)),
    Shape("mteb/en_retrieval", "Average", {name: name for name in RETRIEVAL_SETS}),
)

ANCHOR = re.compile(r'<a [^<>]*href="([^"<>]*)"[^<>]*>([^<>]+)</a>')
ON_HUB = re.compile(r"https://huggingface\.co/([^/#?]+)/[^/#?]+/?")
TRAITS = {
    "Model Size (Million Parameters)": "million_parameters",
    "Memory Usage (GB, fp32)": "memory_gb",
    "Embedding Dimensions": "dimensions",
    "Max Tokens": "max_tokens",
}


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of one board. Returns the tidy schema; raises SourceChanged."""
    rows = [_row(line) for line in text(payload).split("\n") if line.strip()]
    if not rows:
        raise SourceChanged("the table is empty")
    shape = next((s for s in SHAPES if s.average in rows[0]), None)
    if shape is None:
        raise SourceChanged(f"no known average; the columns are {', '.join(rows[0])}")
    return to_tidy([entry for row in rows for entry in _entries(row, shape)], CARD, captured_at)


def _row(line: str) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SourceChanged(f"a line is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise SourceChanged(f"a line is not an object: {line[:60]}")
    return row


def _entries(row: dict[str, Any], shape: Shape) -> list[dict[str, object]]:
    organization, model, link = _model(row.get("Model"))
    if missing := [column for column in (shape.average, *shape.tasks) if column not in row]:
        raise SourceChanged(f"{model} has no {', '.join(missing)}")
    extra: dict[str, object] = {"link": link}
    for column, name in TRAITS.items():
        if (value := number(row.get(column), f"{column} of {model}")) is not None:
            extra[name] = value
    columns = {shape.average: OVERALL, **shape.tasks}
    return [
        {
            "board": shape.board,
            "task": task,
            "model_raw": model,
            "organization_raw": organization,
            "score": number(row[column], f"{column} of {model}"),
            "extra": orjson.dumps(extra).decode(),
        }
        for column, task in columns.items()
    ]


def _model(anchor: object) -> tuple[str | None, str, str]:
    """(organisation, name, link); the organisation tells models of one display name apart."""
    found = ANCHOR.fullmatch(anchor.strip()[:1000]) if isinstance(anchor, str) else None
    if found is None:
        raise SourceChanged(f"the model is not a link: {str(anchor)[:80]!r}")
    link, name = html.unescape(found.group(1)), html.unescape(found.group(2)).strip()
    on_hub = ON_HUB.fullmatch(link)
    return (on_hub.group(1), f"{on_hub.group(1)}/{name}", link) if on_hub else (None, name, link)
