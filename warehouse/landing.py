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

from warehouse.archive import Archive, Fetch
from warehouse.database import RAW_TABLES, Parser, connect, load
from warehouse.lake import attach
from warehouse.lake_lock import FOREVER, LakeBusy, holding, write
from warehouse.place import Lake

TABLES = [name for name in RAW_TABLES if name.startswith("parsed.")] + ["raw.quarantine"]
"""What is shared. The rest of raw.* follows from the journal, which is shared already."""

UNIT = 2048
"""Payloads that land in one transaction: what a run that is cut off has to read again at most."""

Key = tuple[str, str, str]
Progress = Callable[[int, int], None]


class _Some(Archive):
    """An archive of whose journal only some lines are there, copied to a folder of their own."""

    def __init__(self, whole: Archive, fetches: Sequence[Fetch], journal: Path) -> None:
        super().__init__(whole.root)
        self.journal = journal
        self.append(fetches)


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
    parsers = {journal[0].source: parser}
    # Another worker may have been here since the work was laid out.
    keys = sorted(_due(db, journal, parsers).get(journal[0].source, ()))
    for start in range(0, len(keys), UNIT):
        unit = set(keys[start : start + UNIT])
        for table in RAW_TABLES:
            db.execute(f"delete from {table}")
        with TemporaryDirectory(prefix="photofinish-") as folder:
            some = _Some(archive, [f for f in journal if _key(f) in unit], Path(folder))
            load(db, some, parsers)
        write(db, lake, "landing", partial(_move, db))
        yield len(unit)


def _move(db: duckdb.DuckDBPyConnection) -> None:
    """Put what the scratch database has read in the place of what the landing has of it."""
    db.execute(
        "create or replace temp table moved as select sha256, source, url from parsed.payloads"
    )
    _forget(db, "landing.", "moved")
    taken = (
        "select coalesce(max(reading) + 1, 0) from landing.parsed.states join moved using (source)"
    )
    first = db.execute(taken).fetchall()[0][0] if _numbered("parsed.states") else 0
    for table in TABLES:
        if db.execute(f"select 1 from {table} limit 1").fetchall():
            own = f"* replace (reading + {first} as reading)" if _numbered(table) else "*"
            db.execute(f"insert into landing.{table} by name select {own} from {table}")


def _numbered(table: str) -> bool:
    """Whether its rows belong to a reading by number: one that counts within a source in the landing."""
    return "reading bigint" in RAW_TABLES[table]


def _forget(db: duckdb.DuckDBPyConnection, catalog: str, keys: str) -> None:
    """Take out what is there of the payloads in the table `keys`."""
    known = f"(sha256, source, url) in (select (sha256, source, url) from {keys})"
    there = f"select 1 from {catalog}parsed.payloads where {known} limit 1"
    if not db.execute(there).fetchall():
        return
    by_number = (
        f"(source, reading) in (select (source, reading) from {catalog}parsed.states where {known})"
    )
    # Rows that are known by number go before the table that says whose the numbers are.
    for table in sorted(TABLES, key=lambda name: "sha256" in RAW_TABLES[name]):
        own = known if "sha256" in RAW_TABLES[table] else by_number
        db.execute(f"delete from {catalog}{table} where {own}")


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
        _forget(db, "", "missing")
        _number(db)
        for table in TABLES:
            new = f"landing.{table} semi join missing using (sha256, source, url)"
            if _numbered(table):
                new = f"landing.{table} join numbers using (source, reading)"
            own = "* exclude (own) replace (own as reading)" if _numbered(table) else "*"
            db.execute(f"insert into {table} by name select {own} from {new}")
        db.execute("commit")
    return missing


def _number(db: duckdb.DuckDBPyConnection) -> None:
    """The numbers that the readings of the landing get here, as the table numbers(source, reading, own)."""
    if _numbered("parsed.states"):
        db.execute(
            """
            create or replace temp table numbers as
            select
                source,
                reading,
                row_number() over () + (select coalesce(max(reading), -1) from parsed.states) as own
            from landing.parsed.states
            semi join missing using (sha256, source, url)
            """
        )


def clear(lake: Lake) -> None:
    """Forget what was landed, so that every payload is read again."""
    with duckdb.connect() as db:
        attach(db, lake, "landing", write=True)
        _make_tables(db, lake)
        write(db, lake, "landing", partial(_empty, db))


def _empty(db: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        db.execute(f"delete from landing.{table}")
