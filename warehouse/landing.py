"""Landing on a lake: what the parsers made of each payload, written by several workers at once.

Each worker reads into a scratch database of its own with the same `load` as ever, and then moves the rows
of one source to the lake in one transaction. A lock per source sees to it that no payload lands twice;
a source that another worker is reading is left to it, so any number of workers share the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from warehouse.archive import Archive, Fetch
from warehouse.database import RAW_TABLES, Parser, connect, load
from warehouse.lake import Lake, attach
from warehouse.lake_lock import FOREVER, LakeBusy, holding, write

TABLES = [name for name in RAW_TABLES if name.startswith("parsed.")] + ["raw.quarantine"]
"""What is shared. The rest of raw.* follows from the journal, which is shared already."""

UNIT = 512
"""Payloads that land in one transaction: what a run that is cut off has to read again at most."""

Key = tuple[str, str, str]
Progress = Callable[[int, int], None]


class _Some(Archive):
    """An archive of which only some of the journal's lines are looked at."""

    def __init__(self, whole: Archive, fetches: Sequence[Fetch]) -> None:
        super().__init__(whole.root)
        self._fetches = fetches

    def fetches(self) -> Iterator[Fetch]:
        return iter(self._fetches)


def land(
    lake: Lake,
    archive: Archive,
    parsers: Mapping[str, Parser],
    progress: Progress = lambda done, total: None,
) -> int:
    """Bring the landing up to the journal for the sources that have a parser here.

    Returns the number of payloads this worker has read. Raises LakeUnreachable, ScaleMissing.
    """
    with (
        TemporaryDirectory(prefix="photofinish-") as folder,
        closing(connect(Path(folder) / "scratch.duckdb")) as db,
    ):
        attach(db, lake, "landing", write=True)
        _make_tables(db, lake)
        journal = [f for f in archive.fetches() if f.payload_sha256 and f.source in parsers]
        due = _due(db, journal, parsers)
        total, read = sum(map(len, due.values())), 0
        # First what no other worker is at, then, waiting for them, the rest.
        turns = [(source, 0.0) for source in due] + [(source, FOREVER) for source in due]
        finished: set[str] = set()
        for source, wait in turns:
            if source in finished:
                continue
            own = [fetch for fetch in journal if fetch.source == source]
            try:
                with holding(db, lake, f"source-{source}", wait):
                    for done in _land_source(db, lake, archive, parsers[source], own):
                        read += done
                        progress(min(read, total), total)
            except LakeBusy:
                continue
            finished.add(source)
        progress(total, total)
    return read


def _make_tables(db: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    there = "select count(*) from duckdb_tables() where database_name = 'landing'"
    with holding(db, lake, "tables", FOREVER):
        if db.execute(there).fetchall()[0][0] < len(TABLES):
            write(db, lake, "landing", partial(_create, db))


def _create(db: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        db.execute(f"create schema if not exists landing.{table.split('.')[0]}")
        db.execute(f"create table if not exists landing.{table} ({RAW_TABLES[table]})")


def _due(
    db: duckdb.DuckDBPyConnection, journal: Sequence[Fetch], parsers: Mapping[str, Parser]
) -> dict[str, set[Key]]:
    """Per source the payloads that its current parser has not landed."""
    rows = db.execute("select sha256, source, url, parser from landing.parsed.payloads").fetchall()
    read = {(sha256, source, url): parser for sha256, source, url, parser in rows}
    due: dict[str, set[Key]] = {}
    for fetch in journal:
        if read.get(_key(fetch)) != parsers[fetch.source].version:
            due.setdefault(fetch.source, set()).add(_key(fetch))
    return due


def _key(fetch: Fetch) -> Key:
    return fetch.payload_sha256 or "", fetch.source, fetch.url


def _land_source(
    db: duckdb.DuckDBPyConnection,
    lake: Lake,
    archive: Archive,
    parser: Parser,
    journal: Sequence[Fetch],
) -> Iterator[int]:
    """Read what is due of one source, unit by unit; yields how many payloads each was."""
    if not journal:
        return
    parsers = {journal[0].source: parser}
    # Another worker may have been here since the work was laid out.
    keys = sorted(*_due(db, journal, parsers).values() or [()])
    for start in range(0, len(keys), UNIT):
        unit = set(keys[start : start + UNIT])
        _empty(db)
        load(db, _Some(archive, [f for f in journal if _key(f) in unit]), parsers)
        write(db, lake, "landing", partial(_move, db, unit))
        yield len(unit)


def _empty(db: duckdb.DuckDBPyConnection) -> None:
    for table in RAW_TABLES:
        db.execute(f"delete from {table}")


def _move(db: duckdb.DuckDBPyConnection, keys: set[Key]) -> None:
    frame = pl.DataFrame(sorted(keys), schema=["sha256", "source", "url"], orient="row")
    db.register("moved", frame.to_arrow())
    again = db.execute(
        "select count(*) from landing.parsed.payloads semi join moved using (sha256, source, url)"
    ).fetchall()[0][0]
    for table in TABLES:
        if again:
            db.execute(
                f"delete from landing.{table} where (sha256, source, url) in "
                "(select (sha256, source, url) from moved)"
            )
        if db.execute(f"select count(*) from {table}").fetchall()[0][0]:
            order = "order by all" if table == "parsed.payloads" else ""
            db.execute(f"insert into landing.{table} by name select * from {table} {order}")
    db.unregister("moved")


def fetch_landed(db: duckdb.DuckDBPyConnection, lake: Lake) -> int:
    """Bring parsed.* of a build database up to the landing. Returns how many payloads were not there.

    What follows is the `load` of the journal, which finds them read already.
    """
    attach(db, lake, "landing", write=True)
    try:
        _make_tables(db, lake)
        return _fetch(db)
    finally:
        db.execute("detach landing")


def _fetch(db: duckdb.DuckDBPyConnection) -> int:
    db.execute(
        """
        create or replace temp table missing as
        select sha256, source, url
        from (
            select sha256, source, url, parser from landing.parsed.payloads
            except
            select sha256, source, url, parser from parsed.payloads
        )
        """
    )
    missing: int = db.execute("select count(*) from missing").fetchall()[0][0]
    if missing:
        db.execute("begin")
        for table in TABLES:
            db.execute(
                f"delete from {table} where (sha256, source, url) in "
                "(select (sha256, source, url) from missing)"
            )
            db.execute(
                f"insert into {table} by name "
                f"select * from landing.{table} semi join missing using (sha256, source, url)"
            )
        db.execute("commit")
    db.execute("drop table missing")
    return missing


def clear(lake: Lake) -> None:
    """Forget what was landed, so that every payload is read again."""
    with duckdb.connect() as db:
        attach(db, lake, "landing", write=True)
        _make_tables(db, lake)
        write(db, lake, "landing", partial(_forget, db))


def _forget(db: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        db.execute(f"delete from landing.{table}")
