"""A Croissant description (MLCommons, version 1.0) of exported tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flows.export.datasets import Dataset


def croissant(
    datasets: Sequence[Dataset],
    *,
    title: str,
    description: str,
    published: datetime,
    version: str,
    site_url: str = "",
) -> dict[str, Any]:
    """croissant.json for the folder that the datasets are written in: files with their sha256, and one
    record set per table with the meaning and type of each column."""
    raise NotImplementedError
