"""The steps of a run that follow the pull, without Prefect: load, transform, publish. The flows say when."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from polars.exceptions import PanicException

from flows import guard
from flows.alerts import tables
from flows.lock import Busy as Busy
from flows.lock import only_run as only_run
from flows.lock import only_transform as only_transform
from flows.progress import note
from flows.reference import MACROS, make_reference
from flows.settings import ROOT, Settings
from sources import Parse, Source, SourceChanged, local
from sources.contract import LONGEST_REASON
from warehouse.archive import Archive
from warehouse.database import Parsed, Parser, Refused, connect, load
from warehouse.delta import is_last
from warehouse.lake_publish import publish_to_lake
from warehouse.landing import clear, land, landed
from warehouse.layout import wal_of
from warehouse.models import build, read_models
from warehouse.place import Lake
from warehouse.publish import copy_ahead, publish

SQL = ROOT / "sql"
ASOF = SQL / "asof.sql"
STEPS = ROOT / "warehouse"

Progress = Callable[[int, int], None]


def new_run_id(now: datetime) -> str:
    """A name for a run that sorts by time and that a person can read."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def parsers(sources: Mapping[str, Source]) -> dict[str, Parser]:
    """How to read each source's payloads; what a parser refuses is said, not raised."""
    owners = {board.board: s.id for s in sources.values() for board in s.card.boards}
    return {
        id_: Parser(s.version, _Reader(s.id, s.parse, s.items, owners))
        for id_, s in sources.items()
    }


@dataclass(frozen=True)
class _Reader:
    """Reads the payloads of one source; can be sent to another process."""

    source: str
    parse: Parse
    items: Parse | None
    owners: Mapping[str, str]

    def __call__(self, payload: bytes, captured_at: datetime, url: str) -> Parsed | Refused:
        try:
            rows = self.parse(payload, captured_at, url=url)
            items = self.items(payload, captured_at, url=url) if self.items else None
        except SourceChanged as error:
            return Refused(str(error))
        # A parser with a mistake must not stop the other sources; what it met is kept for its author.
        # A panic of polars is no Exception.
        except (Exception, PanicException) as error:  # noqa: BLE001
            detail = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
            return Refused(f"the parser of {self.source} failed; this is a defect in it", detail)
        for board in set(rows["board"].to_list()) if "board" in rows.columns else ():
            own = local.CARD.id if board.startswith(f"{local.CARD.id}/") else self.source
            if (owner := self.owners.get(board, own)) != self.source:
                return Refused(f"the board {board} belongs to the source {owner}")
        return Parsed(rows, items)


@contextmanager
def kept_open(settings: Settings) -> Iterator[None]:
    """Keep the build database open over the steps of a run, and have the published file copied meanwhile.

    The steps share the database. What they write is merged into its file at the end, where `merged_meanwhile`
    has not done so before. Not on a lake, where runs load side by side. Raises NewerHome.
    """
    if isinstance(place := settings.published, Lake):
        yield
        return
    with closing(connect(settings.build, renewed=note)), ThreadPoolExecutor(1) as pool:
        pool.submit(copy_ahead, place)
        yield


@contextmanager
def merged_meanwhile(settings: Settings) -> Iterator[None]:
    """While the block runs, which may read the build database, merge into its file what was written to it.

    What cannot be merged now stays in the log beside the file, and is merged at the next chance. Not on a
    lake, where the build database was closed, and merged, after every step.
    """
    if settings.lake:
        yield
        return
    with closing(connect(settings.build)) as db, ThreadPoolExecutor(1) as pool:
        pool.submit(db.execute, "checkpoint")
        yield


def load_journal(
    settings: Settings, sources: Mapping[str, Source], progress: Progress = lambda done, total: None
) -> int:
    """Bring raw.* and parsed.* up to the journal. Returns the number of payloads parsed.

    On a lake it is the landing, which workers share. A build database of an older version is made anew.
    Raises NewerHome and NewerJournal.
    """
    if settings.lake:
        return land(settings.lake, Archive(settings.archive), parsers(sources), progress)
    with closing(connect(settings.build, renewed=note)) as db:
        return load(db, Archive(settings.archive), parsers(sources), progress)


def make_tables(
    settings: Settings, sources: Mapping[str, Source], progress: Progress = lambda done, total: None
) -> None:
    """Bring every table of sql/ and warehouse/metrics/ up to date. Raises BrokenPromise or BadModel."""
    with closing(connect(settings.build)) as db:
        if settings.lake:
            with landed(settings.lake, parsers(sources)) as looked_up:
                load(db, Archive(settings.archive), looked_up)
        make_reference(db, sources)
        models = read_models(SQL, STEPS, db)
        made = iter(range(len(models)))
        build(
            db,
            models,
            lambda table: progress(next(made), len(models)),
            macros=MACROS.read_text(encoding="utf-8"),
        )
        progress(len(models), len(models))


def publish_tables(settings: Settings) -> None:
    """Put the tables of now in the place where analysts look, if they are others than those there.

    What is no database there is moved aside. Raises NewerHome.
    """
    with closing(connect(settings.build)) as db:
        macros = "".join(path.read_text(encoding="utf-8") for path in (MACROS, ASOF))
        models = read_models(SQL, STEPS, db)
        private, extras = settings.publish_local, tables.published(settings)
        if isinstance(place := settings.published, Lake):
            publish_to_lake(db, models, macros, place, private=private, extras=extras)
        else:
            if not is_last(db, place):
                guard.published_place(place)
            publish(db, models, macros, place, private=private, extras=extras)


def rebuild(
    settings: Settings,
    sources: Mapping[str, Source],
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    without_damaged: bool = False,
) -> int:
    """Make the build database anew from the archive, beside the old one, and publish it.

    The old files are replaced only by finished ones; one that is no database is moved aside. Returns
    the number of payloads read. Raises WouldLose, NewerHome and NewerJournal, and nothing is replaced.
    """
    broken = guard.is_none(settings.build)
    fresh = settings.model_copy(update={"build_name": f"{settings.build_name}.new"})
    for leftover in (fresh.build, wal_of(fresh.build)):
        leftover.unlink(missing_ok=True)
    if settings.lake:
        clear(settings.lake)
    read = load_journal(fresh, sources, partial(progress, "reading payloads"))
    if not without_damaged:
        guard.no_loss(fresh.build, settings.build)
    make_tables(fresh, sources, partial(progress, "making tables"))
    if broken:
        guard.set_aside(settings.build)
    # A log of the old file must not meet the new one.
    wal_of(settings.build).unlink(missing_ok=True)
    fresh.build.replace(settings.build)
    publish_tables(settings)
    return read
