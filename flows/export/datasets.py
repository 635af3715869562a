"""A set of rows as files beside a page: NAME.csv, NAME.json, NAME.parquet, and NAME.meta.json on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from flows.export import formats
from flows.export.about import About
from flows.export.files import CSV, JSON, PARQUET, File, put

FORMATS: dict[str, tuple[str, formats.Write]] = {
    "csv": (CSV, formats.csv),
    "json": (JSON, formats.json),
    "parquet": (PARQUET, formats.parquet),
}


@dataclass(frozen=True)
class Dataset:
    """A set of rows that is written: its name, types and number of rows, its files, what is said of it."""

    name: str
    schema: pl.Schema
    rows: int
    files: tuple[File, ...]
    meta: File
    about: About

    def file(self, *kinds: str) -> File:
        """The file in the first of these formats that it was written in. Raises LookupError if in none."""
        for kind in kinds:
            for file in self.files:
                if file.name.endswith(f".{kind}"):
                    return file
        raise LookupError(f"{self.name} is not written as {' or '.join(kinds)}")


def write_dataset(
    folder: Path,
    name: str,
    frame: pl.DataFrame,
    about: About,
    kinds: Sequence[str] = ("csv", "json", "parquet"),
) -> Dataset:
    """Write the rows in each of `kinds`, and what is to be known of them; unchanged files stay untouched.

    `name` may have folders in it. Raises ValueError if `about` names other columns than the frame has.
    """
    if about.columns and list(about.columns) != frame.columns:
        raise ValueError(f"{name} has {frame.columns} but {list(about.columns)} are described")
    files = tuple(put(folder, f"{name}.{kind}", *_written(kind, frame)) for kind in kinds)
    return finish(folder, name, frame.schema, frame.height, files, about)


def _written(kind: str, frame: pl.DataFrame) -> tuple[str, bytes]:
    media_type, write = FORMATS[kind]
    sink = BytesIO()
    write(sink, [frame])
    return media_type, sink.getvalue()


def finish(
    folder: Path, name: str, schema: pl.Schema, rows: int, files: tuple[File, ...], about: About
) -> Dataset:
    """Write NAME.meta.json for files that are there."""
    told = metadata(name, schema, rows, files, about)
    content = orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    meta = put(folder, f"{name}.meta.json", JSON, content)
    return Dataset(name, schema, rows, files, meta, about)


def metadata(
    name: str, schema: pl.Schema, rows: int, files: tuple[File, ...], about: About
) -> dict[str, Any]:
    """What NAME.meta.json says: title, rows, columns with meaning, unit and type, rights, hashes."""
    return {
        "name": name,
        "title": about.title,
        "description": about.description,
        "version": about.version,
        "modified": formats.plain(about.modified),
        "rows": rows,
        "key": list(about.key),
        "columns": [
            {
                "name": column,
                "type": typed(dtype),
                "meaning": about.columns.get(column, ""),
                "unit": about.units.get(column),
            }
            for column, dtype in schema.items()
        ],
        "files": [asdict(file) for file in files],
        "rights": [asdict(rights) for rights in about.rights],
        "payloads": list(about.payloads),
    }


def typed(dtype: pl.DataType) -> str:
    """The type in one word: text, integer, number, boolean, date, time (UTC), list of ...; or text."""
    if isinstance(dtype, pl.List):
        return f"list of {typed(dtype.inner)}"  # type: ignore[arg-type]
    if isinstance(dtype, pl.Datetime):
        return "time"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    return {pl.Boolean: "boolean", pl.Date: "date"}.get(type(dtype), "text")
