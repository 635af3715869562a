"""What queries use beside what was read: macros, and what cards and reference files say, as reference.*."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import duckdb
import polars as pl

from flows.settings import ROOT
from sources import Source
from sources.reference import naming, reference_names, reference_tables
from warehouse.transaction import create, mark, marked, transaction

MACROS = ROOT / "sql" / "macros.sql"


def make_reference(db: duckdb.DuckDBPyConnection, sources: Mapping[str, Source]) -> None:
    """Bring the macros and the tables reference.* up to date; one that is made of the same is left alone."""
    db.execute(MACROS.read_text(encoding="utf-8"))
    known = marked(db)
    for name, frame in reference_tables([source.card for source in sources.values()]).items():
        word = _word(frame.schema, frame.rows())
        if known.get(f"reference.{name}") != word:
            _keep(db, f"reference.{name}", frame, word)
    used = db.execute(
        "select source, model_raw from parsed.names union select source, model_raw from parsed.prices "
        "order by all"
    ).fetchall()
    word = _word(naming(), used)
    if known.get("reference.names") != word:
        _keep(db, "reference.names", reference_names(used), word)


def _word(*told: object) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _keep(db: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame, word: str) -> None:
    with transaction(db):
        create(db, table, frame)
        mark(db, {table: word})
