"""Several workers on one lake: locks that every machine sees, and transactions that are begun again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
from filelock import FileLock, Timeout

from warehouse.lake import Area, again, load_extension, secrets
from warehouse.place import Lake
from warehouse.quoting import quoted

T = TypeVar("T")
FOREVER = 3600.0
LOCKS = "photofinish_locks"


class LakeBusy(Exception):
    """Somebody else holds the lock."""


@contextmanager
def locked(lake: Lake, what: str, wait: float) -> Iterator[None]:
    """Hold a lock that every machine on this lake sees; whoever dies lets go of it.

    PostgreSQL: an advisory lock of a transaction. SQLite, which serves one machine: a file beside it.
    Raises LakeBusy after `wait` seconds.
    """
    if lake.kind == "sqlite":
        with _file_locked(lake, what, wait):
            yield
        return
    with duckdb.connect() as db, holding(db, lake, what, wait):
        yield


@contextmanager
def holding(db: duckdb.DuckDBPyConnection, lake: Lake, what: str, wait: float) -> Iterator[None]:
    """The same as `locked`, quicker where a database is open already."""
    if lake.kind == "sqlite":
        with _file_locked(lake, what, wait):
            yield
        return
    load_extension(db, "postgres_scanner")
    secrets(db, lake)
    db.execute(
        f"attach if not exists {quoted(lake.catalog)} as {LOCKS} "
        "(type postgres, secret 'photofinish_catalog')"
    )
    # DuckDB keeps one connection to PostgreSQL for a transaction; with it goes the lock.
    with db.cursor() as holder:
        holder.execute("begin")
        _wait_for(holder, lake, what, wait)
        yield


def _wait_for(holder: duckdb.DuckDBPyConnection, lake: Lake, what: str, wait: float) -> None:
    ask = f"select pg_try_advisory_xact_lock(hashtextextended({quoted(f'photofinish {what}')}, 0))"
    query = f"select * from postgres_query('{LOCKS}', {quoted(ask)})"
    until = time.monotonic() + wait
    while not holder.execute(query).fetchall()[0][0]:
        if time.monotonic() >= until:
            raise LakeBusy(f"{what} of {lake}")
        time.sleep(0.1)


@contextmanager
def _file_locked(lake: Lake, what: str, wait: float) -> Iterator[None]:
    folder = Path(f"{lake.catalog}.locks")
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{what}.lock", timeout=wait, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise LakeBusy(f"{what} of {lake}") from error
    try:
        yield
    finally:
        lock.release()


def write(db: duckdb.DuckDBPyConnection, lake: Lake, area: Area, step: Callable[[], T]) -> T:
    """Do `step` in one transaction on a catalog; where another one came first, do it again on what that
    one left. SQLite cannot tell two writers apart, so there they take turns."""

    def attempt() -> T:
        db.execute("begin")
        try:
            done = step()
            db.execute("commit")
        except BaseException:
            _roll_back(db)
            raise
        return done

    if lake.kind == "sqlite":
        with _file_locked(lake, f"write-{area}", FOREVER):
            return again(attempt)
    return again(attempt)


def _roll_back(db: duckdb.DuckDBPyConnection) -> None:
    """A commit that failed has ended the transaction already."""
    try:
        db.execute("rollback")
    except duckdb.TransactionException:
        return
