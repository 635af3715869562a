"""What the sources cannot say of themselves: who is who, which licence is open, which names are one model."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from sources import identity
from sources.contract import Board, Card

FOLDER = Path(__file__).parent
OPEN = {"yes": True, "no": False, "unknown": None}

BOARDS = pl.Schema(
    {
        "board": pl.String,
        "source": pl.String,
        "title": pl.String,
        "task_family": pl.String,
        "metric": pl.String,
        "unit": pl.String,
        "higher_is_better": pl.Boolean,
        "scale": pl.String,
        "perfect_score": pl.Float64,
        "scoring_method": pl.String,
        "sample_size": pl.String,
        "evaluation_date": pl.String,
        "prompts_public": pl.String,
        "contamination": pl.String,
        "licence": pl.String,
        "credit": pl.String,
        "homepage": pl.String,
        "cadence": pl.String,
        "complete_rows": pl.Int64,
    }
)


def reference_tables(cards: list[Card]) -> dict[str, pl.DataFrame]:
    """reference.boards, .organizations, .licenses, .timelines and .providers, for the SQL models."""
    return {
        "boards": pl.DataFrame(
            [_board(card, board) for card in cards for board in card.boards], schema=BOARDS
        ),
        "organizations": _csv("organizations.csv"),
        "licenses": _csv("licenses.csv").with_columns(
            pl.col("open_weights").replace_strict(OPEN, return_dtype=pl.Boolean)
        ),
        "providers": _csv("providers.csv"),
        "timelines": _csv("timelines.csv").with_columns(pl.col("precedence").cast(pl.Int64)),
    }


def reference_names(used: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """reference.names: which model each (source, published name) is, and by which rule."""
    known = _csv("aliases.csv").select("source", "model_raw", "model").rows()
    aliases = {(source, name): model for source, name, model in known}
    rows = [(source, name, *identity.identify(source, name, aliases)) for source, name in used]
    schema = {"source": pl.String, "model_raw": pl.String, "model": pl.String, "rule": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def naming() -> str:
    """A word for all that decides which model a name is: it changes with a rule and with an alias."""
    told = Path(identity.__file__).read_bytes() + (FOLDER / "aliases.csv").read_bytes()
    return hashlib.sha256(told).hexdigest()


def _board(card: Card, board: Board) -> dict[str, object]:
    facts = {**vars(card), **vars(board), "source": card.id}
    return {name: facts[name] for name in BOARDS}


def _csv(name: str) -> pl.DataFrame:
    # For so few rows polars' own reader takes ten times as long to begin.
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    told = [[value or None for value in row] for row in rows]
    return pl.DataFrame(told, schema=dict.fromkeys(head, pl.String), orient="row")
