"""The rows of a file of your own results, each with the line it begins in; what is no row is a reason."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sources.contract import SourceChanged

NEEDED = ("model", "case_id")
COLUMNS = (
    *NEEDED,
    "task",
    "correct",
    "score",
    "refused",
    "latency_ms",
    "review_minutes",
    "prompt",
    "expected",
    "output",
)

Row = Mapping[str, Any]


def json_rows(decoded: str) -> Iterator[tuple[int, Row | str]]:
    """(line, object) of JSON lines, or (line, why it is none)."""
    # Not splitlines: a string in JSON may hold other line ends as they are.
    for number, line in enumerate(decoded.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, object_pairs_hook=_distinct, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            yield number, f"not JSON: {error}"
            continue
        yield number, value if isinstance(value, dict) else "not a JSON object"


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is no number in JSON")


def csv_rows(decoded: str) -> Iterator[tuple[int, Row | str]]:
    """(line, fields by column) of CSV, or (line, why it has none). Raises SourceChanged for a wrong
    header, and for broken quotes: they would hide the rows after them."""
    with _long_fields():
        lines = csv.reader(io.StringIO(decoded, newline=""), strict=True)
        table = _numbered(lines)
        _, header = next(table, (1, []))
        header = [name.strip() for name in header]
        _check_header(header)
        for number, row in table:
            if len(row) != len(header):
                yield number, f"it has {len(row)} fields, the header {len(header)}"
            else:
                yield number, dict(zip(header, row, strict=True))


def _numbered(lines: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line it begins in."""
    while True:
        begins = lines.line_num + 1
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            raise SourceChanged(f"not CSV: {error} (the row begins in line {begins})") from error
        if any(cell.strip() for cell in row):
            yield begins, row


def _check_header(header: list[str]) -> None:
    if missing := [name for name in NEEDED if name not in header]:
        raise SourceChanged(f"no column {', '.join(missing)}; the header is {_listed(header)}")
    if "correct" not in header and "score" not in header:
        raise SourceChanged(f"no column correct or score; the header is {_listed(header)}")
    if unknown := [name for name in header if name not in COLUMNS]:
        raise SourceChanged(f"no such column: {_listed(unknown)}; there are {', '.join(COLUMNS)}")
    if len(set(header)) < len(header):
        raise SourceChanged(f"a column is there twice; the header is {_listed(header)}")


def _listed(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return listed if len(listed) <= 200 else f"{listed[:200]}…"


@contextmanager
def _long_fields() -> Iterator[None]:
    """The reader refuses fields beyond 128 KiB; prompts can be longer."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
