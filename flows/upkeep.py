"""Flows beside the daily one: verify that the tables follow from the archive; publish them anew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import pipeline
from flows.progress import announce
from flows.settings import Settings
from flows.tasks import publish, publish_page
from flows.verify import Differs, verified
from sources import load_sources


class NothingBuilt(Exception):
    """There is no build database yet."""


@task(name="verify", cache_policy=NO_CACHE)
def compare() -> int:
    """Rebuild into a scratch database and compare. Returns how many tables are the same."""
    return verified(
        Settings(), load_sources(), lambda what, done, total: announce(what)(done, total)
    )


@flow(
    name="photofinish-verify",
    flow_run_name=lambda: f"verify {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
)
def verify() -> State[Any]:
    """Hold the published tables to the archive. A run that finds a difference has failed and names it."""
    with pipeline.only_run(Settings(), "a verification"):
        try:
            tables = compare()
        except Differs as error:
            return Failed(name="Differs", message=str(error))
    return Completed(message=f"{tables} published tables are what the archive gives", data=tables)


@flow(
    name="photofinish-publish",
    flow_run_name=lambda: f"publish {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
)
def publish_anew() -> State[Any]:
    """Publish the tables as they were last made, and write the page of them."""
    settings = Settings()
    with pipeline.only_run(settings, "a publication"):
        if not settings.build.exists():
            raise NothingBuilt(
                f"{settings.build} is not there, so there is nothing to publish: `photofinish run` makes it"
            )
        publish()
        trouble = publish_page()
    return Failed(message=trouble) if trouble else Completed(message="published")
