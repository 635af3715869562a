"""Homes to measure on: archives from the cache, and homes that photofinish has built from them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import duckdb

from bench.boards import SIZES, Size
from bench.generate import cached, day_of
from bench.source import sources
from flows import pipeline
from flows.alerts.run import evaluate_and_save
from flows.settings import ROOT, Settings
from warehouse.database import connect

CODE = ("flows", "sources", "warehouse", "sql", "bench/source.py")


def settings(home: Path) -> Settings:
    """Settings of a home, with the alert rules that are shipped."""
    return Settings(home=home)


def morning(size: Size, day: int) -> datetime:
    """Six o'clock of a day: when the made-up publishers are asked."""
    return datetime.combine(day_of(size, day), time(6), UTC)


def linked(size: str, data: Path, home: Path) -> Path:
    """A home with nothing but the archive of this size, which must only be read."""
    home.mkdir(parents=True)
    (home / "archive").symlink_to(cached(size, data).resolve() / "archive")
    return home


def built(size: str, data: Path) -> Path:
    """The home of this size as the present code builds it, alerts evaluated; kept in `data`."""
    home = data / "built" / f"{size}-{_code()}"
    done = home / "done"
    if not done.exists():
        for old in (data / "built").glob(f"{size}-*"):
            shutil.rmtree(old)
        linked(size, data, home)
        limit_memory(size)
        pipeline.rebuild(settings(home), sources())
        evaluate_and_save(settings(home), morning(SIZES[size], SIZES[size].days - 1), quiet=True)
        done.touch()
    return home


def cloned(size: str, data: Path, home: Path) -> Path:
    """A copy of the built home that may be written to. Payloads are never changed, so they are linked; so is
    the published file, which is replaced and never written, and is known by its number."""
    original = built(size, data)
    home.mkdir(parents=True)
    archive = (original / "archive").resolve()
    shutil.copytree(archive, home / "archive", copy_function=_link, ignore=_journal)
    shutil.copytree(archive / "journal", home / "archive" / "journal")
    shutil.copytree(archive.parent / "next", home / "next")
    for name in ("build", "alerts"):
        if (original / name).exists():
            shutil.copytree(original / name, home / name)
    _link(str(original / "photofinish.duckdb"), str(home / "photofinish.duckdb"))
    # What was copied is on disk before anything is measured: else the first fsync would wait for all of it.
    os.sync()
    return home


def limit_memory(size: str, limit: str = "4GB") -> None:
    """Have DuckDB stay within `limit`, and write what does not fit beside the database, where the archive is
    one that is meant not to fit (L)."""
    if not SIZES[size].parquet:
        return

    def limited(
        path: Path, renewed: Callable[[str], None] | None = None
    ) -> duckdb.DuckDBPyConnection:
        db = connect(path, renewed)
        db.execute(f"set memory_limit = '{limit}'")
        return db

    setattr(pipeline, "connect", limited)  # noqa: B010 - the product has no such setting


def after(size: str, place: int = 0) -> datetime:
    """The morning of one of the days after the last."""
    return morning(SIZES[size], SIZES[size].days + place) + timedelta(minutes=1)


def _link(source: str, target: str) -> None:
    os.link(source, target)


def _journal(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "journal"]


def _code() -> str:
    """A hash of the code that makes a built home."""
    found = hashlib.sha256()
    for part in CODE:
        place = ROOT / part
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        for path in files:
            if path.is_file() and path.suffix in (".py", ".sql", ".csv"):
                found.update(path.read_bytes())
    return found.hexdigest()[:8]
