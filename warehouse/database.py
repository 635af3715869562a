"""The pipeline's own database: what the journal and the archive say, as tables.

`load` brings the database up to the journal; a database that was deleted is loaded from the first line.
raw.* mirrors the journal, parsed.* holds what the parsers made of each payload (not published).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
from polars._typing import PolarsDataType

from warehouse import layout
from warehouse.archive import Archive, ArchiveDamaged, Fetch
from warehouse.layout import NotADatabase

__all__ = ["NotADatabase", "Parsed", "Parser", "Refused", "connect", "load"]

RAW_TABLES = {
    "raw.fetches": """
        fetch_id varchar, run_id varchar, source varchar, url varchar, captured_at timestamp,
        http_status integer, outcome varchar, payload_sha256 varchar, bytes bigint,
        elapsed_ms bigint, error varchar""",
    "raw.payloads": """
        sha256 varchar, source varchar, url varchar, first_captured_at timestamp, bytes bigint""",
    "raw.quarantine": """
        sha256 varchar, source varchar, url varchar, captured_at timestamp, reason varchar,
        detail varchar""",
    "raw.damaged": """
        sha256 varchar, source varchar, url varchar, problem varchar""",
    "parsed.payloads": """
        sha256 varchar, source varchar, url varchar, parser varchar, rows bigint""",
    "parsed.states": """
        sha256 varchar, source varchar, url varchar, board varchar, stated_as_of date,
        release varchar, state varchar, n_models bigint""",
    "parsed.rows": """
        sha256 varchar, source varchar, url varchar, board varchar, task varchar,
        model_raw varchar, organization_raw varchar, license_raw varchar, score double,
        ci_low double, ci_high double, n bigint, stated_as_of date, extra varchar""",
    "parsed.prices": """
        sha256 varchar, source varchar, url varchar, provider varchar, model_raw varchar,
        stated_as_of date, input_usd_per_mtok double, output_usd_per_mtok double,
        context_tokens bigint, max_output_tokens bigint, tool_use boolean, open_weights boolean,
        extra varchar""",
    "parsed.items": """
        sha256 varchar, source varchar, url varchar, board varchar, task varchar,
        model_raw varchar, case_id varchar, score double, stated_as_of date, refused boolean,
        latency_ms double, review_minutes double, prompt varchar, expected varchar, output varchar""",
}
COMMENTS = {
    "raw.fetches": "One row per attempt to get a URL, failed ones too.",
    "raw.payloads": "One row per distinct payload in the archive.",
    "raw.quarantine": "One row per payload that its parser refused, and why. Nothing of it is used.",
    "raw.damaged": "One row per payload that the archive could not give back when it was to be read.",
    layout.TABLE: "One row: the layout of this file, by which a photofinish knows one of another version.",
}
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
BATCH = 64


@dataclass(frozen=True)
class Refused:
    """What a parser says of a payload it does not accept."""

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Parsed:
    """What a parser makes of a payload: tidy rows or prices, and the cases behind them if it has them."""

    rows: pl.DataFrame
    items: pl.DataFrame | None = None


@dataclass(frozen=True)
class Parser:
    """How to read one source's payloads. `version` changes when the reading may change."""

    version: str
    read: Callable[[bytes, datetime, str], Parsed | Refused]


@dataclass(frozen=True)
class _Key:
    sha256: str
    source: str
    url: str


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the build database, making it and its raw tables where they are missing.

    Raises NotADatabase if the file is something else or another process writes it, NewerHome or
    OlderHome if another version of photofinish laid it out.
    """
    db = layout.connect(path, RAW_TABLES)
    db.execute("set preserve_insertion_order = false")
    return db


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
    fetches = list(archive.fetches())
    # What was quarantined may be read by a newer parser: take the journal's word again.
    db.execute("delete from raw.fetches where outcome = 'quarantined'")
    _insert_fetches(db, fetches)
    due = _due(db, fetches, parsers)
    damaged: list[tuple[_Key, str]] = []
    for start in range(0, len(due), BATCH):
        batch = due[start : start + BATCH]
        damaged += _load_batch(db, archive, parsers, batch)
        progress(min(start + BATCH, len(due)), len(due))
    _settle_outcomes(db)
    _tell_damaged(db, damaged)
    return len(due) - len(damaged)


def _insert_fetches(db: duckdb.DuckDBPyConnection, fetches: list[Fetch]) -> None:
    known = {row[0] for row in db.execute("select fetch_id from raw.fetches").fetchall()}
    fresh = {f.fetch_id: f for f in fetches if f.fetch_id not in known}
    if not fresh:
        return
    rows = pl.DataFrame(
        [[getattr(fetch, column) for column in FETCH] for fetch in fresh.values()],
        schema=FETCH,
        orient="row",
    ).with_columns(pl.col("captured_at").dt.replace_time_zone(None))
    with _transaction(db):
        _insert(db, "raw.fetches", rows)
        db.execute("delete from raw.payloads")
        db.execute(
            """
            insert into raw.payloads
            select payload_sha256, arg_min(source, (captured_at, url)), arg_min(url, (captured_at, url)),
                min(captured_at), max(bytes) filter (where outcome <> 'not_modified')
            from raw.fetches
            where payload_sha256 is not null
            group by payload_sha256
            """
        )


def _due(
    db: duckdb.DuckDBPyConnection, fetches: Iterable[Fetch], parsers: Mapping[str, Parser]
) -> list[tuple[_Key, datetime]]:
    """The payloads that the current parsers have not read, with the time each was first seen."""
    read = {
        _Key(*row[:3]): row[3]
        for row in db.execute("select sha256, source, url, parser from parsed.payloads").fetchall()
    }
    first_seen: dict[_Key, datetime] = {}
    for fetch in fetches:
        if fetch.payload_sha256 and fetch.source in parsers:
            key = _Key(fetch.payload_sha256, fetch.source, fetch.url)
            first_seen[key] = min(fetch.captured_at, first_seen.get(key, fetch.captured_at))
    due = [(k, at) for k, at in first_seen.items() if read.get(k) != parsers[k.source].version]
    return sorted(due, key=lambda item: (item[1], item[0].url))


def _load_batch(
    db: duckdb.DuckDBPyConnection,
    archive: Archive,
    parsers: Mapping[str, Parser],
    batch: list[tuple[_Key, datetime]],
) -> list[tuple[_Key, str]]:
    """Parse the payloads and keep what they say. Returns those the archive could not give back, and why."""
    made: dict[str, list[pl.DataFrame]] = {table: [] for table in RAW_TABLES}
    damaged: dict[_Key, str] = {}
    for key, captured_at in batch:
        parser = parsers[key.source]
        try:
            payload = archive.read(key.sha256)
        except ArchiveDamaged as error:
            damaged[key] = str(error)
            continue
        result = parser.read(payload, captured_at, key.url)
        for table, frame in _tables(key, captured_at, parser.version, result).items():
            made[table].append(frame)
    keys = _keys(key for key, _ in batch if key not in damaged)
    with _transaction(db):
        db.register("batch_keys", keys.to_arrow())
        for table in (*_PARSED, "raw.quarantine"):
            db.execute(
                # The tables are those named above.
                f"delete from {table} where (sha256, source, url) in "
                "(select (sha256, source, url) from batch_keys)"
            )
        db.unregister("batch_keys")
        for table, frames in made.items():
            if frames:
                _insert(db, table, pl.concat(frames))
    return list(damaged.items())


def _tell_damaged(db: duckdb.DuckDBPyConnection, damaged: list[tuple[_Key, str]]) -> None:
    told = _keys(key for key, _ in damaged).with_columns(
        pl.Series("problem", [problem for _, problem in damaged], pl.String)
    )
    with _transaction(db):
        db.execute("delete from raw.damaged")
        _insert(db, "raw.damaged", told)


def _keys(keys: Iterable[_Key]) -> pl.DataFrame:
    rows = [[key.sha256, key.source, key.url] for key in keys]
    return pl.DataFrame(rows, schema=dict.fromkeys(_KEY, pl.String), orient="row")


_KEY = ["sha256", "source", "url"]
_PARSED = ("parsed.payloads", "parsed.states", "parsed.rows", "parsed.prices", "parsed.items")


def _tables(
    key: _Key, captured_at: datetime, version: str, result: Parsed | Refused
) -> dict[str, pl.DataFrame]:
    """The rows that one payload adds, by table."""
    mark = [pl.lit(key.sha256).alias("sha256"), pl.lit(key.source).alias("source")]
    mark.append(pl.lit(key.url).alias("url"))
    if isinstance(result, Refused):
        told = pl.select(
            *mark,
            pl.lit(captured_at.replace(tzinfo=None)).cast(pl.Datetime("us")).alias("captured_at"),
            pl.lit(result.reason).alias("reason"),
            pl.lit(result.detail).alias("detail"),
        )
        made = {"raw.quarantine": told}
        rows = 0
    elif "provider" in result.rows.columns:
        made = {"parsed.prices": _marked(result.rows, mark)}
        rows = result.rows.height
    else:
        made = {
            "parsed.rows": _marked(result.rows, mark),
            "parsed.states": _states(result).select(*mark, pl.all()),
        }
        if result.items is not None:
            made["parsed.items"] = _marked(result.items, mark)
        rows = result.rows.height
    read = pl.select(*mark, pl.lit(version).alias("parser"), pl.lit(rows, pl.Int64).alias("rows"))
    return {"parsed.payloads": read, **made}


def _marked(frame: pl.DataFrame, mark: list[pl.Expr]) -> pl.DataFrame:
    return frame.rename({"as_of": "stated_as_of"}).select(*mark, pl.all())


def _states(parsed: Parsed) -> pl.DataFrame:
    """One row per board and stated date in a payload, with a hash of what it shows.

    The hash leaves out `extra`: a new side note does not make a new state of the board. Other results
    of single cases do, even where their means are the same.
    """
    states = []
    for part in parsed.rows.partition_by("board", "as_of", maintain_order=True):
        shown = part.drop("extra").sort("task", "model_raw").write_csv()
        if parsed.items is not None:
            same = [pl.col(name).eq_missing(part[name][0]) for name in ("board", "as_of")]
            cases = parsed.items.filter(*same).sort("task", "model_raw", "case_id")
            shown += cases.write_csv()
        states.append(
            (
                part["board"][0],
                part["as_of"][0],
                part["extra"].str.json_path_match("$.release")[0],
                hashlib.sha256(shown.encode()).hexdigest()[:16],
                part["model_raw"].n_unique(),
            )
        )
    schema = {
        "board": pl.String,
        "stated_as_of": pl.Date,
        "release": pl.String,
        "state": pl.String,
        "n_models": pl.Int64,
    }
    return pl.DataFrame(states, schema=schema, orient="row")


def _settle_outcomes(db: duckdb.DuckDBPyConnection) -> None:
    """Say of each fetched payload that its parser refused: quarantined."""
    db.execute(
        """
        update raw.fetches
        set outcome = 'quarantined'
        where outcome in ('new', 'unchanged')
            and (payload_sha256, source, url) in (select (sha256, source, url) from raw.quarantine)
        """
    )


def _insert(db: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    db.register("incoming", rows.to_arrow())
    # The tables are those of RAW_TABLES.
    db.execute(f"insert into {table} by name select * from incoming")
    db.unregister("incoming")


@contextmanager
def _transaction(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    db.execute("begin")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")
