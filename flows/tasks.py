"""The steps that every flow ends with, as Prefect tasks."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows import pipeline
from flows.alerts.run import Alerted, deliver_and_announce, evaluate_and_save
from flows.progress import announce
from flows.settings import Settings
from sources import load_sources


@task(name="load", cache_policy=NO_CACHE)
def load() -> int:
    """Bring the database up to the journal. Returns the number of payloads parsed."""
    return pipeline.load_journal(Settings(), load_sources(), announce("reading payloads"))


@task(name="transform", cache_policy=NO_CACHE)
def transform() -> None:
    """Bring every table up to date and hold it to its promises."""
    pipeline.make_tables(Settings(), load_sources(), announce("making tables"))


@task(name="publish", cache_policy=NO_CACHE)
def publish() -> None:
    """Put the new tables where analysts look, by one rename."""
    pipeline.publish_tables(Settings())


@task(name="evaluate alerts", cache_policy=NO_CACHE)
def evaluate_alerts(now: datetime, quiet: bool = False) -> Alerted:
    """Hold the made tables to the rules; `quiet` for the past, of which nobody is told."""
    return evaluate_and_save(Settings(), now, quiet)


@task(name="send alerts", cache_policy=NO_CACHE)
def send_alerts(run_id: str, alerted: Alerted) -> Alerted:
    """Send what waits, and tell Prefect of it."""
    return deliver_and_announce(Settings(), run_id, datetime.now(UTC), alerted)
