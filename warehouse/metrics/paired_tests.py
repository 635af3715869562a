"""One row per snapshot, task and pair of neighbours in position: are they apart on the cases both were asked?

board        the board
task         the task
as_of        the date of the snapshot
snapshot_id  the snapshot
model        the better-placed model
next_model   the model one position below it
n_cases      cases that both were asked
better       cases on which the better-placed model scored higher
worse        cases on which the model below it did
p            McNemar's exact test, two-sided; the sign test where cases have fractional scores
p_holm       the same, corrected after Holm for the number of neighbours on this snapshot and task
apart        whether p_holm is below 0.05

key: board, task, as_of, model
never null: snapshot_id, next_model, n_cases, better, worse, p, p_holm, apart
always: p between 0 and 1
always: p_holm between p and 1
always: apart = (p_holm < 0.05)
scope: date
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

READS = ("metrics.paired_counts",)

LEVEL = 0.05
GROUP = ("snapshot_id", "task")


def make(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """metrics.paired_counts -> the table above."""
    counts = tables["metrics.paired_counts"]
    p = exact_p(counts["better"].to_numpy(), counts["worse"].to_numpy())
    # Holm 1979: the i-th smallest of m p-values times m - i + 1, and none below the one before.
    steps = pl.len().over(GROUP) - pl.int_range(pl.len()).over(GROUP)
    return (
        counts.with_columns(pl.Series("p", p, dtype=pl.Float64))
        .sort(*GROUP, "p", "position")
        .with_columns((pl.col("p") * steps).clip(0, 1).cum_max().over(GROUP).alias("p_holm"))
        .with_columns((pl.col("p_holm") < LEVEL).alias("apart"))
        .drop("position")
    )


def exact_p(better: NDArray[np.int64], worse: NDArray[np.int64]) -> NDArray[np.float64]:
    """The two-sided exact binomial p-value of each pair of counts; 1 where both are zero.

    Cases on which two models score the same say nothing of which is better; of the others each is a
    fair coin if they are equally good. McNemar 1947, "Note on the sampling error of the difference
    between correlated proportions or percentages", Psychometrika 12, in its exact form.
    """
    discordant = better + worse
    tail = scipy.special.bdtr(np.minimum(better, worse).astype(float), discordant, 0.5)
    found: NDArray[np.float64] = np.minimum(1.0, 2 * tail)
    return found
