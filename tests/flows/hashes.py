"""What a database holds, as hashes; apart, for a process that only reads need not import what runs do."""

from __future__ import annotations

from pathlib import Path

import duckdb


def contents(path: Path) -> dict[str, str]:
    """A hash of every table of a database. Of raw.fetches, what was seen when: a second run asks again.

    Of alerts only how many there are: they are records, with the times at which they were written and sent
    (tests/flows/test_alert_crash.py kills between them). Left out are the words by which a build knows
    what has changed: they are new with every change.
    """
    with duckdb.connect(str(path), read_only=True) as db:
        return contents_of(db)


def contents_of(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The same of a database that is open."""
    named = db.sql(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where schema_name <> 'built' and (schema_name, table_name) <> ('parsed', 'marks')"
    ).fetchall()
    tables = {name: name for (name,) in named}
    tables["raw.fetches"] = (
        "(select distinct source, url, captured_at, payload_sha256 from raw.fetches)"
    )
    tables |= {name: f"(select null from {name})" for name in tables if name.startswith("alerts.")}
    return {
        name: db.sql(
            "select count(*) || ' ' || "
            f"coalesce(md5(string_agg(t::varchar, '|' order by t::varchar)), '') from {table} t"
        ).fetchall()[0][0]
        for name, table in sorted(tables.items())
    }
