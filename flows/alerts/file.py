"""The file alerts.sqlite: its tables, how it is opened, how times and values are written in it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.archive import utc

SCHEMA: tuple[tuple[str, ...], ...] = (
    (
        """
        create table states (
            rule text not null, board text not null, task text not null,
            phase text not null, since text not null, seen_at text not null,
            snapshot_id text not null, value text not null, count integer not null,
            settled text not null, notified_at text,
            primary key (rule, board, task)
        )
        """,
        """
        create table events (
            id text primary key, rule text not null, severity text not null,
            board text not null, task text not null, metric text not null,
            status text not null, observed_at text not null, value text not null,
            before text not null, threshold text not null, text text not null,
            notify text not null, facts text not null,
            found_at text not null, told integer not null, announced integer not null
        )
        """,
        """
        create table outbox (
            event_id text not null references events (id), channel text not null,
            outcome text not null default 'waiting', created_at text not null,
            tries integer not null default 0, retry_at text, sent_at text, reason text,
            primary key (event_id, channel)
        )
        """,
        "create table silences (rule text primary key, until text not null)",
        "create table meta (name text primary key, value text not null)",
    ),
)
"""Each entry brings the file one version further; entries never change."""


class StoreUnusable(Exception):
    """The file of alert states cannot be used: the message says why and what to do."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, made or brought up to date, in one transaction: committed at the end, else rolled back.

    Raises StoreUnusable for a file that is no such database, and one that cannot be opened or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _keep_private(path)
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            # A commit is on disk when it returns, the deletion of its journal included.
            db.execute("pragma synchronous = extra")
            db.execute("begin immediate")
            try:
                _upgrade(db, path)
                yield db
                db.execute("commit")
            finally:
                if db.in_transaction:
                    db.execute("rollback")
    except OSError as error:
        raise StoreUnusable(f"{path} cannot be made: {error.strerror}") from error
    except sqlite3.OperationalError as error:
        raise StoreUnusable(
            f"{path} cannot be used now ({error}); see who has it open and whether the disk is full, "
            "then run again"
        ) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise StoreUnusable(
            f"{path} is not a database of alerts, or is damaged; restore it from a copy, or move it "
            "away: the next run begins anew from how things stand then, and sends nothing of the past"
        ) from error


def _keep_private(path: Path) -> None:
    """Only its owner may read it: events and messages may quote what was not published. SQLite gives
    its journal the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _upgrade(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("pragma user_version").fetchone()[0]
    if version > len(SCHEMA):
        raise StoreUnusable(
            f"{path} was written by a newer photofinish (its version is {version}, this one knows "
            f"{len(SCHEMA)}); update photofinish"
        )
    for statements in SCHEMA[version:]:
        for statement in statements:
            db.execute(statement)
    if version < len(SCHEMA):
        db.execute(f"pragma user_version = {len(SCHEMA)}")


def insert(db: sqlite3.Connection, how: str, table: str, row: Mapping[str, Any]) -> bool:
    """Insert a row. Returns whether it was written (False if it was there and is left alone)."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    done = db.execute(f"{how} into {table} ({names}) values ({marks})", list(row.values()))
    return done.rowcount > 0


def written(moment: datetime) -> str:
    """A time as UTC, in a form that sorts as text. A naive one is taken to be UTC."""
    return utc(moment).isoformat(timespec="microseconds")


def times_read(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its times (columns `since`, `until` and those in _at) as datetimes."""
    return {
        name: datetime.fromisoformat(value)
        if value is not None and (name.endswith("_at") or name in ("since", "until"))
        else value
        for name, value in row.items()
    }
