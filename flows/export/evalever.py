"""The latest results as Every Eval Ever records: a shared schema for results of AI evaluations.

One record per board and model, one result in it per task, in the layout of that collection:
data/<board>/<developer>/<model>/<uuid>.json. The schema is version 0.3.0 of the package every-eval-ever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import duckdb

from flows.export.formats import plain
from warehouse.archive import utc
from warehouse.latest_results import latest_results

SCHEMA_VERSION = "0.3.0"
UNATTRIBUTED = "unattributed"
"""The folder of models whose maker no source states."""

Row = Mapping[str, Any]


def records(
    db: duckdb.DuckDBPyConnection, without: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The path and the content of each record, by board and model. The same tables give the same records."""
    rows = latest_results(db, without).iter_rows(named=True)
    for _, of_model in groupby(rows, key=lambda row: (row["board"], row["model"])):
        yield record(list(of_model))


def record(rows: Sequence[Row]) -> tuple[str, dict[str, Any]]:
    """The path and the content of the record of one board and model, from the rows of its tasks."""
    first = rows[0]
    developer = _slug(first["organization"]) if first["organization"] else None
    model_id = f"{developer}/{_safe(first['model'])}" if developer else _safe(first["model"])
    captured = str(int(utc(first["captured_at"]).timestamp()))
    collection = _safe(first["board"])
    told = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{collection}/{model_id.replace('/', '_')}/{captured}",
        "evaluation_timestamp": plain(first["as_of"]),
        "retrieved_timestamp": captured,
        "source_metadata": _source(first),
        "eval_library": {"name": "unknown", "version": "unknown"},
        "model_info": _model(first, model_id),
        "evaluation_results": [_result(row) for row in rows],
    }
    name = _uuid(f"{first['board']}\n{first['model']}\n{first['snapshot_id']}")
    return (
        f"data/{collection}/{developer or UNATTRIBUTED}/{_safe(first['model'])}/{name}.json",
        told,
    )


def bounds(row: Row) -> tuple[float | str, float | str]:
    """The least and the greatest score there can be, as far as unit and scale tell; else -Infinity, Infinity.

    A share is within 0 and 1, or 0 and 100 where its unit is %; times and prices begin at 0; of points
    only the perfect score is known, and the other end is open. An error rate of words may be above 100%,
    so a % that is no proportion and better when lower has no upper end.
    """
    share = row["scale"] == "proportion"
    if share or (row["unit"] == "%" and row["higher_is_better"]):
        return 0, 100 if row["unit"] == "%" else 1
    if row["unit"] == "%" or row["scale"] in ("seconds", "usd"):
        return 0, "Infinity"
    perfect = row["perfect_score"]
    if perfect is None:
        return "-Infinity", "Infinity"
    return ("-Infinity", perfect) if row["higher_is_better"] else (perfect, "Infinity")


def uncertainty(row: Row) -> dict[str, Any] | None:
    """The published 95% interval, the standard error and how we have it, the sample size; None if none is."""
    published = row["ci_low"] is not None and row["ci_high"] is not None
    told: dict[str, Any] = {}
    if row["sd"] is not None:
        method = "width of the published 95% interval / 3.92" if published else "binomial"
        told["standard_error"] = {"value": row["sd"], "method": method}
    if published:
        told["confidence_interval"] = {
            "lower": row["ci_low"],
            "upper": row["ci_high"],
            "confidence_level": 0.95,
            "method": "as published",
        }
    if row["n"] is not None:
        told["num_samples"] = row["n"]
    return told or None


def relationship(row: Row) -> str:
    """first_party where the publisher's credit names the model's maker; other where nothing is stated."""
    credit, maker = row["credit"], row["organization"]
    if not credit or not maker:
        return "third_party" if credit else "other"
    named = re.search(rf"(?<!\w){re.escape(maker)}(?!\w)", credit, re.IGNORECASE)
    return "first_party" if named else "third_party"


def _source(row: Row) -> dict[str, Any]:
    told = {
        "source_name": row["title"],
        "source_type": "documentation",
        "source_organization_name": row["credit"] or row["source"],
        "source_organization_url": row["homepage"],
        "evaluator_relationship": relationship(row),
        "additional_details": _details(
            row,
            ("board", "snapshot_id", "as_of", "evaluation_date", "licence", "payload_sha256"),
        ),
    }
    return {key: value for key, value in told.items() if value is not None}


def _model(row: Row, model_id: str) -> dict[str, Any]:
    known = {True: "open_weights", False: "closed_weights", None: "unknown"}
    told = {
        "name": row["model_raw"],
        "id": model_id,
        "developer": row["organization"],
        "additional_details": {
            "deployment_type": "unknown",
            "model_availability": known[row["open_weights"]],
        },
    }
    return {key: value for key, value in told.items() if value is not None}


def _result(row: Row) -> dict[str, Any]:
    low, high = bounds(row)
    score = {
        "score": row["score"],
        "details": _details(row, ("rank", "position")),
        "uncertainty": uncertainty(row),
    }
    return {
        "evaluation_result_id": f"{row['snapshot_id']}/{row['task']}",
        "evaluation_name": row["title"]
        if row["task"] == "overall"
        else f"{row['title']}: {row['task']}",
        "source_data": _data(row),
        "evaluation_timestamp": plain(row["as_of"]),
        "metric_config": {
            "evaluation_description": f"{row['metric']} ({row['scoring_method'] or 'no method stated'})",
            "metric_id": f"{row['board'].replace('/', '.')}.{row['task']}",
            "metric_name": row["metric"],
            "metric_unit": {"%": "percent", "fraction": "proportion"}.get(row["unit"], row["unit"]),
            "lower_is_better": not row["higher_is_better"],
            "score_type": "continuous",
            "min_score": low,
            "max_score": high,
        },
        "score_details": {key: value for key, value in score.items() if value is not None},
    }


def _data(row: Row) -> dict[str, Any]:
    """Where the scores were published: a file on the web, or one of the user's own."""
    if row["url"].startswith("https://"):
        return {"dataset_name": row["title"], "source_type": "url", "url": [row["url"]]}
    return {"dataset_name": row["title"], "source_type": "other"}


def _details(row: Row, names: Sequence[str]) -> dict[str, str]:
    return {name: str(plain(row[name])) for name in names if row[name] is not None}


def _slug(name: str) -> str:
    return re.sub(r"\s+", "-", _safe(name).lower())


def _safe(name: str) -> str:
    """A name that is one part of a path on every system."""
    safe = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip().rstrip(".")
    return safe if safe.strip(".") else f"_{safe}"


def _uuid(name: str) -> UUID:
    """A UUID made of the name, in the form of version 4, which the collection asks of its file names."""
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4)
