"""Models by tasks: rows, cells and how bright each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from flows.page.words import digits, score

Row = Mapping[str, Any]
LEVELS = 7


def tasks_of(cells: pl.DataFrame) -> list[dict[str, Any]]:
    """The tasks of a heat map, the widest spread first."""
    return cells.unique("task").sort("spread", "task", descending=[True, False]).to_dicts()


def heat(cells: pl.DataFrame) -> dict[str, Any] | None:
    """Rows and cells of the heat map, tasks by spread, the widest first; None without tasks."""
    if cells.is_empty():
        return None
    tasks = tasks_of(cells)
    decimals = min(digits(cells["score"]), 1)
    rows = []
    for (model, profile), found in cells.group_by("model", "profile", maintain_order=True):
        by_task = {row["task"]: row for row in found.iter_rows(named=True)}
        rows.append(
            {
                "model": model,
                "profile": profile,
                "cells": [_cell(by_task.get(task["task"]), decimals) for task in tasks],
            }
        )
    heads = [{**task, "spread": score(task["spread"], decimals)} for task in tasks]
    return {"as_of": cells["as_of"][0], "tasks": heads, "rows": rows}


def _cell(row: Row | None, decimals: int) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "level": min(int(row["shade"] * LEVELS), LEVELS - 1),
        "score": score(row["score"], decimals),
    }
