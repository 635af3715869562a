"""What the cards say of each source, in the words of warehouse/health.py."""

from __future__ import annotations

from datetime import datetime

from flows.pipeline import files_of
from flows.settings import Settings
from sources import load_sources
from warehouse.health import Watched


def watched(settings: Settings, day: datetime) -> dict[str, Watched]:
    """Per source its cadence and the files that are asked for on `day`."""
    return {
        id_: Watched(source.card.cadence, files_of(source, settings, day))
        for id_, source in load_sources().items()
    }
