"""The steps of a run, without Prefect: pull, load, transform, publish. The flows say when."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic

import duckdb
from filelock import FileLock, Timeout

from flows.alerts import tables
from flows.fetch import FetchFailed, get
from flows.settings import ROOT, Settings
from sources import Source, SourceChanged, local, tidy
from sources.reference import reference_names, reference_tables
from warehouse.archive import Archive, Fetch, utc
from warehouse.database import Parsed, Parser, Refused, connect, load
from warehouse.lake_lock import LakeBusy, locked
from warehouse.lake_publish import publish_to_lake
from warehouse.landing import clear, land, landed
from warehouse.models import build, read_models
from warehouse.place import Lake
from warehouse.publish import publish

SQL = ROOT / "sql"
MACROS = SQL / "macros.sql"
ASOF = SQL / "asof.sql"
STEPS = ROOT / "warehouse"

Progress = Callable[[int, int], None]


class Busy(Exception):
    """Another run is at work on the same home."""


@dataclass(frozen=True)
class Pulled:
    """What pulling one source came to: how many files, the attempts, what could not be had."""

    source: str
    files: int
    fetches: Sequence[Fetch]
    failures: Sequence[str]
    permanent: bool = False
    """True where trying again would be vain."""


def new_run_id(now: datetime) -> str:
    """A name for a run that sorts by time and that a person can read."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


@contextmanager
def only_run(settings: Settings, doing: str) -> Iterator[None]:
    """Hold the home's lock; raises Busy, saying who holds it, after settings.lock_wait seconds.

    Nothing is held where the warehouse is a lake: there several runs land side by side.
    """
    if settings.lake:
        yield
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    holder = settings.home / "run.holder"
    lock = FileLock(settings.home / "run.lock", timeout=settings.lock_wait, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        who = holder.read_text() if holder.exists() else "another run"
        raise Busy(
            f"{who} is at work on {settings.home}; nothing was done. "
            f"Wait for it, or raise PHOTOFINISH_LOCK_WAIT (now {settings.lock_wait:g} s)"
        ) from error
    try:
        holder.write_text(f"{doing}, process {os.getpid()}, since {datetime.now(UTC):%H:%M:%S} UTC")
        yield
        holder.unlink(missing_ok=True)
    finally:
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


def files_of(source: Source, settings: Settings, day: datetime) -> list[tuple[str, ...]]:
    """The files to get from a source: for each, the URLs to try in order."""
    if source.id == tidy.CARD.id:
        return [(url,) for url in tidy.files(settings.tidy)] if settings.tidy else []
    return source.card.requests(day.date())


def pull(
    source: Source,
    settings: Settings,
    run_id: str,
    clock: Callable[[], datetime],
    history: bool = False,
) -> Pulled:
    """Get what is new from one source into the archive and the journal.

    With `history` the files in which the publisher offers its whole past, instead of today's.

    The payload is on disk before the journal names it. A file whose first URL answers 404 is looked for
    at the next one.
    """
    archive = Archive(settings.archive)
    latest = archive.latest()
    attempts: list[Fetch] = []
    failures: list[str] = []
    permanent = True
    files = (
        [(url,) for url in source.card.history] if history else files_of(source, settings, clock())
    )
    for choices in files:
        for url in choices:
            attempt, error = _attempt(
                source.id, url, latest.get(url), archive, settings, run_id, clock
            )
            attempts.append(attempt)
            if error is None or error.status != 404:
                break
        if error is not None:
            failures.append(f"{attempt.url}: {error}")
            permanent = permanent and error.permanent
    archive.append(attempts)
    return Pulled(source.id, len(files), attempts, failures, bool(failures) and permanent)


def _attempt(
    source: str,
    url: str,
    previous: Fetch | None,
    archive: Archive,
    settings: Settings,
    run_id: str,
    clock: Callable[[], datetime],
) -> tuple[Fetch, FetchFailed | None]:
    known = previous if previous and archive.path(previous.payload_sha256 or "").exists() else None
    started, captured_at = monotonic(), utc(clock())
    try:
        answer = get(url, known, settings)
    except FetchFailed as error:
        failed = Fetch(
            run_id=run_id,
            source=source,
            url=url,
            captured_at=captured_at,
            outcome="failed",
            http_status=error.status,
            elapsed_ms=round(1000 * (monotonic() - started)),
            error=str(error),
        )
        return failed, error
    if answer.payload is None and known:
        sha256, outcome = known.payload_sha256, "not_modified"
    else:
        sha256 = archive.store(answer.payload or b"")
        outcome = "unchanged" if known and known.payload_sha256 == sha256 else "new"
    return (
        Fetch(
            run_id=run_id,
            source=source,
            url=url,
            captured_at=captured_at,
            outcome=outcome,
            http_status=answer.status,
            payload_sha256=sha256,
            bytes=None if answer.payload is None else len(answer.payload),
            elapsed_ms=round(1000 * (monotonic() - started)),
            etag=answer.etag or (known.etag if known else None),
            last_modified=answer.last_modified or (known.last_modified if known else None),
        ),
        None,
    )


def parsers(sources: Mapping[str, Source]) -> dict[str, Parser]:
    """How to read each source's payloads; what a parser refuses is said, not raised."""
    owners = {board.board: s.id for s in sources.values() for board in s.card.boards}
    return {id_: Parser(s.version, _reader(s, owners)) for id_, s in sources.items()}


def _reader(
    source: Source, owners: Mapping[str, str]
) -> Callable[[bytes, datetime, str], Parsed | Refused]:
    def read(payload: bytes, captured_at: datetime, url: str) -> Parsed | Refused:
        try:
            rows = source.parse(payload, captured_at, url=url)
            items = source.items(payload, captured_at, url=url) if source.items else None
        except SourceChanged as error:
            return Refused(str(error))
        # A parser with a mistake must not stop the other sources; what it met is kept for its author.
        except Exception as error:  # noqa: BLE001
            detail = f"{type(error).__name__}: {error}"
            return Refused(f"the parser of {source.id} failed; this is a defect in it", detail)
        boards = rows["board"].unique().to_list() if "board" in rows.columns else []
        for board in boards:
            own = local.CARD.id if board.startswith(f"{local.CARD.id}/") else source.id
            if (owner := owners.get(board, own)) != source.id:
                return Refused(f"the board {board} belongs to the source {owner}")
        return Parsed(rows, items)

    return read


def load_journal(
    settings: Settings, sources: Mapping[str, Source], progress: Progress = lambda done, total: None
) -> int:
    """Bring raw.* and parsed.* up to the journal. Returns the number of payloads parsed.

    On a lake it is the landing, which workers share.
    """
    if settings.lake:
        return land(settings.lake, Archive(settings.archive), parsers(sources), progress)
    with closing(connect(settings.build)) as db:
        return load(db, Archive(settings.archive), parsers(sources), progress)


def make_tables(
    settings: Settings, sources: Mapping[str, Source], progress: Progress = lambda done, total: None
) -> None:
    """Make every table of sql/ and warehouse/metrics/ anew. Raises BrokenPromise or BadModel."""
    with closing(connect(settings.build)) as db:
        if settings.lake:
            with landed(settings.lake, parsers(sources)) as looked_up:
                load(db, Archive(settings.archive), looked_up)
        make_reference(db, sources)
        models = read_models(SQL, STEPS)
        made = iter(range(len(models)))
        build(db, models, lambda table: progress(next(made), len(models)))
        progress(len(models), len(models))


def publish_tables(settings: Settings) -> None:
    """Put a fresh copy of the tables in the place where analysts look."""
    with closing(connect(settings.build)) as db:
        macros = "".join(path.read_text(encoding="utf-8") for path in (MACROS, ASOF))
        models = read_models(SQL, STEPS)
        private, extras = settings.publish_local, tables.published(settings)
        if isinstance(place := settings.published, Lake):
            publish_to_lake(db, models, macros, place, private=private, extras=extras)
        else:
            publish(db, models, macros, place, private=private, extras=extras)


def make_reference(db: duckdb.DuckDBPyConnection, sources: Mapping[str, Source]) -> None:
    """The macros, and what the cards and the reference files say, as tables reference.*."""
    db.execute(MACROS.read_text(encoding="utf-8"))
    db.execute("create schema if not exists reference")
    used = db.execute(
        "select source, model_raw from parsed.rows union select source, model_raw from parsed.prices"
    ).fetchall()
    tables = reference_tables([source.card for source in sources.values()])
    for name, frame in {**tables, "names": reference_names(used)}.items():
        db.register("incoming", frame.to_arrow())
        db.execute(f"create or replace table reference.{name} as from incoming")
        db.unregister("incoming")


def rebuild(
    settings: Settings,
    sources: Mapping[str, Source],
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> int:
    """Make the build database anew from the archive, beside the old one, and publish it.

    The old files are replaced only by finished ones. Returns the number of payloads read.
    """
    fresh = settings.model_copy(update={"build_name": f"{settings.build_name}.new"})
    for leftover in (fresh.build, fresh.build.with_name(f"{fresh.build.name}.wal")):
        leftover.unlink(missing_ok=True)
    if settings.lake:
        clear(settings.lake)
    read = load_journal(fresh, sources, partial(progress, "reading payloads"))
    make_tables(fresh, sources, partial(progress, "making tables"))
    settings.build.with_name(f"{settings.build.name}.wal").unlink(missing_ok=True)
    fresh.build.replace(settings.build)
    publish_tables(settings)
    return read
