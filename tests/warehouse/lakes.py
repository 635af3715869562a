"""What the tests of lakes share: hashes of published tables, and small boards landed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows import pipeline
from flows.settings import Settings
from sources import load_sources
from tests.conftest import Rows, landed, tidy_csv
from warehouse.archive import Archive
from warehouse.reader import reader

SCHEMAS = ("alerts", "core", "market", "metrics", "raw")


def on_lake(home: Path, **more: Any) -> Settings:
    """Settings of a lake whose catalog is a SQLite file in the home."""
    return Settings(home=home, warehouse=f"ducklake:sqlite:{home / 'catalog.sqlite'}", **more)


def hashes(settings: Settings, schemas: Sequence[str] = SCHEMAS) -> dict[str, tuple[int, int]]:
    """Per published table of these schemas its rows, and a hash of them whatever their order."""
    with reader(settings.published) as db:
        tables = db.execute(
            "select distinct table_schema || '.' || table_name from information_schema.tables "
            "where list_contains(?, table_schema) order by 1",
            [list(schemas)],
        ).fetchall()
        query = "select count(*), sum(hash(t::varchar)::hugeint) from {} as t"
        return {name: db.execute(query.format(name)).fetchall()[0] for (name,) in tables}


def land_states(settings: Settings, states: Mapping[str, Rows], **facts: object) -> None:
    """Archive one tidy file per date."""
    archive = Archive(settings.archive)
    for day, rows in states.items():
        moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
        payload = tidy_csv(rows, day, facts)
        archive.append([landed(archive, payload, moment, url=f"file:///{day}.csv")])


def finish(settings: Settings) -> int:
    """Load, make the tables and publish. Returns how many payloads were read."""
    sources = load_sources()
    read = pipeline.load_journal(settings, sources)
    with pipeline.only_transform(settings, "a test"):
        pipeline.make_tables(settings, sources)
        pipeline.publish_tables(settings)
    return read


def attached(settings: Settings, area: Any = "published") -> duckdb.DuckDBPyConnection:
    """A connection as an analyst opens one: the catalog attached and used."""
    from warehouse.lake import attach

    assert settings.lake
    db = duckdb.connect()
    attach(db, settings.lake, area)
    db.execute(f"use {area}")
    return db
