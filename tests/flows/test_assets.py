"""The published tables as Prefect assets, without a server: what the task that publishes says it makes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from prefect.tasks import MaterializingTask, Task

from flows import assets, pipeline, tasks
from flows.settings import Settings
from sources import load_sources
from tests.conftest import landed, scored, tidy_csv
from warehouse.archive import Archive
from warehouse.reader import reader

NOW = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def home(settings: Settings) -> Settings:
    archive = Archive(settings.archive)
    payload = tidy_csv(scored(ada=2, bea=1), "2025-01-01", {})
    archive.append([landed(archive, payload, NOW, "file:///b.csv")])
    return settings


def test_who_publishes_materializes_every_published_table_from_the_sources_held(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[Any] = []

    def call(task: Any) -> Any:
        run.append(task)
        return task.fn()

    monkeypatch.setattr(Task, "__call__", call)
    pipeline.load_journal(home, load_sources())
    pipeline.make_tables(home, load_sources())
    tasks.publish()
    (task,) = run
    assert isinstance(task, MaterializingTask)
    assert task.materialized_by == "photofinish"
    told = {asset.key: asset.properties for asset in task.assets}
    gaps = told["photofinish://tables/metrics/gaps"]
    assert gaps
    assert (gaps.name, (gaps.description or "")[:20]) == ("metrics.gaps", "One row per snapshot")
    assert [asset.key for asset in task.asset_deps] == ["photofinish://sources/tidy"]
    with reader(home.published) as db:
        shown = db.sql(
            "select table_schema || '/' || table_name from information_schema.tables "
            "where table_catalog = current_catalog() and table_schema <> 'alerts'"
        ).fetchall()
    assert {f"photofinish://tables/{name}" for (name,) in shown} == set(told)


def test_a_table_that_is_not_published_is_no_asset(home: Settings) -> None:
    open_ = home.model_copy(update={"publish_local": True})
    private = {a.key for a in assets.tables(open_)} - {a.key for a in assets.tables(home)}
    assert private
    assert all(key.startswith("photofinish://tables/local/") for key in private)
