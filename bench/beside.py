"""What photofinish is held against: the peers and the floors, each on the cached archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from bench.generate import cached


def read(size: str, data: Path, work: Path) -> dict[str, float]:
    """Reading the stored bytes."""
    from bench.peers import floors

    return {"seconds": floors.read(cached(size, data))}


def unzip(size: str, data: Path, work: Path) -> dict[str, float]:
    """Unzipping them."""
    from bench.peers import floors

    return {"seconds": floors.unzip(cached(size, data))}


def parse(size: str, data: Path, work: Path) -> dict[str, float]:
    """orjson over the unzipped bytes."""
    from bench.peers import floors

    return {"seconds": floors.parse(cached(size, data))}


def insert(size: str, data: Path, work: Path) -> dict[str, float]:
    """Inserting the entries, ready as an Arrow table, into a new DuckDB file."""
    from bench.peers import floors
    from bench.reading import entries

    return {"seconds": floors.insert(entries(size, data), work)}


def pandas_script(size: str, data: Path, work: Path) -> dict[str, float]:
    """The pandas script."""
    from bench.peers import pandas_script

    return _timed(pandas_script.run, cached(size, data), work)


def plain_sql(size: str, data: Path, work: Path) -> dict[str, float]:
    """DuckDB over the JSON."""
    from bench.peers import plain_sql

    return _timed(plain_sql.run, cached(size, data), work)


def dlt_objects(size: str, data: Path, work: Path) -> dict[str, float]:
    """dlt, given objects."""
    from bench.peers import dlt_peer

    return _timed(dlt_peer.run, cached(size, data), work)


def dlt_arrow(size: str, data: Path, work: Path) -> dict[str, float]:
    """dlt, given Arrow tables."""
    from bench.peers import dlt_peer

    return _timed(dlt_peer.run_arrow, cached(size, data), work)


def _timed(run: Callable[[Path, Path], None], home: Path, out: Path) -> dict[str, float]:
    started = perf_counter()
    run(home, out)
    return {"seconds": perf_counter() - started}
