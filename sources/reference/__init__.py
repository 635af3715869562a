"""What the sources cannot say of themselves: who is who, which licence is open, which names are one model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from sources.contract import Board, Card
from sources.identity import identify

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
    aliases = {
        (row["source"], row["model_raw"]): row["model"]
        for row in _csv("aliases.csv").iter_rows(named=True)
    }
    rows = [(source, name, *identify(source, name, aliases)) for source, name in used]
    schema = {"source": pl.String, "model_raw": pl.String, "model": pl.String, "rule": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _board(card: Card, board: Board) -> dict[str, object]:
    facts = {**vars(card), **vars(board), "source": card.id}
    return {name: facts[name] for name in BOARDS}


def _csv(name: str) -> pl.DataFrame:
    return pl.read_csv(FOLDER / name, infer_schema=False)
