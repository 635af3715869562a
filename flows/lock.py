"""One run at a time on a home. The system lets go of the lock when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from flows.settings import Settings
from warehouse.lake_lock import LakeBusy, locked


class Busy(Exception):
    """Another run is at work on the same home."""


@contextmanager
def only_run(settings: Settings, doing: str) -> Iterator[None]:
    """Hold the home's lock; raises Busy, saying who holds it, after settings.lock_wait seconds.

    Nothing is held where the warehouse is a lake: there several runs land side by side.
    """
    if settings.lake:
        yield
        return
    # Nothing in the home may be writable for everybody, whatever started us (cron, a container).
    os.umask(os.umask(0) | 0o002)
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(_lock(settings), timeout=settings.lock_wait, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise Busy(
            f"{_noted(settings)} is at work on {settings.home}; nothing was done. "
            f"Wait for it, or raise PHOTOFINISH_LOCK_WAIT (now {settings.lock_wait:g} s)"
        ) from error
    try:
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        note_of(settings).write_text(f"{doing}, process {os.getpid()}, since {now} UTC")
        yield
    finally:
        # First the note, then the lock: who comes next writes a note of its own.
        note_of(settings).unlink(missing_ok=True)
        lock.release()


@contextmanager
def only_transform(settings: Settings, doing: str) -> Iterator[None]:
    """Hold the lock of a lake, on which one at a time makes the tables and publishes; raises Busy.

    For a file nothing more is held than `only_run` does.
    """
    if not settings.lake:
        yield
        return
    try:
        with locked(settings.lake, "transform", settings.lock_wait):
            yield
    except LakeBusy as error:
        raise Busy(
            f"another run is making the tables of {settings.lake}; what {doing} has landed is kept, and "
            "the next run publishes it. "
            f"Or raise PHOTOFINISH_LOCK_WAIT (now {settings.lock_wait:g} s) and run again"
        ) from error


def at_work(settings: Settings) -> str | None:
    """Who holds the home's lock at this moment; None if nobody does."""
    try:
        with _lock(settings).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _noted(settings)
    return None


def note_of(settings: Settings) -> Path:
    """The file in which the holder of the lock says who it is."""
    return settings.home / "run.holder"


def _lock(settings: Settings) -> Path:
    return settings.home / "run.lock"


def _noted(settings: Settings) -> str:
    try:
        return note_of(settings).read_text() or "another run"
    except OSError:
        return "another run"
