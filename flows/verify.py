"""Verification: the published tables are what the archive gives, or it is said which are not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from flows import pipeline
from flows.settings import Settings
from sources import Source
from warehouse.compare import Difference, differences
from warehouse.models import read_models
from warehouse.publish import PRIVATE
from warehouse.raw_tables import COMMENTS
from warehouse.reader import NothingPublished


class Differs(Exception):
    """Published tables are not what the archive gives. Names them and the way out."""


def verified(
    settings: Settings,
    sources: Mapping[str, Source],
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> int:
    """Rebuild beside the home's database and hold every published table to it. Returns how many.

    alerts.* is left out: it is kept, not made. Changes nothing and leaves nothing behind. The caller holds
    the home's lock. Raises Differs, or NothingPublished if there is nothing to verify.
    """
    published = settings.published_file
    if settings.lake:
        raise NothingPublished(
            f"{settings.lake} is a lake, which is not verified: verify a home with a published file"
        )
    if not published.exists():
        raise NothingPublished(
            f"{published} is not there yet, so there is nothing to verify: "
            "`photofinish run` makes it"
        )
    tables = published_tables(settings)
    with _scratch(settings) as scratch:
        pipeline.load_journal(scratch, sources, partial(progress, "reading payloads"))
        pipeline.make_tables(scratch, sources, partial(progress, "making tables"))
        found = differences(scratch.build, published, tables)
    if found:
        raise Differs(_told(found, len(tables)))
    return len(tables)


def published_tables(settings: Settings) -> list[str]:
    """The tables that are made from the archive and published."""
    made = [*COMMENTS, *(model.table for model in read_models(pipeline.SQL, pipeline.STEPS))]
    return [t for t in made if settings.publish_local or t.split(".")[0] not in PRIVATE]


def _told(found: list[Difference], of: int) -> str:
    named = "; ".join(f"{one.table} {one.how}" for one in found)
    return (
        f"{len(found)} of {of} published tables are not what the archive gives: {named}. "
        "`photofinish rebuild` makes them anew; if they differ again, it is a defect"
    )


@contextmanager
def _scratch(settings: Settings) -> Iterator[Settings]:
    """Settings whose build database is another file, which goes away at the end."""
    scratch = settings.model_copy(update={"build_name": f"{settings.build_name}.verify"})
    # A verification that was killed may have left its own.
    _remove(scratch.build)
    try:
        yield scratch
    finally:
        _remove(scratch.build)


def _remove(database: Path) -> None:
    for path in database.parent.glob(f"{database.name}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
