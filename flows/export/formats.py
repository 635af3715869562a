"""Rows as CSV, JSON and Parquet: the same rows give the same bytes."""

from __future__ import annotations

import io
import math
from datetime import date, datetime

import orjson
import polars as pl

from flows.export.defuse import defused

STAMP = "%Y-%m-%dT%H:%M:%S%.fZ"
_JSON = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def csv(frame: pl.DataFrame, header: bool = True) -> bytes:
    """RFC 4180 in UTF-8: null is an empty cell, a list is JSON text, times are UTC in ISO form.

    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    return (
        defused(_flat(frame))
        .write_csv(include_header=header, datetime_format=STAMP, line_terminator="\n")
        .encode()
    )


def json(frame: pl.DataFrame) -> bytes:
    """An array with one object per row and line, columns in order, null where nothing is known."""
    rows = [orjson.dumps(_finite(row), option=_JSON) for row in frame.iter_rows(named=True)]
    return b"[\n" + b",\n".join(rows) + b"\n]\n"


def parquet(frame: pl.DataFrame) -> bytes:
    """Parquet with zstd, the rows as they are."""
    held = io.BytesIO()
    frame.write_parquet(held, compression="zstd", statistics=True)
    return held.getvalue()


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as JSON text, since a CSV cell holds one value."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    return frame.with_columns(
        pl.Series(name, [_listed(cell) for cell in frame[name].to_list()], dtype=pl.String)
        for name in lists
    )


def _listed(cell: list[object] | None) -> str | None:
    return None if cell is None else orjson.dumps(cell, option=_JSON).decode()


def _finite(row: dict[str, object]) -> dict[str, object]:
    """JSON has no infinity and no NaN: they become null, as orjson makes them; dates are ISO text."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }


def plain(value: object) -> object:
    """A date or time as ISO text (times in UTC with Z), anything else as it is."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, date) else value
