"""Landing on a lake: what the parsers made of each payload, written by several workers at once.

Reading payloads is what costs most, and what can be shared. A worker reads what is due of one source and
writes it in one transaction; a lock per source sees to it that no payload lands twice, and a source that
another worker is reading is left to it, so any number of workers share the work without a plan.

Whoever makes the tables runs `load` on a build database as ever, with parsers that look up what has landed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import duckdb
import polars as pl

from warehouse.archive import Archive, Fetch, fingerprint
from warehouse.database import Parsed, Parser, Refused
from warehouse.lake import attach
from warehouse.lake_lock import FOREVER, LakeBusy, holding, write
from warehouse.place import Lake
from warehouse.transaction import insert

KEY = ("sha256", "source", "url")
TABLES = {
    "payloads": "parser varchar, kind varchar, reason varchar, detail varchar",
    "rows": """
        line bigint, board varchar, task varchar, model_raw varchar, organization_raw varchar,
        license_raw varchar, score double, ci_low double, ci_high double, n bigint, as_of date,
        extra varchar""",
    "prices": """
        line bigint, provider varchar, model_raw varchar, as_of date, input_usd_per_mtok double,
        output_usd_per_mtok double, context_tokens bigint, max_output_tokens bigint, tool_use boolean,
        open_weights boolean, extra varchar""",
    "items": """
        line bigint, board varchar, task varchar, model_raw varchar, case_id varchar, score double,
        as_of date, refused boolean, latency_ms double, review_minutes double, prompt varchar,
        expected varchar, output varchar""",
}
"""The tables landing.parsed.*, beside the columns of KEY. `line` is the place of a row in its payload."""

UNIT = 1024
"""Payloads that land in one transaction: what a worker that is cut off has to read again at most."""

Key = tuple[str, str, str]
Due = dict[Key, datetime]
"""Payloads to read, each with the time it was first seen."""

Progress = Callable[[int, int], None]
Frames = dict[str, list[pl.DataFrame]]


def land(
    lake: Lake,
    archive: Archive,
    parsers: Mapping[str, Parser],
    progress: Progress = lambda done, total: None,
) -> int:
    """Bring the landing up to the journal for the sources that have a parser here.

    Returns the number of payloads this worker has read. Raises LakeUnreachable, ScaleMissing.
    """
    with _landing(lake) as db:
        journal = [f for f in archive.fetches() if f.payload_sha256 and f.source in parsers]
        due = _due(db, journal, parsers)
        total, read, finished = sum(map(len, due.values())), 0, set[str]()
        # First what no other worker is at, then, waiting for them, the rest.
        for source, wait in [(s, 0.0) for s in due] + [(s, FOREVER) for s in due]:
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


@contextmanager
def _landing(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        attach(db, lake, "landing", write=True)
        there = "select count(*) from duckdb_tables() where database_name = 'landing'"
        with holding(db, lake, "tables", FOREVER):
            if db.execute(there).fetchall()[0][0] < len(TABLES):
                write(db, lake, "landing", partial(_create, db))
        yield db


def _create(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("create schema if not exists landing.parsed")
    key = ", ".join(f"{name} varchar" for name in KEY)
    for table, columns in TABLES.items():
        db.execute(f"create table if not exists landing.parsed.{table} ({key}, {columns})")


def _due(
    db: duckdb.DuckDBPyConnection, journal: Sequence[Fetch], parsers: Mapping[str, Parser]
) -> dict[str, Due]:
    """Per source the payloads that its current parser has not landed, those first seen first."""
    rows = db.execute("select sha256, source, url, parser from landing.parsed.payloads").fetchall()
    read = {(sha256, source, url): parser for sha256, source, url, parser in rows}
    due: dict[str, Due] = {}
    for fetch in sorted(journal, key=lambda fetch: (fetch.captured_at, fetch.url)):
        key = (fetch.payload_sha256 or "", fetch.source, fetch.url)
        if read.get(key) != parsers[fetch.source].version:
            due.setdefault(fetch.source, {}).setdefault(key, fetch.captured_at)
    return due


def _land_source(
    db: duckdb.DuckDBPyConnection,
    lake: Lake,
    archive: Archive,
    parser: Parser,
    journal: Sequence[Fetch],
) -> Iterator[int]:
    """Read what is due of one source, unit by unit; yields how many payloads each was."""
    source = journal[0].source
    # Another worker may have been here since the work was laid out.
    due = list(_due(db, journal, {source: parser}).get(source, {}).items())
    for start in range(0, len(due), UNIT):
        unit = due[start : start + UNIT]
        frames: Frames = {table: [] for table in TABLES}
        for key, captured_at in unit:
            result = parser.read(archive.read(key[0]), captured_at, key[2])
            for table, frame in _frames(parser.version, result).items():
                marks = (pl.lit(value).alias(name) for name, value in zip(KEY, key, strict=True))
                frames[table].append(frame.with_columns(*marks))
        write(db, lake, "landing", partial(_keep, db, frames))
        yield len(unit)


def _frames(version: str, result: Parsed | Refused) -> dict[str, pl.DataFrame]:
    """What a result adds to the tables, but for its key."""
    if isinstance(result, Refused):
        told = {"kind": "refused", "reason": result.reason, "detail": result.detail}
        return {"payloads": pl.DataFrame({"parser": version, **told})}
    kind = "prices" if "provider" in result.rows.columns else "rows"
    made = {
        "payloads": pl.DataFrame({"parser": version, "kind": kind}),
        kind: result.rows.with_row_index("line"),
    }
    if result.items is not None:
        made["items"] = result.items.with_row_index("line")
    return made


def _keep(db: duckdb.DuckDBPyConnection, frames: Frames) -> None:
    """Put the rows in the place of what older parsers made of the same payloads."""
    made = {table: pl.concat(parts, how="diagonal") for table, parts in frames.items() if parts}
    db.register("keys", made["payloads"].select(KEY).to_arrow())
    known = "(sha256, source, url) in (select (sha256, source, url) from keys)"
    if db.execute(f"select 1 from landing.parsed.payloads where {known} limit 1").fetchall():
        for table in TABLES:
            db.execute(f"delete from landing.parsed.{table} where {known}")
    db.unregister("keys")
    for table, rows in made.items():
        insert(db, f"landing.parsed.{table}", rows)


def clear(lake: Lake) -> None:
    """Forget what was landed, so that every payload is read again."""
    with _landing(lake) as db:
        write(db, lake, "landing", partial(_empty, db))


def _empty(db: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        db.execute(f"delete from landing.parsed.{table}")


@contextmanager
def landed(lake: Lake, parsers: Mapping[str, Parser]) -> Iterator[dict[str, Parser]]:
    """Parsers that look up what has landed, and read only what has not."""
    with _landing(lake) as db:
        yield {
            source: Parser(parser.version, _Landed(db, source, parser))
            for source, parser in parsers.items()
        }


@dataclass
class _Landed:
    """The reader of one source: fetches what has landed of it when it is first asked."""

    db: duckdb.DuckDBPyConnection
    source: str
    parser: Parser
    results: dict[tuple[str, str], Parsed | Refused] | None = field(default=None)

    def __call__(self, payload: bytes, captured_at: datetime, url: str) -> Parsed | Refused:
        if self.results is None:
            self.results = _results(self.db, self.source, self.parser.version)
        # A payload is read once, so what was looked up is let go.
        found = self.results.pop((fingerprint(payload), url), None)
        return found or self.parser.read(payload, captured_at, url)


def _results(
    db: duckdb.DuckDBPyConnection, source: str, version: str
) -> dict[tuple[str, str], Parsed | Refused]:
    """What a version of a source's parser has landed, by sha256 and url."""
    frames = {table: _by_payload(db, table, source) for table in ("rows", "prices", "items")}
    told = db.execute(
        "select sha256, url, kind, reason, detail from landing.parsed.payloads "
        "where source = ? and parser = ?",
        [source, version],
    ).fetchall()
    found: dict[tuple[str, str], Parsed | Refused] = {}
    for sha256, url, kind, reason, detail in told:
        if kind == "refused":
            found[sha256, url] = Refused(reason, detail)
        else:
            parts, none = frames[kind]
            items, _ = frames["items"]
            found[sha256, url] = Parsed(parts.get((sha256, url), none), items.get((sha256, url)))
    return found


def _by_payload(
    db: duckdb.DuckDBPyConnection, table: str, source: str
) -> tuple[dict[tuple[object, ...], pl.DataFrame], pl.DataFrame]:
    """The rows of each payload, and the empty table of one that has none."""
    rows = db.execute(
        f"select * exclude (source, line) from landing.parsed.{table} where source = ? "
        "order by sha256, url, line",
        [source],
    ).pl()
    parts = rows.partition_by("sha256", "url", as_dict=True, include_key=False)
    return parts, rows.drop("sha256", "url").clear()
