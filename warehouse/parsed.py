"""What the parsers make of payloads: the rows that a batch of them adds to the tables parsed.*.

Needs no database, so that it can be done in worker processes (warehouse/workers.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
import orjson
import polars as pl
from polars._typing import PolarsDataType

from warehouse.archive import Archive, ArchiveDamaged


@dataclass(frozen=True)
class Refused:
    """What a parser says of a payload it does not accept."""

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Parsed:
    """What a parser makes of a payload: tidy rows or prices, and the cases behind them if it has them."""

    rows: pl.DataFrame
    items: pl.DataFrame | None = None


@dataclass(frozen=True)
class Parser:
    """How to read one source's payloads. `version` changes when the reading may change."""

    version: str
    read: Callable[[bytes, datetime, str], Parsed | Refused]


class Key(NamedTuple):
    """What names a payload as it came: its bytes, whose they are, where they were."""

    sha256: str
    source: str
    url: str


Due = tuple[Key, datetime]
"""A payload to read, and when it was first seen."""

TEXT = {"sha256": pl.String, "source": pl.String, "url": pl.String}
QUARANTINE: Mapping[str, PolarsDataType] = {
    **TEXT,
    "captured_at": pl.Datetime("us"),
    "reason": pl.String,
    "detail": pl.String,
}
DAMAGED: Mapping[str, PolarsDataType] = {**TEXT, "problem": pl.String}
PAYLOADS: Mapping[str, PolarsDataType] = {**TEXT, "parser": pl.String, "rows": pl.Int64}
STATES: Mapping[str, PolarsDataType] = {
    "reading": pl.Int64,
    **TEXT,
    "board": pl.String,
    "stated_as_of": pl.Date,
    "release": pl.String,
    "state": pl.String,
    "n_models": pl.Int64,
}
NAMES = ("source", "model_raw", "organization_raw", "license_raw")
ROWS = ("task", *NAMES[1:], "score", "ci_low", "ci_high", "n", "extra")


def read_batch(
    archive: Archive, parsers: Mapping[str, Parser], batch: Iterable[Due]
) -> dict[str, pl.DataFrame]:
    """Read payloads: what they add to the tables parsed.* and raw.quarantine, by table.

    `reading` numbers the states of the batch from 0, `name` its parsed.names. What the archive cannot give
    back is in raw.damaged, and in no other table.
    """
    made = _Batch()
    for key, captured_at in batch:
        parser = parsers[key.source]
        try:
            payload = archive.read(key.sha256)
        except ArchiveDamaged as error:
            made.damaged.append((*key, str(error)))
        else:
            made.add(key, captured_at, parser.version, parser.read(payload, captured_at, key.url))
    return made.tables()


class _Batch:
    """Gathers plain columns, since a frame or two per payload would cost more than reading it."""

    def __init__(self) -> None:
        self.payloads: list[tuple[object, ...]] = []
        self.refused: list[tuple[object, ...]] = []
        self.damaged: list[tuple[object, ...]] = []
        self.states: list[tuple[object, ...]] = []
        self.rows: list[pl.DataFrame] = []
        self.others: dict[str, list[pl.DataFrame]] = {}

    def add(self, key: Key, captured_at: datetime, version: str, result: Parsed | Refused) -> None:
        if isinstance(result, Refused):
            self.payloads.append((*key, version, 0))
            at = captured_at.replace(tzinfo=None)
            self.refused.append((*key, at, result.reason, result.detail))
            return
        self.payloads.append((*key, version, result.rows.height))
        if "provider" in result.rows.columns:
            self.others.setdefault("parsed.prices", []).append(_marked(result.rows, key))
            return
        for part in _parts(result.rows):
            self._add_state(key, part, result.items)
        if result.items is not None:
            self.others.setdefault("parsed.items", []).append(_marked(result.items, key))

    def _add_state(self, key: Key, part: pl.DataFrame, items: pl.DataFrame | None) -> None:
        board, as_of = part["board"][0], part["as_of"][0]
        state = state_hash(part, _cases(items, board, as_of))
        models = part["model_raw"].n_unique()
        told = (board, as_of, _release(part["extra"][0]), state, models)
        self.states.append((len(self.states), *key, *told))
        self.rows.append(part)

    def tables(self) -> dict[str, pl.DataFrame]:
        listed = {
            "parsed.payloads": (self.payloads, PAYLOADS),
            "parsed.states": (self.states, STATES),
            "raw.quarantine": (self.refused, QUARANTINE),
            "raw.damaged": (self.damaged, DAMAGED),
        }
        made = {
            table: pl.DataFrame(rows, schema=schema, orient="row")
            for table, (rows, schema) in listed.items()
            if rows
        }
        if self.rows:
            heights = [part.height for part in self.rows]
            states = made["parsed.states"].select("reading", "source")
            marks = states[np.repeat(np.arange(len(heights)), heights)]
            rows, made["parsed.names"] = _numbered(pl.concat(self.rows).select(ROWS).hstack(marks))
            made["parsed.rows"] = rows
        return made | {table: pl.concat(frames) for table, frames in self.others.items()}


def _numbered(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with a number for what names their model, and what the numbers stand for."""
    names = rows.select(NAMES).unique(maintain_order=True)
    names = names.insert_column(0, pl.int_range(names.height, eager=True).alias("name"))
    numbered = rows.join(names, on=NAMES, how="left", nulls_equal=True, maintain_order="left")
    return numbered.drop(NAMES), names


def _marked(frame: pl.DataFrame, key: Key) -> pl.DataFrame:
    return frame.rename({"as_of": "stated_as_of"}).with_columns(
        pl.lit(value).alias(name) for name, value in key._asdict().items()
    )


def _parts(rows: pl.DataFrame) -> Sequence[pl.DataFrame]:
    """The rows of each board and stated date, by task and model. Most payloads have one, in order."""
    if rows["board"].n_unique() == rows["as_of"].n_unique() == 1:
        if rows["task"].n_unique() == 1 and rows["model_raw"].is_sorted():
            return [rows]
        return [rows.sort("task", "model_raw")]
    ordered = rows.sort("board", "as_of", "task", "model_raw")
    return ordered.partition_by("board", "as_of", maintain_order=True)


def _cases(items: pl.DataFrame | None, board: str, as_of: date | None) -> pl.DataFrame | None:
    if items is None:
        return None
    of_state = items.filter(pl.col("board") == board, pl.col("as_of").eq_missing(as_of))
    return of_state.sort("task", "model_raw", "case_id")


def _release(extra: str | None) -> str | None:
    facts = orjson.loads(extra) if extra else None
    release = facts.get("release") if isinstance(facts, dict) else None
    return (
        release if release is None or isinstance(release, str) else orjson.dumps(release).decode()
    )


def state_hash(part: pl.DataFrame, cases: pl.DataFrame | None = None) -> str:
    """Names what a board shows: the same for two tables only where all but `extra` is the same.

    A new side note does not make a new state of the board. Other results of single cases do, even where
    their means are the same. Rows come in order of task and model (and case).
    """
    digest = hashlib.sha256()
    for frame in (part, cases):
        if frame is not None:
            shown = [column for column in frame if column.name != "extra"]
            digest.update(f"{frame.height} rows of {[c.name for c in shown]}".encode())
            for column in shown:
                digest.update(_plain_bytes(column))
    return digest.hexdigest()[:16]


def _plain_bytes(column: pl.Series) -> bytes:
    """The values of a column, and which are missing, in a form that is the same on every machine."""
    if column.null_count() == len(column):
        return b"none;"
    if column.dtype == pl.String:
        return orjson.dumps(column.to_list())
    physical = column if column.dtype.is_numeric() else column.to_physical()
    dtype, kind = (pl.Float64, "<f8") if physical.dtype.is_float() else (pl.Int64, "<i8")
    missing = b"some;" + column.is_null().to_numpy().tobytes() if column.null_count() else b"all;"
    values = physical if physical.dtype == dtype else physical.cast(dtype)
    values = values.fill_null(0) if column.null_count() else values
    return missing + values.to_numpy().astype(kind, copy=False).tobytes()
