"""Another try for what was refused: the parsers of today read it, whatever version refused it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from flows import pipeline
from flows.settings import Settings
from sources import Source
from warehouse.archive import Archive, ArchiveDamaged
from warehouse.database import connect
from warehouse.quarantine import Key, forget, landed, quarantine
from warehouse.rows import Row


@dataclass(frozen=True)
class Retried:
    """What another try came to: `landed` (warehouse.quarantine.landed), `refused` (.quarantine), and the
    sentences on payloads that the archive has lost."""

    landed: Sequence[Row]
    refused: Sequence[Row]
    lost: Sequence[str]


def retry(
    settings: Settings,
    sources: Mapping[str, Source],
    only: Sequence[str] = (),
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Retried:
    """Read what is in quarantine again (of the sources in `only`, if any are named), and publish if any
    of it lands. Needs the home's lock. A payload that the archive has lost stays in quarantine."""
    with closing(connect(settings.build)) as db:
        before = _keys(quarantine(db, only))
        lost = _lost(Archive(settings.archive), before)
        again = [key for key in before if key not in lost]
        forget(db, again)
    read = pipeline.load_journal(settings, sources, partial(progress, "reading payloads"))
    with closing(connect(settings.build)) as db:
        refused = quarantine(db, only)
        still = set(_keys(refused))
        done = landed(db, [key for key in again if key not in still])
    if done or read > len(again):
        pipeline.make_tables(settings, sources, partial(progress, "making tables"))
        pipeline.publish_tables(settings)
    return Retried(done, refused, list(lost.values()))


def _keys(rows: Sequence[Row]) -> list[Key]:
    return [(row["sha256"], row["source"], row["url"]) for row in rows]


def _lost(archive: Archive, keys: Sequence[Key]) -> dict[Key, str]:
    """The payloads that cannot be read any more, with the reason."""
    found = {}
    for key in keys:
        try:
            archive.read(key[0])
        except ArchiveDamaged as error:
            found[key] = str(error)
    return found
