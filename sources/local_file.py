"""A file of your own results, CSV or JSON lines, to cases: every bad row with its line and the reason."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import NamedTuple

from sources.contract import OVERALL, SourceChanged
from sources.local import Case
from sources.local_rows import COLUMNS, NEEDED, Row, csv_rows, json_rows
from sources.reading import number, text

YES_NO = {"1": True, "true": True, "0": False, "false": False}
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


class BadRow(NamedTuple):
    """A row that cannot be used: the line it begins in, and why."""

    line: int
    reason: str


class _Bad(Exception):
    """The reason why a row cannot be used."""


def read_cases(payload: bytes, file_name: str = "") -> tuple[list[Case], list[BadRow]]:
    """The good rows as cases and the bad ones with their reasons.

    JSON lines where the name of the file or its first character says so, else CSV. Raises SourceChanged
    where there is nothing to read row by row: another encoding, no rows, a wrong header, broken quotes.
    """
    decoded = text(payload)
    if not decoded.strip():
        raise SourceChanged("the file is empty")
    if decoded.lstrip().startswith("["):
        raise SourceChanged("the file is a JSON list; write one object a line instead")
    as_json = file_name.lower().endswith(JSON_ENDINGS) or decoded.lstrip().startswith("{")
    rows = json_rows(decoded) if as_json else csv_rows(decoded)
    cases: list[Case] = []
    bad: list[BadRow] = []
    lines: dict[tuple[str, str, str], int] = {}
    for line, row in rows:
        try:
            case = _case(_sound(row))
            key = (case.model, case.task, case.case_id)
            if key in lines:
                raise _Bad(f"{case.model} has this case already in line {lines[key]}")
            if cases and (case.task == OVERALL) != (cases[0].task == OVERALL):
                raise _Bad("give every row a task or none: the first row differs from this one")
        except (_Bad, SourceChanged) as error:
            bad.append(BadRow(line, str(error)))
            continue
        lines[key] = line
        cases.append(case)
    if not cases and not bad:
        raise SourceChanged("the file has a header and no rows")
    return cases, bad


def _case(row: Row) -> Case:
    model, case_id = (_name(row, column) for column in NEEDED)
    refused = _yes_no(row, "refused")
    return Case(
        model=model,
        task=_name(row, "task") if _given(row, "task") else OVERALL,
        case_id=case_id,
        score=_score(row, refused),
        refused=refused,
        latency_ms=_positive(row, "latency_ms"),
        review_minutes=_positive(row, "review_minutes"),
        prompt=_text(row, "prompt"),
        expected=_text(row, "expected"),
        output=_text(row, "output"),
    )


def _sound(row: Row | str) -> Row:
    if isinstance(row, str):
        raise _Bad(row)
    if unknown := sorted(set(row) - set(COLUMNS)):
        raise _Bad(f"no such column: {', '.join(unknown)[:80]}")
    return row


def _score(row: Row, refused: bool | None) -> float:
    """The score, 0 to 1; a refused case is a failure, whatever else the row says."""
    correct, score = _given(row, "correct"), _given(row, "score")
    if correct and score:
        raise _Bad("it has both correct and score: give one")
    if correct:
        found = float(_yes_no(row, "correct") or 0)
    elif score:
        found = _number(row, "score")
        if not 0 <= found <= 1:
            raise _Bad(f"score is between 0 and 1, not {found:g}")
    elif refused:
        found = 0.0
    else:
        raise _Bad("it has neither correct nor score")
    return 0.0 if refused else found


def _given(row: Row, column: str) -> bool:
    return row.get(column) not in (None, "")


def _name(row: Row, column: str) -> str:
    """A name on one line. Whole numbers are names too."""
    value = row.get(column)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str | None):
        raise _Bad(f"{column} is not a name: {_shown(value)}")
    # The same spaces and control characters as in the tidy schema.
    plain = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", value or "").strip()
    if not plain:
        raise _Bad(f"it has no {column}")
    return _encodable(plain, column)


def _yes_no(row: Row, column: str) -> bool | None:
    if not _given(row, column):
        return None
    written = str(row[column]).strip().lower().removesuffix(".0")
    if written not in YES_NO:
        raise _Bad(f"{column} is 0 or 1, not {_shown(row[column])}")
    return YES_NO[written]


def _number(row: Row, column: str) -> float:
    value = row[column]
    try:
        found = number(value, column)
    except SourceChanged:
        found = None
    if found is None:
        raise _Bad(f"{column} is not a number: {_shown(value)}")
    return found


def _positive(row: Row, column: str) -> float | None:
    if not _given(row, column):
        return None
    found = _number(row, column)
    if found < 0 or not isfinite(found):
        raise _Bad(f"{column} is negative or not finite: {found:g}")
    return found


def _text(row: Row, column: str) -> str | None:
    """Text as it is; what is no text (a list of messages, a number) as JSON."""
    if not _given(row, column):
        return None
    value = row[column]
    return _encodable(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), column
    )


def _encodable(value: str, column: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Bad(f"{column} holds half of a surrogate pair, which is no text") from None
    return value


def _shown(value: object) -> str:
    written = repr(value)
    return written if len(written) <= 40 else f"{written[:40]}…"
