"""The published tables as Prefect assets: which were made, when, and from which sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.assets import Asset, AssetProperties, materialize

from flows import pipeline
from flows.settings import Settings
from sources import load_sources
from warehouse.archive import Archive
from warehouse.models import read_models
from warehouse.publish import PRIVATE
from warehouse.raw_tables import COMMENTS


def materialized(settings: Settings, **options: Any) -> Callable[[Callable[[], None]], Any]:
    """A task that materializes every published table from the sources that the archive holds."""
    return materialize(*tables(settings), asset_deps=sources(settings), by="photofinish", **options)


def tables(settings: Settings) -> list[Asset]:
    """The published tables that are made from the archive, each with what its header says it is."""
    models = read_models(pipeline.SQL, pipeline.STEPS)
    told = {model.table: model.header.grain for model in models} | COMMENTS
    return [
        _asset("tables", table, description=meaning)
        for table, meaning in sorted(told.items())
        if settings.publish_local or table.split(".")[0] not in PRIVATE
    ]


def sources(settings: Settings) -> list[str | Asset]:
    """The sources of which the archive holds something, each with its publisher's page."""
    every = load_sources()
    held = Archive(settings.archive).holding(every.keys())
    return [
        _asset("sources", id_, description=source.card.title, url=source.card.homepage or None)
        for id_, source in every.items()
        if id_ in held
    ]


def _asset(kind: str, name: str, **facts: str | None) -> Asset:
    said = {key: value for key, value in facts.items() if value}
    return Asset(
        key=f"photofinish://{kind}/{name.replace('.', '/')}",
        properties=AssetProperties(name=name, **said),
    )
