"""Loading: raw.* is brought up to the journal, parsed.* up to the payloads that the journal names.

What is done is marked in the transaction that does it, so a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl
from polars._typing import PolarsDataType

from warehouse.archive import Archive, Fetch, journal_lines, utc
from warehouse.parsed import DAMAGED, NAMES, Due, Key, Parser
from warehouse.transaction import changed, insert, transaction
from warehouse.workers import Tables, read_batches

FETCH: dict[str, PolarsDataType] = {
    "fetch_id": pl.String,
    "run_id": pl.String,
    "source": pl.String,
    "url": pl.String,
    "captured_at": pl.Datetime("us", "UTC"),
    "http_status": pl.Int32,
    "outcome": pl.String,
    "payload_sha256": pl.String,
    "bytes": pl.Int64,
    "elapsed_ms": pl.Int64,
    "error": pl.String,
}
BY_KEY = ("parsed.payloads", "parsed.states", "parsed.prices", "parsed.items")
BATCH_PAYLOADS = 1024
BATCH_BYTES = 48_000_000
"""Limits of a transaction: enough rows to fill a row group, few enough to hold in memory."""


def load(
    db: duckdb.DuckDBPyConnection,
    archive: Archive,
    parsers: Mapping[str, Parser],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Bring raw.* and parsed.* up to the journal; returns the number of payloads parsed.

    Payloads read by an older version of their parser are read again. Every batch is one transaction, so
    a run cut off in the middle goes on where it stopped. A source without a parser keeps its raw rows.
    A payload that the archive cannot give back is passed over and told in raw.damaged; what was read of
    it before stays.
    """
    take_over_journal(db, archive)
    batches, again = _due(db, parsers)
    if again:
        # What was quarantined may be read by a newer parser: take the journal's word again.
        take_over_journal(db, archive, anew=True)
    total, done = sum(map(len, batches)), 0
    damaged: list[tuple[str, ...]] = []
    for batch, made in read_batches(archive, parsers, batches):
        lost = made.pop("raw.damaged").rows() if "raw.damaged" in made else []
        damaged += lost
        with transaction(db):
            _forget(db, [key for key, _ in batch if (*key,) not in {row[:3] for row in lost}])
            _keep(db, made)
        done += len(batch)
        progress(done, total)
    with transaction(db):
        _settle_outcomes(db)
        _tell_damaged(db, damaged)
    return total - len(damaged)


def _tell_damaged(db: duckdb.DuckDBPyConnection, damaged: list[tuple[str, ...]]) -> None:
    if sorted(damaged) != sorted(db.execute("from raw.damaged").fetchall()):
        db.execute("delete from raw.damaged")
        insert(db, "raw.damaged", pl.DataFrame(damaged, schema=DAMAGED, orient="row"))
        changed(db, "raw.damaged")


@dataclass(frozen=True)
class _File:
    """A file of the journal: its name, how much of it is whole lines, and a hash of that."""

    name: str
    bytes: int
    sha256: str


def take_over_journal(db: duckdb.DuckDBPyConnection, archive: Archive, anew: bool = False) -> None:
    """Add to raw.fetches and raw.payloads what the journal has beyond what was taken over before.

    A file of which a part that was taken over has changed or gone is a rewritten journal: all is taken
    `anew`.
    """
    marks = {} if anew else _marks(db)
    files, fetches = [], []
    for path in sorted(archive.journal.glob("*.ndjson")):
        content = path.read_bytes()
        mark = marks.pop(path.name, None)
        begun = mark.bytes if mark else 0
        if mark and hashlib.sha256(content[:begun]).hexdigest() != mark.sha256:
            return take_over_journal(db, archive, anew=True)
        if begun == len(content):
            continue
        fetches += [fetch for _, fetch in journal_lines(content[begun:], path.name) if fetch]
        whole = content.rfind(b"\n") + 1
        files.append(_File(path.name, whole, hashlib.sha256(content[:whole]).hexdigest()))
    if marks:
        return take_over_journal(db, archive, anew=True)
    if files or anew:
        with transaction(db):
            if anew:
                for table in ("parsed.journal", "raw.fetches", "raw.payloads"):
                    db.execute(f"delete from {table}")
            _insert_fetches(db, fetches)
            changed(db, "raw.fetches", "raw.payloads")
            for file in files:
                db.execute("delete from parsed.journal where file = ?", [file.name])
                values = [file.name, file.bytes, file.sha256]
                db.execute("insert into parsed.journal values (?, ?, ?)", values)
    return None


def _marks(db: duckdb.DuckDBPyConnection) -> dict[str, _File]:
    rows = db.execute("select file, bytes, sha256 from parsed.journal").fetchall()
    return {name: _File(name, length, sha256) for name, length, sha256 in rows}


def _insert_fetches(db: duckdb.DuckDBPyConnection, fetches: list[Fetch]) -> None:
    told = {fetch.fetch_id: fetch for fetch in fetches}
    # Only a last line without its end is read twice.
    known = db.execute(
        "select fetch_id from raw.fetches where fetch_id in (select unnest($ids))",
        {"ids": list(told)},
    )
    for (fetch_id,) in known.fetchall():
        del told[fetch_id]
    if not told:
        return
    columns = {name: [getattr(fetch, name) for fetch in told.values()] for name in FETCH}
    rows = pl.DataFrame(columns, schema=FETCH)
    insert(db, "raw.fetches", rows.with_columns(pl.col("captured_at").dt.replace_time_zone(None)))
    payloads = {f.payload_sha256 for f in told.values() if f.payload_sha256}
    db.execute(
        "delete from raw.payloads where sha256 in (select unnest($payloads))",
        {"payloads": list(payloads)},
    )
    db.execute(
        """
        insert into raw.payloads
        select payload_sha256, arg_min(source, (captured_at, url)), arg_min(url, (captured_at, url)),
            min(captured_at), max(bytes) filter (where outcome <> 'not_modified')
        from raw.fetches
        where payload_sha256 in (select unnest($payloads))
        group by payload_sha256
        """,
        {"payloads": list(payloads)},
    )


def _due(
    db: duckdb.DuckDBPyConnection, parsers: Mapping[str, Parser]
) -> tuple[list[list[Due]], bool]:
    """The payloads that the current parsers have not read, in batches, first seen first; and whether
    one of them was refused before."""
    versions = {
        "source": list(parsers),
        "parser": [parser.version for parser in parsers.values()],
    }
    db.register(
        "parsers", pl.DataFrame(versions, schema_overrides={"parser": pl.String}).to_arrow()
    )
    rows = db.execute(
        """
        select payload_sha256, source, url, min(captured_at) as first_seen, max(bytes),
            bool_or(outcome = 'quarantined')
        from raw.fetches
        join parsers using (source)
        where payload_sha256 is not null and not exists (
            from parsed.payloads as read
            where read.sha256 = payload_sha256 and read.source = fetches.source
                and read.url = fetches.url and read.parser = parsers.parser
        )
        group by payload_sha256, source, url
        order by first_seen, url, payload_sha256
        """
    ).fetchall()
    db.unregister("parsers")
    sized = [((Key(*row[:3]), utc(row[3])), row[4] or 0) for row in rows]
    return list(_batched(sized)), any(row[5] for row in rows)


def _batched(sized: list[tuple[Due, int]]) -> Iterator[list[Due]]:
    batch: list[Due] = []
    weight = 0
    for due, length in sized:
        if batch and (len(batch) == BATCH_PAYLOADS or weight + length > BATCH_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append(due)
        weight += length
    if batch:
        yield batch


def _forget(db: duckdb.DuckDBPyConnection, keys: list[Key]) -> None:
    """Take away what older versions of the parsers made of these payloads."""
    db.register("batch_keys", pl.DataFrame(keys, schema=list(Key._fields), orient="row").to_arrow())
    known = "(sha256, source, url) in (select (sha256, source, url) from batch_keys)"
    # What is to be tried again is forgotten as a payload, and stays in quarantine until then.
    if db.execute(
        f"select 1 from parsed.payloads where {known} "
        f"union all select 1 from raw.quarantine where {known} limit 1"
    ).fetchall():
        db.execute(
            f"delete from parsed.rows where reading in (select reading from parsed.states where {known})"
        )
        # A name that nobody uses any more would be one that a rebuild does not find.
        db.execute("delete from parsed.names where name not in (select name from parsed.rows)")
        for table in (*BY_KEY, "raw.quarantine"):
            db.execute(f"delete from {table} where {known}")
        changed(db, "parsed.names", "parsed.rows", *BY_KEY, "raw.quarantine")
    db.unregister("batch_keys")


def _keep(db: duckdb.DuckDBPyConnection, made: Tables) -> None:
    if "parsed.states" in made:
        made = made | _globally_numbered(db, made)
    for table, rows in made.items():
        insert(db, table, rows)
    changed(db, *made)


def _globally_numbered(db: duckdb.DuckDBPyConnection, made: Tables) -> Tables:
    """The tables of a batch with numbers that hold for the whole database; of its names, the new ones."""
    first = db.execute("select coalesce(max(reading) + 1, 0) from parsed.states").fetchall()[0][0]
    known = db.execute("select name as number, * exclude (name) from parsed.names").pl()
    names = made["parsed.names"].join(known, on=NAMES, how="left", nulls_equal=True).sort("name")
    added = names["number"].is_null()
    last = known["number"].max() if len(known) else -1
    numbers = names["number"].fill_null(added.cast(pl.Int64).cum_sum() + last)
    numbered = names.with_columns(name=numbers)
    rows = made["parsed.rows"]
    return {
        "parsed.states": made["parsed.states"].with_columns(pl.col("reading") + first),
        "parsed.names": numbered.filter(added).select("name", *NAMES),
        "parsed.rows": rows.with_columns(
            pl.col("reading") + first, name=numbers.gather(rows["name"])
        ),
    }


def _settle_outcomes(db: duckdb.DuckDBPyConnection) -> None:
    """Say of each fetched payload that its parser refused: quarantined."""
    settled = db.execute(
        """
        update raw.fetches
        set outcome = 'quarantined'
        where outcome in ('new', 'unchanged')
            and (payload_sha256, source, url) in (select (sha256, source, url) from raw.quarantine)
        """
    ).fetchall()
    if settled[0][0]:
        changed(db, "raw.fetches")
