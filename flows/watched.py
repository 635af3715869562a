"""What is asked of each source, and when: what its card says, in the words of warehouse/health.py too."""

from __future__ import annotations

from datetime import datetime

from flows.settings import Settings
from sources import Source, load_sources, tidy
from warehouse.health import Watched


def files_of(source: Source, settings: Settings, day: datetime) -> list[tuple[str, ...]]:
    """The files to get from a source: for each, the URLs to try in order."""
    if source.id == tidy.CARD.id:
        return [(url,) for url in tidy.files(settings.tidy)] if settings.tidy else []
    return source.card.requests(day.date())


def watched(settings: Settings, day: datetime) -> dict[str, Watched]:
    """Per source its cadence and the files that are asked for on `day`."""
    return {
        id_: Watched(source.card.cadence, files_of(source, settings, day))
        for id_, source in load_sources().items()
    }
