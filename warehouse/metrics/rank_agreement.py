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
from dataclasses import dataclass

import numpy as np
import polars as pl

from warehouse.listings import Ints, numbered
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

CELLS = 1 << 20
"""Pairs times models that are worked on at once, to bound the memory that takes."""


def make(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """core.steps and core.entries -> the table above."""
    listings, numbers = _listings(tables["core.entries"])
    earlier = numbers.rename({"snapshot_id": "prev_snapshot_id", "listing": "prev_listing"})
    # Where a part is made anew, a step to the date before it may lack what it came from; it stays as it was.
    steps = (
        tables["core.steps"]
        .filter("comparable")
        .join(numbers, on=("snapshot_id", "task"))
        .join(earlier, on=("prev_snapshot_id", "task"))
        .sort("board", "task", "as_of")
    )
    now, before = (steps[name].to_numpy() for name in ("listing", "prev_listing"))
    depth = steps["depth"].fill_null(len(listings.model)).to_numpy()
    at_a_time = max(1, CELLS // max(1, listings.models))
    parts = [slice(begin, begin + at_a_time) for begin in range(0, steps.height, at_a_time)]
    found = [_agreement(listings, now[part], before[part], depth[part]) for part in parts]
    agreement = pl.concat(found) if found else pl.DataFrame(schema=AGREEMENT)
    return steps.select("board", "task", "as_of", "prev_as_of").hstack(agreement)


AGREEMENT = {"kendall_tau": pl.Float64, "rbo": pl.Float64}


@dataclass(frozen=True)
class Listings:
    """The scored models of every listing, one listing after the other, each in the order of positions."""

    starts: Ints
    lengths: Ints
    model: Ints
    rank: Ints
    models: int
    """Models are numbered from 0 to below this."""

    def top(self, listing: Ints, depth: Ints) -> tuple[Ints, Ints, Ints]:
        """Of each of these listings the models down to its depth: which of these listings, model, rank."""
        lengths = np.minimum(self.lengths[listing], depth)
        ends = np.cumsum(lengths)
        at = np.arange(lengths.sum()) + np.repeat(self.starts[listing] - ends + lengths, lengths)
        return np.repeat(np.arange(len(listing)), lengths), self.model[at], self.rank[at]


def _listings(entries: pl.DataFrame) -> tuple[Listings, pl.DataFrame]:
    """The listings, and which number (listing) each snapshot_id and task has."""
    entries = entries.filter(pl.col("position").is_not_null())
    listing, numbers = numbered(entries)
    lengths = np.bincount(listing, minlength=numbers.height)
    starts = np.cumsum(lengths) - lengths
    names = pl.Enum(entries["model"].unique())
    # Positions go from 1 without a gap, so they say where a row belongs.
    at = starts[listing] + entries["position"].to_numpy() - 1
    model, rank = np.empty_like(at), np.empty_like(at)
    model[at] = entries["model"].cast(names).to_physical().to_numpy()
    rank[at] = entries["rank"].to_numpy()
    return Listings(starts, lengths, model, rank, len(names.categories)), numbers


def _agreement(listings: Listings, now: Ints, before: Ints, depth: Ints) -> pl.DataFrame:
    """Per pair of listings, compared down to a depth: kendall_tau and rbo."""
    pairs = len(now)
    pair, model, rank = listings.top(now, depth)
    pair_before, model_before, rank_before = listings.top(before, depth)
    looked_up = np.zeros((pairs, listings.models), dtype=np.int64)
    looked_up[pair_before, model_before] = rank_before
    was = looked_up[pair, model]
    common = was > 0
    shared, one, two = pair[common], rank[common], was[common]
    worse = shared, np.maximum(one, two)
    return pl.DataFrame(
        {
            "kendall_tau": kendall_taus(shared, one, two, pairs),
            "rbo": rbos((pair, rank), (pair_before, rank_before), worse, pairs),
        },
        schema=AGREEMENT,
    ).fill_nan(None)
