"""One row per board, task and pair of consecutive comparable snapshots: how alike the two orders are.

board        the board
task         the task
as_of        date of the later snapshot
prev_as_of   date of the snapshot before
kendall_tau  tau-b over the models in both; null with fewer than two, or where one order is all ties
rbo          rank-biased overlap of the two lists, extrapolated, p = 0.9

key: board, task, as_of
never null: prev_as_of
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from warehouse.rank_statistics import kendall_tau, rbo

READS = ("core.steps", "core.entries")

Ranking = dict[str, int]


def make(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """core.steps and core.entries -> the table above."""
    steps = tables["core.steps"].filter("comparable").sort("board", "task", "as_of")
    rankings = _rankings(tables["core.entries"])
    rows = []
    for step in steps.iter_rows(named=True):
        depth = step["depth"]
        now = _down_to(rankings[step["snapshot_id"], step["task"]], depth)
        before = _down_to(rankings[step["prev_snapshot_id"], step["task"]], depth)
        common = sorted(now.keys() & before.keys())
        tau = kendall_tau(
            np.array([now[model] for model in common], dtype=np.int64),
            np.array([before[model] for model in common], dtype=np.int64),
        )
        key = (step["board"], step["task"], step["as_of"], step["prev_as_of"])
        rows.append((*key, tau, rbo(now, before)))
    schema = steps.select("board", "task", "as_of", "prev_as_of").schema
    return pl.DataFrame(
        rows, schema={**schema, "kendall_tau": pl.Float64, "rbo": pl.Float64}, orient="row"
    )


def _rankings(entries: pl.DataFrame) -> dict[tuple[str, str], Ranking]:
    """Per snapshot and task the ranks by model, in order of position."""
    ranked = (
        entries.filter(pl.col("position").is_not_null())
        .sort("position")
        .group_by("snapshot_id", "task", maintain_order=True)
        .agg("model", "rank")
    )
    return {
        (snapshot_id, task): dict(zip(models, ranks, strict=True))
        for snapshot_id, task, models, ranks in ranked.iter_rows()
    }


def _down_to(ranking: Ranking, depth: int | None) -> Ranking:
    if depth is None:
        return ranking
    return dict(list(ranking.items())[:depth])
