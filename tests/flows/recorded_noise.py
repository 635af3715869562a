"""How sure the recorded boards are, worked out from published scores with numpy and statsmodels alone."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

Floats = NDArray[np.float64]
Key = tuple[str, str, date]


@dataclass(frozen=True)
class Ranked:
    """The scored models of one snapshot, best first, equal scores by name. sds are NaN where unknown."""

    models: list[str]
    scores: Floats
    sds: Floats

    @property
    def z(self) -> Floats:
        """Of each model but the first the distance to it in standard errors; NaN where unknown."""
        noise = np.hypot(self.sds[0], self.sds[1:])
        return np.abs(self.scores[0] - self.scores[1:]) / np.where(noise == 0, np.nan, noise)


def ranked(db: duckdb.DuckDBPyConnection, where: str = "true") -> dict[Key, Ranked]:
    """Every current snapshot with a score, from what the publishers state and nothing derived."""
    listed = db.sql(
        "select entries.board, task, as_of, model, score, ci_low, ci_high, n, scale, unit = '%' as percent, "
        "if(higher_is_better, 1, -1) * score as goodness from core.entries as entries "
        f"join core.boards as boards using (board) where current and score is not null and {where}"
    ).pl()
    whole = np.where(listed["percent"], 100.0, 1.0)
    score, n = listed["score"].to_numpy(), listed["n"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    ends = [listed[c].fill_null(np.nan).to_numpy() for c in ("ci_low", "ci_high")]
    proportion = (listed["scale"] == "proportion").to_numpy() & (score >= 0) & (score <= whole)
    binomial = np.sqrt(np.where(proportion, score * (whole - score) / n, np.nan))
    width = (ends[1] - ends[0]) / 3.92
    sds = np.where(np.isnan(width), binomial, width)
    parts = (
        listed.with_columns(pl.Series("sd", sds))
        .sort("goodness", "model", descending=[True, False])
        .partition_by("board", "task", "as_of", as_dict=True, include_key=False)
    )
    return {
        key: Ranked(part["model"].to_list(), part["score"].to_numpy(), part["sd"].to_numpy())
        for key, part in parts.items()
    }


def opinions(db: duckdb.DuckDBPyConnection) -> dict[Key, dict[str, Any]]:
    """Per current snapshot leader, verdict, n_tied and tied_models; Holm by statsmodels."""
    boards = ranked(db)
    # statsmodels collects garbage at each call, which takes long among the objects of a test session.
    gc.freeze()
    try:
        return {key: _opinion(board) for key, board in boards.items()}
    finally:
        gc.unfreeze()


def _opinion(board: Ranked) -> dict[str, Any]:
    z = board.z
    known = ~np.isnan(z)
    rejected = np.ones(z.size, dtype=bool)
    if known.any():
        rejected[known] = multipletests(2 * norm.sf(z[known]), 0.05, method="holm")[0]
    tied = [
        board.models[0],
        *(m for m, out in zip(board.models[1:], rejected, strict=True) if not out),
    ]
    silent = bool(np.isnan(board.sds[0]))
    return {
        "leader": board.models[0],
        "verdict": _verdict(z),
        "n_tied": None if silent else len(tied),
        "tied_models": None if silent else tied,
    }


def _verdict(z: Floats) -> str | None:
    if not z.size:
        return None
    if np.isnan(z[0]):
        return "unknown"
    return "lead" if z[0] >= 1.96 else "photo finish"


def simulated_chance(scores: Floats, sds: Floats, draws: int = 400_000) -> tuple[float, float]:
    """How often the first of the scores is the highest in a seeded simulation, and its standard error."""
    drawn = np.random.default_rng(20260319).normal(scores, sds, size=(draws, scores.size))
    share = float(np.mean(drawn.argmax(axis=1) == 0))
    return share, float(np.sqrt(share * (1 - share) / draws))
