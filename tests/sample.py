"""A home as `photofinish demo` leaves it, made by the same steps without Prefect."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flows import pipeline
from flows.pull import pull
from flows.settings import Settings
from sources import load_sources, tidy


def sample_home(home: Path) -> Settings:
    """The bundled sample, pulled, loaded, built and published in `home`."""
    settings = Settings(home=home, tidy=tidy.SAMPLE)
    sources = load_sources()
    pull(sources[tidy.CARD.id], settings, "demo", lambda: datetime.now(UTC))
    pipeline.load_journal(settings, sources)
    pipeline.make_tables(settings, sources)
    pipeline.publish_tables(settings)
    return settings
