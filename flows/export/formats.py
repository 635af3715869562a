"""Rows as CSV, JSON and Parquet: the same rows give the same bytes.

Each function writes frames of one schema, one after another, so that a table need not fit in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

import orjson
import polars as pl

from flows.export.defuse import defused

STAMP = "%Y-%m-%dT%H:%M:%S%.fZ"
_JSON = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z

Write = Callable[[BinaryIO, Iterable[pl.DataFrame]], None]


def csv(sink: BinaryIO, frames: Iterable[pl.DataFrame]) -> None:
    """RFC 4180 in UTF-8: null is an empty cell, a list is JSON text, times are UTC in ISO form.

    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    for number, frame in enumerate(frames):
        safe = defused(_flat(frame))
        sink.write(safe.write_csv(include_header=number == 0, datetime_format=STAMP).encode())


def json(sink: BinaryIO, frames: Iterable[pl.DataFrame]) -> None:
    """An array with one object per row and line, columns in order. What JSON has no number for
    (infinity, NaN) is null, like what is not known."""
    between = b"[\n"
    for row in _rows(frames):
        sink.write(between + orjson.dumps(row, option=_JSON))
        between = b",\n"
    sink.write(b"[]\n" if between == b"[\n" else b"\n]\n")


def parquet(sink: BinaryIO, frames: Iterable[pl.DataFrame]) -> None:
    """Parquet with zstd, the values as they are; times are UTC without a zone, as in the tables."""
    import pyarrow.parquet

    writer = None
    for frame in frames:
        table = frame.to_arrow()
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(sink, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def plain(value: object) -> Any:
    """A date or time as ISO text (times in UTC with Z), anything else as it is."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, date) else value


def _rows(frames: Iterable[pl.DataFrame]) -> Iterator[dict[str, Any]]:
    for frame in frames:
        yield from frame.iter_rows(named=True)


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as JSON text, since a CSV cell holds one value."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    return frame.with_columns(
        pl.Series(name, [_listed(cell) for cell in frame[name].to_list()], dtype=pl.String)
        for name in lists
    )


def _listed(cell: list[object] | None) -> str | None:
    return None if cell is None else orjson.dumps(cell, option=_JSON).decode()
