"""The steps that every flow ends with, as Prefect tasks."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows import assets, log, pipeline
from flows.alerts.run import Alerted, deliver_and_announce, evaluate_and_save
from flows.progress import announce
from flows.redact import redacted
from flows.settings import Settings
from sources import load_sources


@task(name="load", cache_policy=NO_CACHE)
def load() -> int:
    """Bring the database up to the journal. Returns the number of payloads parsed."""
    with log.step("load") as told:
        parsed = pipeline.load_journal(Settings(), load_sources(), announce("reading payloads"))
        told["parsed"] = parsed
    return parsed


@task(name="transform", cache_policy=NO_CACHE)
def transform() -> None:
    """Bring every table up to date and hold it to its promises."""
    with log.step("transform"):
        pipeline.make_tables(Settings(), load_sources(), announce("making tables"))


def publish() -> None:
    """Put the new tables where analysts look, by one rename, and tell Prefect which they are."""
    settings = Settings()

    @assets.materialized(settings, name="publish", cache_policy=NO_CACHE)
    def put() -> None:
        with log.step("publish"):
            pipeline.publish_tables(settings)

    put()


@task(name="evaluate alerts", cache_policy=NO_CACHE)
def evaluate_alerts(now: datetime, quiet: bool = False) -> Alerted:
    """Hold the made tables to the rules; `quiet` for the past, of which nobody is told."""
    with log.step("evaluate alerts") as told:
        alerted = evaluate_and_save(Settings(), now, quiet)
        told["events"] = len(alerted.events)
    return alerted


@task(name="send alerts", cache_policy=NO_CACHE)
def send_alerts(run_id: str, alerted: Alerted) -> Alerted:
    """Send what waits, and tell Prefect of it."""
    with log.step("send alerts") as told:
        alerted = deliver_and_announce(Settings(), run_id, datetime.now(UTC), alerted)
        told.update(sent=alerted.sent, channels_failed=sorted(alerted.failed))
    return alerted


@task(name="publish the page", cache_policy=NO_CACHE)
def publish_page() -> str:
    """Write the site of the published tables. What goes wrong is returned, and costs the run nothing."""
    from flows.page.site import publish_site

    settings = Settings()
    if not settings.page:
        return ""
    with log.step("publish the page"):
        try:
            publish_site(settings, announce("writing pages"))
        # Whatever it is, the tables are published and the next run writes the page again.
        except Exception as error:  # noqa: BLE001
            return redacted(f"the page is as it was before: {type(error).__name__}: {error}")
    return ""
