"""One row per board, task and pair of consecutive comparable snapshots: how alike the two orders are.

board        the board
task         the task
as_of        date of the later snapshot
prev_as_of   date of the snapshot before
kendall_tau  tau-b over the models in both; null with fewer than two, or where one order is all ties
rbo          rank-biased overlap of the two lists, extrapolated, p = 0.9

key: board, task, as_of
never null: prev_as_of
scope: step
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from warehouse.rank_statistics import kendall_taus, rbos

READS = {
    "core.steps": (
        "board",
        "task",
        "as_of",
        "prev_as_of",
        "snapshot_id",
        "prev_snapshot_id",
        "comparable",
        "depth",
    ),
    "core.entries": ("snapshot_id", "task", "model", "position", "rank"),
}

AT_A_TIME = 2_000
"""Steps that are worked on at once, to bound the memory that takes."""


def make(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """core.steps and core.entries -> the table above."""
    steps = tables["core.steps"].filter("comparable").sort("board", "task", "as_of")
    listings = steps.select(
        pl.col("snapshot_id").append(pl.col("prev_snapshot_id")),
        pl.col("task").append(pl.col("task")),
    ).unique(maintain_order=True)
    listings = listings.with_columns(listing=pl.int_range(pl.len(), dtype=pl.Int32))
    entries = (
        tables["core.entries"]
        .filter(pl.col("position").is_not_null())
        .join(listings, on=("snapshot_id", "task"))
        .select("listing", pl.col("model").rank("dense").cast(pl.Int32), "position", "rank")
        .sort("listing")
    )
    pairs = steps.select(
        "depth", *(_listing(steps, listings, name) for name in ("snapshot_id", "prev_snapshot_id"))
    )
    found = [_agreement(part, entries) for part in pairs.iter_slices(AT_A_TIME)]
    agreement = pl.concat(found) if found else pl.DataFrame(schema=AGREEMENT)
    return steps.select("board", "task", "as_of", "prev_as_of").hstack(agreement)


AGREEMENT = {"kendall_tau": pl.Float64, "rbo": pl.Float64}


def _listing(steps: pl.DataFrame, listings: pl.DataFrame, name: str) -> pl.Series:
    keys = steps.select(pl.col(name).alias("snapshot_id"), "task")
    joined = keys.join(listings, on=("snapshot_id", "task"), how="left", maintain_order="left")
    return joined["listing"].alias(name)


def _agreement(pairs: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Per pair of listings (depth, snapshot_id, prev_snapshot_id): kendall_tau and rbo."""
    numbered = pairs.with_row_index("pair")
    now, before = (
        numbered.select("pair", "depth", pl.col(name).alias("listing"))
        .join(entries, on="listing")
        .filter(pl.col("depth").is_null() | (pl.col("position") <= pl.col("depth")))
        .select("pair", "model", "rank")
        for name in ("snapshot_id", "prev_snapshot_id")
    )
    common = now.join(before, on=("pair", "model"), suffix="_before")
    pair, rank, rank_before = (_ints(common[c]) for c in ("pair", "rank", "rank_before"))
    one, two = ((_ints(side["pair"]), _ints(side["rank"])) for side in (now, before))
    return pl.DataFrame(
        {
            "kendall_tau": kendall_taus(pair, rank, rank_before, pairs.height),
            "rbo": rbos(one, two, (pair, np.maximum(rank, rank_before)), pairs.height),
        },
        schema=AGREEMENT,
    ).fill_nan(None)


def _ints(column: pl.Series) -> NDArray[np.int64]:
    return column.cast(pl.Int64).to_numpy()
