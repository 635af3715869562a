"""The databases: whether they are ones, and whether they agree with the journal and with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from flows.doctor.finding import Finding
from flows.doctor.names import unknown_names
from flows.settings import Settings
from sources import load_sources
from warehouse import layout
from warehouse.archive import Fetch
from warehouse.raw_tables import RAW_TABLES

ANEW = (
    "`photofinish rebuild` makes it anew from the archive; what is there is kept under another name"
)
FINISH = "`photofinish rebuild` or the next run makes up for it"
CHECK = "database"
MEND: dict[layout.Age, str] = {"newer": "update photofinish", "older": FINISH, "foreign": ANEW}


def examine(settings: Settings, fetches: Sequence[Fetch]) -> Iterator[Finding]:
    """Findings about the build database and the published file; nothing where neither is there."""
    troubles = [*_kind(settings), *_missing(settings, fetches)]
    yield from troubles
    if troubles or not settings.build.exists():
        return
    with duckdb.connect(str(settings.build), read_only=True) as db:
        yield from _unread(db, fetches)
        yield from unknown_names(db)
        if settings.lake:
            return
        published = settings.published_file
        if not published.exists():
            yield Finding(CHECK, "nothing is published yet: a run was cut off", FINISH)
        elif _held(published) != _of(db):
            yield Finding(CHECK, f"{published} is behind the build database", FINISH)


def _kind(settings: Settings) -> Iterator[Finding]:
    for path, tables in ((settings.build, RAW_TABLES), (settings.published_file, None)):
        try:
            age = layout.standing(path, tables)
        except layout.NotADatabase as error:
            yield Finding(CHECK, str(error), ANEW)
            continue
        if age in layout.REFUSALS:
            mend = MEND[age]
            yield Finding(CHECK, str(layout.REFUSALS[age](path)), mend)


def _missing(settings: Settings, fetches: Sequence[Fetch]) -> Iterator[Finding]:
    if fetches and not settings.build.exists():
        yield Finding(CHECK, f"{settings.build} is not there, though the journal is", FINISH)


def _unread(db: duckdb.DuckDBPyConnection, fetches: Sequence[Fetch]) -> Iterator[Finding]:
    """What the journal and the database do not both know."""
    journalled = {fetch.fetch_id for fetch in fetches}
    known = {row[0] for row in db.execute("select fetch_id from raw.fetches").fetchall()}
    if new := journalled - known:
        yield Finding(CHECK, f"{len(new)} attempts of the journal are not in it", FINISH)
    if gone := known - journalled:
        yield Finding(
            CHECK,
            f"{len(gone)} attempts in it are not in the journal, which has lost lines",
            "restore archive/journal from a copy before you rebuild; a rebuild would lose them",
        )
    sources = load_sources()
    due = {
        (f.payload_sha256, f.source, f.url)
        for f in fetches
        if f.payload_sha256 and f.source in sources
    }
    read = db.execute(
        "select sha256, source, url from parsed.payloads union all "
        "select sha256, source, url from raw.damaged"
    ).fetchall()
    if unread := due - set(read):
        found = f"{len(unread)} payloads of the journal are neither read nor in quarantine"
        yield Finding(CHECK, found, FINISH)


def _held(path: Path) -> tuple[object, ...] | None:
    with duckdb.connect(str(path), read_only=True) as db:
        return _of(db)


def _of(db: duckdb.DuckDBPyConnection) -> tuple[object, ...] | None:
    """What tells the attempts that a database holds from those of another."""
    return db.execute(
        "select count(*), bit_xor(hash(fetch_id, outcome)), (select count(*) from core.snapshots) "
        "from raw.fetches"
    ).fetchone()
