"""What nobody can go below: reading the bytes, parsing them once, inserting rows that are ready."""

from __future__ import annotations

import zlib
from pathlib import Path
from time import perf_counter

import duckdb
import orjson
import pyarrow as pa

from bench.peers.changes import changes


def read(home: Path) -> float:
    """Seconds to read every payload as it is stored."""
    paths = [change.path for change in changes(home)]
    started = perf_counter()
    for path in paths:
        path.read_bytes()
    return perf_counter() - started


def unzip(home: Path) -> float:
    """Seconds to unzip every payload, once it is read."""
    stored = [change.path.read_bytes() for change in changes(home)]
    started = perf_counter()
    for one in stored:
        zlib.decompress(one, wbits=31)
    return perf_counter() - started


def parse(home: Path) -> float:
    """Seconds of orjson over every payload, unzipped, one after the other."""
    total = 0.0
    for change in changes(home):
        payload = change.read()
        started = perf_counter()
        orjson.loads(payload)
        total += perf_counter() - started
    return total


def insert(rows: pa.Table, out: Path) -> float:
    """Seconds to insert an Arrow table that is ready into a new DuckDB file."""
    with duckdb.connect(str(out / "floor.duckdb")) as db:
        db.execute("set preserve_insertion_order = false")
        started = perf_counter()
        db.register("rows", rows)
        db.execute("create table entries as from rows")
        db.execute("checkpoint")
        return perf_counter() - started
