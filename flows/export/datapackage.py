"""A Frictionless data package (version 1) of exported tables: https://specs.frictionlessdata.io."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from flows.export.about import NOT_STATED, Package, Rights
from flows.export.datasets import Dataset
from flows.export.formats import plain
from flows.export.jsonld import PROJECT, SPDX, licence_url

REFERENCES = {"board": "core.boards", "snapshot_id": "core.snapshots"}
"""Columns that always name a row of another table. In alerts.* a board may be the id of a source."""


def datapackage(datasets: Sequence[Dataset], package: Package) -> dict[str, Any]:
    """datapackage.json for the folder that the datasets are written in: one resource per table, from its
    CSV file where there is one, with types, meanings, primary and foreign keys."""
    names = {dataset.name for dataset in datasets}
    rights = list(dict.fromkeys(one for d in datasets for one in d.about.rights))
    tabular = all(
        dataset.file("csv", "json", "parquet").name.endswith(".csv") for dataset in datasets
    )
    told = {
        "profile": "tabular-data-package" if tabular else "data-package",
        "name": PROJECT,
        "title": package.title,
        "description": package.description,
        "version": package.version,
        "created": plain(package.published),
        "licenses": _licences(rights),
        "sources": _sources(rights),
        "resources": [_resource(dataset, names) for dataset in datasets],
    }
    return {key: value for key, value in told.items() if value not in ([], "")}


def _resource(dataset: Dataset, names: set[str]) -> dict[str, Any]:
    file = dataset.file("csv", "json", "parquet")
    kind = file.name.rsplit(".", 1)[1]
    text = {"encoding": "utf-8"} if kind != "parquet" else {}
    return {
        "profile": "tabular-data-resource" if kind == "csv" else "data-resource",
        "name": dataset.name,
        "path": file.name,
        "description": dataset.about.description,
        "format": kind,
        "mediatype": file.media_type,
        **text,
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "schema": _schema(dataset, names),
    }


def _schema(dataset: Dataset, names: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "fields": [_field(dataset, column, dtype) for column, dtype in dataset.schema.items()]
    }
    if dataset.about.key:
        told["primaryKey"] = list(dataset.about.key)
    keys = [
        {"fields": [column], "reference": {"resource": table, "fields": [column]}}
        for column, table in REFERENCES.items()
        if column in dataset.schema and table in names - {dataset.name}
    ]
    if keys and not dataset.name.startswith("alerts."):
        told["foreignKeys"] = keys
    return told


def _field(dataset: Dataset, column: str, dtype: pl.DataType) -> dict[str, Any]:
    unit = dataset.about.units.get(column)
    return {
        "name": column,
        "type": _typed(dtype),
        "description": dataset.about.columns.get(column, ""),
        **({"unit": unit} if unit else {}),
    }


def _typed(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.List):
        return "array"
    if isinstance(dtype, pl.Datetime):
        return "datetime"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    return {pl.Boolean: "boolean", pl.Date: "date"}.get(type(dtype), "string")


def _licences(rights: Sequence[Rights]) -> list[dict[str, str]]:
    """Each licence that is stated, once. A name must be one that machines know; other wordings are titles."""
    found = []
    for licence in dict.fromkeys(one.licence for one in rights if one.licence != NOT_STATED):
        url = licence_url(licence)
        known = {"name": url.removeprefix(SPDX).removesuffix(".html"), "path": url}
        found.append({**(known if url.startswith(SPDX) else {"name": "other"}), "title": licence})
    return found


def _sources(rights: Sequence[Rights]) -> list[dict[str, str]]:
    """Each publisher once."""
    found = {}
    for one in rights:
        if one.credit or one.homepage:
            title = one.credit or one.title
            found[title] = {"title": title, **({"path": one.homepage} if one.homepage else {})}
    return list(found.values())
