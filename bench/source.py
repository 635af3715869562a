"""The made-up boards as a source, written as those in sources/ are: a card and a parser.

A payload is a JSON list of objects, one per model, of the board that its address names; or a Parquet file
in the tidy schema, with many dates.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
from itertools import chain
from pathlib import Path

import polars as pl

from sources import Source, load_sources
from sources.contract import OVERALL, TIDY, Board, Card, SourceChanged, constant, to_tidy
from sources.reading import json_value

BOARDS = 100


def _board(number: int) -> Board:
    return Board(
        board=f"bench/board-{number:03}",
        title=f"Made-up board {number}",
        task_family="made up",
        metric="arena score",
        unit="points",
        higher_is_better=True,
        scale="elo",
        scoring_method="a random walk",
        sample_size="votes",
        evaluation_date="none; the capture dates the board",
        prompts_public="no",
        contamination="None: there are no prompts.",
        min_rows=2,
        max_rows=3000,
        min_score=100,
        max_score=3000,
    )


CARD = Card(
    id="bench",
    title="Made-up boards",
    homepage="https://bench.invalid",
    urls=tuple(f"https://bench.invalid/board-{number:03}.json" for number in range(BOARDS)),
    licence="CC0-1.0",
    credit="none",
    cadence="daily",
    boards=tuple(_board(number) for number in range(BOARDS)),
    witnesses=(),
)

COLUMNS = {
    "model": "model_raw",
    "organization": "organization_raw",
    "license": "license_raw",
    "rating": "score",
    "rating_q025": "ci_low",
    "rating_q975": "ci_high",
    "votes": "n",
}
"""What a row says, and what the tidy schema calls it."""

ROW = pl.Schema({name: TIDY[column] for name, column in COLUMNS.items()})


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of one board, or a year of them. Raises SourceChanged."""
    rows = _parquet(payload) if payload[:4] == b"PAR1" else _json(payload, url)
    return to_tidy(rows, CARD, captured_at)


def _json(payload: bytes, url: str) -> pl.DataFrame:
    named = re.search(r"/(board-\d{3})\.json$", url)
    if named is None:
        raise SourceChanged(f"the address names no board: {url}")
    value = json_value(payload)
    rows = value if isinstance(value, list) else [value]
    if {dict} != set(map(type, rows)) or not (
        {len(ROW)} == set(map(len, rows)) and {*ROW} == {*chain.from_iterable(rows)}
    ):
        raise SourceChanged(f"not a list of objects with {', '.join(ROW)}")
    try:
        given = pl.from_dicts(value, schema=ROW, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        raise SourceChanged(f"a value has the wrong type: {error}") from error
    given.columns = [*COLUMNS.values()]
    same = {"board": f"bench/{named.group(1)}", "task": OVERALL}
    return given.hstack([constant(name, said, given.height) for name, said in same.items()])


def _parquet(payload: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(payload))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceChanged(f"the Parquet file cannot be read: {error}") from error


def sources() -> dict[str, Source]:
    """All that photofinish watches, and the made-up boards: what pipeline functions take."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    return {**load_sources(), CARD.id: Source(CARD, parse, version)}
