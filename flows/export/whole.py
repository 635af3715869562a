"""The export: every table as files, with what is to be known of them, in a folder of its own.

A folder is written whole beside the others and takes its name by one rename; then `latest` points to it.
So whoever reads `latest` sees a finished export, and a cut-off one leaves the last one as it was.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import orjson
from filelock import FileLock, Timeout

from flows.export.about import About, Package
from flows.export.croissant import croissant
from flows.export.datapackage import datapackage
from flows.export.datasets import FORMATS, Dataset, finish
from flows.export.evalever import records
from flows.export.files import put, seen
from flows.export.jsonld import PROJECT
from flows.export.tables import WHOLE, about_table
from sources.contract import Card
from warehouse import descriptions

LATEST, PART, MANIFEST = "latest", ".part", "datapackage.json"
KEPT = 2
"""Exports that stay: the last, and the one before it for those who are reading it."""


class ExportRefused(Exception):
    """The export cannot be made; nothing was changed."""


@dataclass(frozen=True)
class Wanted:
    """What to export: formats, tables (none named: all), Every Eval Ever records or not."""

    formats: Sequence[str] = ("parquet", "csv")
    tables: Sequence[str] = ()
    evaluations: bool = False


@dataclass(frozen=True)
class Exported:
    """Where an export lies, its tables, and how many Every Eval Ever records there are."""

    folder: Path
    datasets: Sequence[Dataset]
    records: int


def export(
    db: duckdb.DuckDBPyConnection,
    to: Path,
    wanted: Wanted,
    package: Package,
    now: datetime,
    *,
    keys: Mapping[str, tuple[str, ...]],
    cards: Mapping[str, Card],
    site_url: str = "",
    private: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """Write what is wanted of the published file `db` into a fresh folder in `to`, named after `now`.

    `keys` are the tables' keys, `cards` the sources' by id; boards of the sources in `private` give no
    Every Eval Ever record. Older exports than the last two are removed. Raises ExportRefused for a table
    that is not there, and where another export is writing.
    """
    tables = _chosen(descriptions.tables(db), wanted.tables)
    to.mkdir(parents=True, exist_ok=True)
    with _alone(to), _fresh(to) as folder:
        datasets = []
        for done, table in enumerate(tables):
            progress(done, len(tables))
            about = replace(
                about_table(db, table, keys.get(table, ()), cards),
                modified=package.published,
                version=package.version,
            )
            datasets.append(_table(db, folder, table, wanted.formats, about))
        progress(len(tables), len(tables))
        _put_json(folder, "croissant.json", croissant(datasets, package, site_url))
        _put_json(folder, MANIFEST, datapackage(datasets, package))
        count = 0
        for path, record in records(db, private) if wanted.evaluations else ():
            _put_json(folder / "every_eval_ever", path, record)
            count += 1
        placed = _place(folder, to, now)
    return Exported(placed, datasets, count)


def _chosen(every: Sequence[str], wanted: Sequence[str]) -> Sequence[str]:
    if missing := [table for table in wanted if table not in every]:
        raise ExportRefused(f"no table {', '.join(missing)}; there are {', '.join(every)}")
    return [table for table in every if table in wanted] if wanted else every


def _table(
    db: duckdb.DuckDBPyConnection,
    folder: Path,
    table: str,
    kinds: Sequence[str],
    about: About,
) -> Dataset:
    frames = descriptions.batches(db, table)
    schema = next(frames).schema
    rows = descriptions.count(db, table)
    files = []
    for kind in kinds:
        media_type, write = FORMATS[kind]
        with (folder / f"{table}.{kind}").open("wb") as sink:
            write(sink, descriptions.batches(db, table))
        files.append(seen(folder, f"{table}.{kind}", media_type))
    return finish(folder, table, schema, rows, tuple(files), about)


def _put_json(folder: Path, name: str, told: object) -> None:
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    put(folder, name, "application/json", orjson.dumps(told, option=option))


@contextmanager
def _alone(to: Path) -> Iterator[None]:
    """One export at a time in a folder; the system lets go of the lock if an export dies."""
    try:
        with FileLock(to / "export.lock", timeout=0):
            yield
    except Timeout as error:
        raise ExportRefused(f"another export is writing into {to}; wait for it") from error


@contextmanager
def _fresh(to: Path) -> Iterator[Path]:
    """A folder to write in. What a cut-off export left is removed first."""
    for leftover in to.glob(f"*{PART}"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=to, suffix=PART))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(folder: Path, to: Path, now: datetime) -> Path:
    name = f"{now:%Y%m%dT%H%M%SZ}"
    taken = sum(1 for _ in to.glob(f"{name}*"))
    placed = to / (f"{name}-{taken + 1}" if taken else name)
    folder.rename(placed)
    link = to / f"{LATEST}{PART}"
    link.unlink(missing_ok=True)
    link.symlink_to(placed.name)
    link.replace(to / LATEST)
    for old in _ours(to)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return placed


def _ours(to: Path) -> list[Path]:
    """The exports in a folder, oldest first: only what an export made, so nothing else is ever removed."""
    return sorted(
        path
        for path in to.glob("[0-9]*T[0-9]*Z*")
        if path.is_dir() and not path.is_symlink() and (path / MANIFEST).is_file()
    )


def package(published: datetime, version: str) -> Package:
    """What is said of the export of the tables published at that time."""
    return Package(f"{PROJECT}: the history of AI-model leaderboards", WHOLE, published, version)
