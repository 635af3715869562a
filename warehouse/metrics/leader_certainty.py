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

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from warehouse.listings import Ints, numbered

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

REACH = 7.5
"""Standard errors beyond which the normal distribution holds next to nothing: 3e-14."""
NEGLIGIBLE = 1e-9
"""An sd that is less than this part of the greatest counts as 0."""
PANEL = np.array([-5, -2.5, 0, 2.5, 5])
"""Where the panels of integration end around a model's score, in its own standard errors."""
EVENLY = np.linspace(-REACH, REACH, 16)
"""Where they end in any case, in those of the model whose chance it is."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)
CELLS = 1 << 18
"""Values of the others' distribution functions that are worked on at once, to bound the memory that takes."""


def make(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """core.entries -> the table above."""
    entries = tables["core.entries"].filter(pl.col("current") & pl.col("position").is_not_null())
    listing, listings = numbered(entries)
    position, score, sd = (entries[name].to_numpy() for name in ("position", "score", "sd"))
    measured = ~np.isnan(sd)
    first = np.flatnonzero(position == 1)
    leaders = np.empty(listings.height, dtype=np.int64)
    leaders[listing[first]] = first
    n_measured = np.bincount(listing[measured], minlength=listings.height)
    noisy = np.bincount(listing[sd > 0], minlength=listings.height) > 0
    told = measured[leaders] & (n_measured > 1) & noisy
    others = np.flatnonzero(measured & (position > 1) & told[listing])
    whose = listing[others]
    # The leader is the best in the board's direction, so the distance is how far it is ahead.
    lead = np.abs(score[leaders[whose]] - score[others])
    chances = chances_of_being_best(whose, lead, sd[others], np.where(told, sd[leaders], 0))
    return (
        entries.select("board", "task", "as_of", "snapshot_id", pl.col("model").alias("leader"))[
            leaders
        ]
        .with_columns(
            n_models=pl.Series(np.bincount(listing, minlength=listings.height)),
            n_measured=pl.Series(n_measured),
            p_leader_best=pl.Series(chances),
        )
        .filter(pl.Series(told))
    )


def chance_of_being_best(scores: Floats, sds: Floats, which: int = 0) -> float:
    """The probability that model `which` has the highest of independent normal scores.

    `scores` and `sds` have one value per model, in the same unit, higher being better. An sd of 0 is a score
    known exactly; exact scores that tie at the top share the chance.
    """
    lead, other_sds = np.delete(scores[which] - scores, which), np.delete(sds, which)
    group = np.zeros(len(lead), dtype=np.int64)
    return float(chances_of_being_best(group, lead, other_sds, sds[[which]])[0])


def chances_of_being_best(group: Ints, lead: Floats, sds: Floats, own_sds: Floats) -> Floats:
    """The probability that one model of each group has the highest of independent normal scores.

    `own_sds` has the sd of that model, one value per group. `group` (numbered from 0), `lead` and `sds` have
    one value per other model: its group, how far the one is ahead of it, and its own sd. An sd of 0 is a
    score known exactly; exact scores that tie at the top share the chance.
    """
    greatest = own_sds.copy()
    np.maximum.at(greatest, group, sds)
    sds = np.where(sds < NEGLIGIBLE * greatest[group], 0.0, sds)
    own_sds = np.where(own_sds < NEGLIGIBLE * greatest, 0.0, own_sds)
    # The rest of a long list has next to no chance of being better.
    near = (lead <= 0) | (lead < REACH * np.hypot(own_sds[group], sds))
    # In an order of their own, so that sums are the same to the last bit wherever the rows come from.
    order = np.flatnonzero(near)[np.lexsort((sds[near], lead[near], group[near]))]
    group, lead, sds = group[order], lead[order], sds[order]
    found = _of_exact(group, lead, sds, len(own_sds))
    noisy = own_sds > 0
    of_noisy = noisy[group]
    group, lead, sds = group[of_noisy], lead[of_noisy], sds[of_noisy]
    lead, widths, moving = lead / own_sds[group], sds / own_sds[group], sds > 0
    floors = np.full(len(own_sds), -np.inf)
    np.maximum.at(floors, group[~moving], -lead[~moving])
    group, lead, widths = group[moving], lead[moving], widths[moving]
    for groups, others in _alike(group, noisy):
        found[groups] = _integrals(lead[others], widths[others], floors[groups])
    return found


def _of_exact(group: Ints, lead: Floats, sds: Floats, groups: int) -> Floats:
    """The chances of models whose own scores are known exactly."""
    moving = sds > 0
    below = np.ones(groups)
    np.multiply.at(below, group[moving], scipy.special.ndtr(lead[moving] / sds[moving]))
    tied = np.bincount(group[~moving & (lead == 0)], minlength=groups)
    beaten = np.bincount(group[~moving & (lead < 0)], minlength=groups) > 0
    return np.where(beaten, 0, below / (1 + tied))


def _alike(group: Ints, chosen: NDArray[np.bool_]) -> Iterator[tuple[Ints, Ints]]:
    """The chosen groups, equally large ones together, and where the members of each are in `group`, which is
    in order."""
    sizes = np.bincount(group, minlength=len(chosen))
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes[chosen]):
        groups = np.flatnonzero(chosen & (sizes == size))
        cells = NODES.size * (EVENLY.size + PANEL.size * size) * max(size, 1)
        at_a_time = max(1, CELLS // cells)
        for begin in range(0, len(groups), at_a_time):
            some = groups[begin : begin + at_a_time]
            yield some, starts[some][:, None] + np.arange(size)


def _integrals(lead: Floats, widths: Floats, floors: Floats) -> Floats:
    """Integrals from `floors` up of the standard normal density times the others' distribution functions.

    One row per model: lead over each of the others and their sds, in sds of the model. Gauss-Legendre, in
    panels that also follow the functions which are steeper than the density.
    """
    around = PANEL[:, None] * widths[:, None, :] - lead[:, None, :]
    around = np.where(widths[:, None, :] < 1, around, REACH).reshape(len(lead), -1)
    ends = np.concatenate([np.tile(EVENLY, (len(lead), 1)), around], axis=1)
    ends = np.sort(np.clip(ends, np.clip(floors, -REACH, REACH)[:, None], REACH), axis=1)
    half = np.diff(ends) / 2
    used = half.any(axis=0)
    begins, half = ends[:, :-1][:, used, None], half[:, used, None]
    at = begins + half * (1 + NODES)
    z = (at[..., None] + lead[:, None, None, :]) / widths[:, None, None, :]
    density = scipy.special.ndtr(z).prod(axis=-1) * np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    # Panels that nobody here uses are summed as zeros: which they are must not change the last bit.
    panels = np.zeros((len(lead), used.size))
    panels[:, used] = (density * half * WEIGHTS).sum(axis=2)
    found: Floats = np.minimum(1.0, panels.sum(axis=1))
    return found
