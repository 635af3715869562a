"""A Frictionless data package of exported tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flows.export.datasets import Dataset


def datapackage(
    datasets: Sequence[Dataset], *, title: str, description: str, published: datetime, version: str
) -> dict[str, Any]:
    """datapackage.json for the folder that the datasets are written in: one resource per table with types
    and keys of its columns, from the CSV file where there is one."""
    raise NotImplementedError
