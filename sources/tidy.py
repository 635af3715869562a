"""Bring your own board: a folder of dated CSV files in the tidy schema, one state of a board each.

Needed columns: board, model_raw, score. Others of the tidy schema are optional: task (overall where
missing), organization_raw, license_raw, ci_low, ci_high, n, as_of. Without as_of the date in the file's
name counts (2025-01-16.csv), else the day the file was read. The board's facts travel in the same file, in
optional columns of which the first value a board has counts: title, metric, unit, scale, higher_is_better,
perfect_score, task_family, complete_rows, release, credit. PHOTOFINISH_TIDY names the folder;
`photofinish demo` reads the bundled sample.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import orjson
import polars as pl

from sources.contract import OVERALL, TIDY, Card, SourceChanged, to_tidy
from sources.reading import csv_rows, json_value, number, whole

CARD = Card(
    id="tidy",
    title="Your own boards",
    homepage="docs/sources.md",
    urls=(),
    licence="as the files' owner states",
    credit="as the files state",
    cadence="daily",
    boards=(),
    witnesses=(),
    notes=("The boards are in the files; PHOTOFINISH_TIDY names their folder.",),
)

FACTS = (
    "title",
    "metric",
    "unit",
    "scale",
    "higher_is_better",
    "perfect_score",
    "task_family",
    "complete_rows",
    "release",
    "credit",
)
SCALES = {"elo", "proportion", "points", "seconds", "usd"}
SAMPLE = Path(__file__).parent / "sample"
BOARD = re.compile(r"[a-z0-9][\w.-]*/[\w.-]+")


def files(folder: Path) -> list[str]:
    """The file URLs of a folder's CSV files, in order of name."""
    return [path.resolve().as_uri() for path in sorted(folder.glob("**/*.csv"))]


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload may hold several boards, tasks and dates. Raises SourceChanged."""
    rows = csv_rows(payload, {"board", "model_raw", "score"})
    unknown = set(rows[0]) - set(TIDY) - set(FACTS)
    if unknown:
        raise SourceChanged(f"no such column in the tidy schema: {', '.join(sorted(unknown))}")
    in_name = re.search(r"(\d{4}-\d\d-\d\d)[^/]*$", url)
    dated = _date(in_name.group(1)) if in_name else None
    facts: dict[str, dict[str, object]] = {}
    for row in rows:
        if not BOARD.fullmatch(row["board"]):
            raise SourceChanged(f"a board is named like mine/support, not {row['board']!r}")
        facts[row["board"]] = {**_facts(row), **facts.get(row["board"], {})}
    return to_tidy((_entry(row, dated, facts[row["board"]]) for row in rows), CARD, captured_at)


def _entry(
    row: dict[str, str], dated: dt.date | None, facts: dict[str, object]
) -> dict[str, object]:
    model = row["model_raw"]
    numbers = {c: number(row.get(c), f"{c} of {model!r}") for c in ("score", "ci_low", "ci_high")}
    extra = json_value(row["extra"].encode()) if row.get("extra") else {}
    if not isinstance(extra, dict):
        raise SourceChanged(f"extra of {model!r} is not a JSON object")
    return {
        "board": row["board"],
        "task": row.get("task") or OVERALL,
        "model_raw": model,
        "organization_raw": row.get("organization_raw") or None,
        "license_raw": row.get("license_raw") or None,
        "n": whole(row.get("n"), f"n of {model!r}"),
        "as_of": _date(row["as_of"]) if row.get("as_of") else dated,
        "extra": orjson.dumps({**extra, **facts}).decode(),
        **numbers,
    }


def _facts(row: dict[str, str]) -> dict[str, object]:
    facts: dict[str, object] = {name: row[name] for name in FACTS if row.get(name)}
    if facts.get("scale", "points") not in SCALES:
        raise SourceChanged(f"the scale is one of {', '.join(sorted(SCALES))}: {facts['scale']!r}")
    if "higher_is_better" in facts:
        written = str(facts["higher_is_better"]).lower()
        if written not in ("true", "false"):
            raise SourceChanged(f"higher_is_better is true or false: {written!r}")
        facts["higher_is_better"] = written == "true"
    if "perfect_score" in facts:
        facts["perfect_score"] = number(str(facts["perfect_score"]), "perfect_score")
    if "complete_rows" in facts:
        facts["complete_rows"] = whole(facts["complete_rows"], "complete_rows")
    return facts


def _date(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError as error:
        raise SourceChanged(f"a date is written like 2025-01-16, not {written!r}") from error
