"""Readers shared by the sources: bytes of a known format to plain rows, strictly."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any

import orjson
import yaml

from sources.contract import SourceChanged

YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_BYTES = 32 * 1024**2
"""Bytes of a text; the longest recorded has 4 MB."""

MOST_VALUES = 2_000_000
"""Lines, cells or JSON values of a text; the most recorded are 144,000. Each costs some hundred bytes."""

MOST_PARQUET_ROWS, MOST_PARQUET_BYTES = 5_000_000, 512 * 1024**2
"""Rows and unpacked bytes of a Parquet file, which may be a thousand times its size."""

JSON_DEPTH = 40
YAML_DEPTH = 20
YAML_BYTES = 512 * 1024
"""YAML is read some hundred times slower than JSON; the longest recorded has 56 kB."""

PAGE = re.compile(r"\s*<(!doctype|html)", re.IGNORECASE)
LARGEST_WHOLE = 2**53
"""Beyond it a number written in JSON or CSV is not read exactly."""

MISSING = frozenset({"", "-", "n/a", "na", "nan", "null", "none"})
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def text(payload: bytes) -> str:
    """Decode UTF-8 with or without a byte order mark, with any line ends.

    Raises SourceChanged for other encodings, for an HTML page (a login or error page that came
    with status 200), and for more bytes, lines or values than a board can have.
    """
    if len(payload) > MOST_BYTES:
        raise SourceChanged(f"the text is larger than {MOST_BYTES // 1024**2} MiB")
    if len(payload) > MOST_VALUES and any(
        payload.count(mark) > MOST_VALUES for mark in (b"\n", b"\r", b",", b"|", b"[", b"{")
    ):
        raise SourceChanged(f"the text has more than {MOST_VALUES:,} lines or values")
    try:
        decoded = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceChanged("the payload is not UTF-8 text") from error
    if PAGE.match(decoded):
        raise SourceChanged("the payload is an HTML page, not data")
    if "\0" in decoded:
        raise SourceChanged("the payload is binary, not text")
    return decoded


def csv_rows(payload: bytes, required: set[str]) -> list[dict[str, str]]:
    """Rows of a CSV file with one header line; values stripped, blank lines skipped.

    Columns beyond `required` are kept. Raises SourceChanged for a missing or doubled column, a row
    that has more or fewer fields than the header, and a table without rows.
    """
    lines = csv.reader(io.StringIO(text(payload)), strict=True)
    try:
        table = [
            (lines.line_num, [cell.strip() for cell in row])
            for row in lines
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise SourceChanged(f"not CSV: {error} (line {lines.line_num})") from error
    if not table:
        raise SourceChanged("the table is empty")
    header = table[0][1]
    if missing := sorted(required - set(header)):
        raise SourceChanged(f"no column {', '.join(missing)}; the header is {', '.join(header)}")
    if len(set(header)) != len(header):
        raise SourceChanged(f"a column is there twice; the header is {', '.join(header)}")
    for line, row in table[1:]:
        if len(row) != len(header):
            raise SourceChanged(f"line {line} has {len(row)} fields, the header {len(header)}")
    if len(table) == 1:
        raise SourceChanged("the table has a header and no rows")
    return [dict(zip(header, row, strict=True)) for _, row in table[1:]]


def json_value(payload: bytes, models_are_keys: bool = False) -> Any:
    """The value of a JSON document. Raises SourceChanged where it is not JSON.

    Readers keep the last of two equal keys, so a model listed twice would vanish unseen: with
    `models_are_keys` a doubled key is a changed source too (the standard reader, some times slower).
    """
    decoded = text(payload)
    try:
        if models_are_keys:
            json.loads(decoded, object_pairs_hook=_distinct)
        value = orjson.loads(decoded)
    except (ValueError, RecursionError) as error:
        raise SourceChanged(f"not JSON: {error}") from error
    _check_depth(value, decoded.count("{") + decoded.count("["))
    return value


def _check_depth(value: Any, brackets: int) -> None:
    """Nothing that walks a value by recursion, as writing it again does, meets one too deep.

    Every object and list began with one of the text's `brackets` (others are in strings), so none is left
    once so many have been met: the plain values of a table, most of a document, are not gone through.
    """
    level: Iterable[Any] = [value]
    for _ in range(JSON_DEPTH + 1):
        if not brackets:
            return
        values = list(level)
        objects = [child for child in values if type(child) is dict]
        lists = [child for child in values if type(child) is list]
        if not objects and not lists:
            return
        brackets -= len(objects) + len(lists)
        level = chain(chain.from_iterable(map(dict.values, objects)), chain.from_iterable(lists))
    raise SourceChanged(f"the JSON document nests deeper than {JSON_DEPTH} levels")


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        [(doubled, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise SourceChanged(f"a model or key is listed twice: {doubled!r}")


def yaml_records(payload: bytes) -> list[dict[str, Any]]:
    """The mappings of a YAML list. Raises SourceChanged where it is anything else, where it nests
    deeper than a list of runs ever does, and where it uses anchors (a bomb needs them)."""
    if len(payload) > YAML_BYTES:
        raise SourceChanged(f"the YAML document is larger than {YAML_BYTES // 1024} KiB")
    decoded = text(payload)
    try:
        _check_nesting(decoded)
        value = yaml.load(decoded, Loader=YAML_LOADER)  # noqa: S506 # nosec B506 # safe
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        problem = getattr(error, "problem", None) or error
        raise SourceChanged(f"not YAML: {problem}{line}") from error
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise SourceChanged("the YAML document is not a list of records")
    return value


def _check_nesting(decoded: str) -> None:
    """The C loader builds nested values by recursion and crashes the process on deep ones; its event
    stream does not."""
    depth = 0
    for event in yaml.parse(decoded, Loader=YAML_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > YAML_DEPTH:
            raise SourceChanged(f"the YAML document nests deeper than {YAML_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            raise SourceChanged("the YAML document uses anchors")


def check_parquet(payload: bytes) -> None:
    """Raises SourceChanged for a Parquet file that says it unpacks to more than a history can have,
    and for one whose footer cannot be read."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        about = parquet.read_metadata(io.BytesIO(payload))
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceChanged(f"the Parquet file cannot be read: {error}") from error
    if about.num_rows > MOST_PARQUET_ROWS or unpacked > MOST_PARQUET_BYTES:
        raise SourceChanged(
            f"the Parquet file has {about.num_rows:,} rows and unpacks to "
            f"{unpacked // 1024**2:,} MiB, more than a history can have"
        )


def number(value: object, what: str) -> float | None:
    """A number written as a number or as text ("69.38%", "1,024", " N/A "); None where missing.

    A percent sign is dropped, not divided by. Raises SourceChanged, naming `what`, otherwise.
    """
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise SourceChanged(f"{what} is too large a number") from error
    if isinstance(value, str):
        written = value.strip().removesuffix("%").strip()
        if written.lower() in MISSING:
            return None
        plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", written)
        if NUMBER.fullmatch(plain):
            return float(plain)
    raise SourceChanged(f"{what} is not a number: {value!r}")


def whole(value: object, what: str) -> int | None:
    """A whole number, or None where missing. Raises SourceChanged, naming `what`, otherwise."""
    found = number(value, what)
    if found is None:
        return None
    if abs(found) > LARGEST_WHOLE:
        raise SourceChanged(f"{what} is too large a number")
    if found != found // 1:
        raise SourceChanged(f"{what} is not a whole number: {value!r}")
    return int(found)
