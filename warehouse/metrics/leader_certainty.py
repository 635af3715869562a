"""One row per board, task and date with noise: how probable it is that the first is really the best.

board          the board
task           the task
as_of          the date of the snapshot
snapshot_id    the snapshot
leader         the model in position 1
n_models       models with a score
n_measured     those of them whose noise is known, the leader included; the others are left out
p_leader_best  probability that the leader's true score is the best of these, all being independent normals

key: board, task, as_of
never null: leader, p_leader_best
always: n_measured between 2 and n_models
always: p_leader_best between 0 and 1
scope: date
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import log_ndtr

READS = {
    "core.entries": (
        "board",
        "task",
        "as_of",
        "snapshot_id",
        "model",
        "score",
        "sd",
        "position",
        "current",
    )
}

Floats = NDArray[np.float64]

MEASURED = pl.col("sd").is_not_null()
REACH = 7.5
"""Standard errors beyond which the normal distribution holds next to nothing: 3e-14."""
NEGLIGIBLE = 1e-9
"""An sd that is less than this part of the greatest counts as 0."""
PANEL = np.array([-5, -2.5, 0, 2.5, 5])
"""Where the panels of integration end around a model's score, in its own standard errors."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)


def make(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """core.entries -> the table above."""
    boards = (
        tables["core.entries"]
        .filter(pl.col("current") & pl.col("position").is_not_null())
        .sort("position")
        .group_by("board", "task", "as_of", "snapshot_id", maintain_order=True)
        .agg(
            pl.col("model").first().alias("leader"),
            pl.len().alias("n_models"),
            MEASURED.sum().alias("n_measured"),
            # The leader is the best in the board's direction, so the distance is how far it is ahead.
            (pl.col("score").first() - pl.col("score")).abs().filter(MEASURED).alias("behind"),
            pl.col("sd").first().alias("leader_sd"),
            pl.col("sd").filter(MEASURED).alias("sds"),
        )
        .filter(pl.col("leader_sd").is_not_null() & (pl.col("n_measured") > 1))
        .filter(pl.col("sds").list.max() > 0)
    )
    chances = [
        chance_of_being_best(-np.array(behind), np.array(sds))
        for behind, sds in boards.select("behind", "sds").iter_rows()
    ]
    return boards.drop("behind", "leader_sd", "sds").with_columns(
        pl.col("n_models", "n_measured").cast(pl.Int64),
        pl.Series("p_leader_best", chances, dtype=pl.Float64),
    )


def chance_of_being_best(scores: Floats, sds: Floats, which: int = 0) -> float:
    """The probability that model `which` has the highest of independent normal scores.

    `scores` and `sds` have one value per model, in the same unit, higher being better. An sd of 0 is a score
    known exactly; exact scores that tie at the top share the chance.
    """
    sds = np.where(sds < NEGLIGIBLE * sds.max(), 0.0, sds)
    lead = scores[which] - np.delete(scores, which).astype(np.float64)
    own_sd, other_sds = float(sds[which]), np.delete(sds, which)
    # The rest of a long list has next to no chance of being better.
    near = (lead <= 0) | (lead < REACH * np.hypot(own_sd, other_sds))
    lead, other_sds = lead[near], other_sds[near]
    moving = other_sds > 0
    exact, lead, other_sds = lead[~moving], lead[moving], other_sds[moving]
    if own_sd > 0:
        floor = -exact.min(initial=np.inf) / own_sd
        return _integral(lead / own_sd, other_sds / own_sd, floor)
    if np.any(exact < 0):
        return 0.0
    return float(np.exp(log_ndtr(lead / other_sds).sum()) / (1 + exact.size))


def _integral(lead: Floats, widths: Floats, floor: float) -> float:
    """The integral from `floor` up of the standard normal density times the others' distribution functions.

    Lead over the others and their sds are in sds of the model. Gauss-Legendre, in panels that also follow
    the functions which are steeper than the density.
    """
    steep = widths < 1
    around = np.outer(PANEL, widths[steep]) - lead[steep]
    ends = np.concatenate([np.linspace(-REACH, REACH, 16), around.ravel()])
    ends = np.unique(np.clip(ends, np.clip(floor, -REACH, REACH), REACH))
    half = np.diff(ends)[:, None] / 2
    at = ends[:-1, None] + half * (1 + NODES)
    below = log_ndtr((at[..., None] + lead) / widths).sum(axis=-1)
    density = np.exp(below - at**2 / 2) / np.sqrt(2 * np.pi)
    return float(min(1.0, (density * half * WEIGHTS).sum()))
