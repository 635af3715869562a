"""dlt into DuckDB, then the same SQL as plain_sql.py.

`run` yields the objects as they are parsed, the ordinary way. `run_arrow` yields an Arrow table per payload,
which dlt copies without looking at each value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from bench.peers.changes import Change, changes
from bench.peers.plain_sql import METRICS

QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
}


def run(home: Path, out: Path) -> None:
    """Load the archive in `home` as objects into `out`/dlt.duckdb and make the tables of metrics.sql."""
    _load(home, out, _objects)


def run_arrow(home: Path, out: Path) -> None:
    """The same as Arrow tables."""
    _load(home, out, _table)


def _objects(change: Change) -> list[dict[str, Any]]:
    stated = {"board": change.board, "as_of": change.day}
    return [{**row, **stated} for row in orjson.loads(change.read())]


def _table(change: Change) -> pa.Table:
    return pa.Table.from_pylist(_objects(change))


def _load(home: Path, out: Path, shape: Callable[[Change], Any]) -> None:
    os.environ.update(QUIET)
    import dlt
    import duckdb

    def listings() -> Iterator[Any]:
        for change in changes(home):
            yield shape(change)

    database = out / "dlt.duckdb"
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(out / "pipelines"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="public",
    )
    pipeline.run(dlt.resource(listings, name="listings"), write_disposition="replace")
    with duckdb.connect(str(database)) as db:
        db.execute("set search_path = 'public'")
        db.execute(METRICS.read_text(encoding="utf-8"))
