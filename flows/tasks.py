"""The steps that every flow ends with, as Prefect tasks."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows import pipeline
from flows.progress import announce
from flows.settings import Settings
from sources import load_sources


@task(name="load", cache_policy=NO_CACHE)
def load() -> int:
    """Bring the database up to the journal. Returns the number of payloads parsed."""
    return pipeline.load_journal(Settings(), load_sources(), announce("reading payloads"))


@task(name="transform", cache_policy=NO_CACHE)
def transform() -> None:
    """Make every table anew and hold it to its promises."""
    pipeline.make_tables(Settings(), load_sources(), announce("making tables"))


@task(name="publish", cache_policy=NO_CACHE)
def publish() -> None:
    """Put the new tables where analysts look, by one rename."""
    pipeline.publish_tables(Settings())
