"""Numbers for listings (snapshot and task), so that their rows can be worked on as flat arrays."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def numbered(entries: pl.DataFrame) -> tuple[Ints, pl.DataFrame]:
    """The number from 0 of each row's listing, and what the numbers stand for: snapshot_id, task, listing."""
    # The rows of a listing mostly stand together, and few names are quicker to look up than many.
    runs = (
        entries.select(pl.struct("snapshot_id", "task").rle().alias("run"))
        .unnest("run")
        .unnest("value")
    )
    listings = (
        runs.select("snapshot_id", "task")
        .unique(maintain_order=True)
        .with_columns(listing=pl.int_range(pl.len()))
    )
    joined = runs.join(listings, on=("snapshot_id", "task"), maintain_order="left")
    return np.repeat(joined["listing"].to_numpy(), joined["len"].to_numpy()), listings
