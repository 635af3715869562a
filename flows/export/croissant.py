"""A Croissant description (MLCommons, version 1.0) of exported tables.

http://mlcommons.org/croissant/1.0 is the format; its context is written out, as the format asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from flows.export.about import Package
from flows.export.datasets import Dataset
from flows.export.feeds import absolute
from flows.export.files import File
from flows.export.formats import plain
from flows.export.jsonld import PROJECT, creators, licences

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
ENCODINGS = {"parquet": "application/x-parquet", "csv": "text/csv", "json": "application/json"}
"""The names Croissant has for the formats; Parquet's registered one is not among them."""
_CR = [
    "citeAs",
    "column",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
]
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _CR},
}


def croissant(datasets: Sequence[Dataset], package: Package, site_url: str = "") -> dict[str, Any]:
    """croissant.json for the folder that the datasets are written in: their files with sha256, and one
    record set per table with the meaning and type of each column, read from Parquet where it is there."""
    rights = [one for dataset in datasets for one in dataset.about.rights]
    told = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": PROJECT,
        "description": package.description,
        "url": absolute(site_url, "") or None,
        "license": licences(rights),
        "creator": creators(rights),
        "publisher": {"@type": "Organization", "name": PROJECT},
        "citeAs": f"{package.title}, as published {package.published:%Y-%m-%d %H:%M} UTC",
        "datePublished": plain(package.published),
        "version": package.version,
        "distribution": [_file(file) for dataset in datasets for file in dataset.files],
        "recordSet": [_record_set(dataset) for dataset in datasets],
    }
    return {key: value for key, value in told.items() if value not in (None, [], "")}


def _file(file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": ENCODINGS[file.name.rsplit(".", 1)[1]],
        "sha256": file.sha256,
    }


def _record_set(dataset: Dataset) -> dict[str, Any]:
    source = dataset.file("parquet", "csv", "json")
    told: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": dataset.name,
        "name": dataset.name,
        "description": dataset.about.description,
        "key": [{"@id": f"{dataset.name}/{column}"} for column in dataset.about.key],
        "field": [
            _field(dataset, column, dtype, source.name) for column, dtype in dataset.schema.items()
        ],
    }
    return {key: value for key, value in told.items() if value not in ([], "")}


def _field(dataset: Dataset, column: str, dtype: pl.DataType, file: str) -> dict[str, Any]:
    """A list is repeated in Parquet and JSON; in CSV it is the text of one cell."""
    extract = {"jsonPath": f"$[*].{column}"} if file.endswith(".json") else {"column": column}
    listed = isinstance(dtype, pl.List) and not file.endswith(".csv")
    inner = dtype.inner if listed else dtype  # type: ignore[attr-defined]
    unit = dataset.about.units.get(column)
    meaning = dataset.about.columns.get(column, "")
    return {
        "@type": "cr:Field",
        "@id": f"{dataset.name}/{column}",
        "name": column,
        "description": f"{meaning} [{unit}]" if unit else meaning,
        "dataType": _typed(inner),
        **({"repeated": True} if listed else {}),
        "source": {"fileObject": {"@id": file}, "extract": extract},
    }


def _typed(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "sc:DateTime"
    if dtype.is_integer():
        return "sc:Integer"
    if dtype.is_numeric():
        return "sc:Float"
    return {pl.Boolean: "sc:Boolean", pl.Date: "sc:Date"}.get(type(dtype), "sc:Text")
