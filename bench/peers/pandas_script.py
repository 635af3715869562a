"""The script an analyst would write with pandas: ranks, gaps, ties and churn of each board, to Parquet.

Board by board, so that memory stays small, and whole columns at a time wherever pandas can.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
from scipy import stats

from bench.peers.changes import Change, changes

P = 0.9
"""The persistence of rank-biased overlap."""


def run(home: Path, out: Path) -> None:
    """Write entries, gaps, ties and churn of the archive in `home` to `out`/*.parquet."""
    made: dict[str, list[pd.DataFrame]] = {"entries": [], "gaps": [], "ties": [], "churn": []}
    for board, listed in groupby(changes(home), key=lambda change: change.board):
        entries = read(list(listed))
        tables = {
            "entries": entries,
            "gaps": gaps(entries),
            "ties": ties(entries),
            "churn": churn(entries),
        }
        for name, table in tables.items():
            table.insert(0, "board", board)
            made[name].append(table)
    for name, parts in made.items():
        pd.concat(parts, ignore_index=True).to_parquet(out / f"{name}.parquet", compression="zstd")


def read(listed: list[Change]) -> pd.DataFrame:
    """Every listing of one board, ranked, best first within a day."""
    frames = [pd.DataFrame(orjson.loads(change.read())) for change in listed]
    entries = pd.concat(frames, ignore_index=True)
    entries["as_of"] = np.repeat([change.day for change in listed], [len(f) for f in frames])
    entries = entries.sort_values(["as_of", "rating", "model"], ascending=[True, False, True])
    by_day = entries.groupby("as_of", sort=False)["rating"]
    entries["rank"] = by_day.rank(method="min", ascending=False).astype("int64")
    entries["position"] = by_day.cumcount() + 1
    entries["sd"] = (entries["rating_q975"] - entries["rating_q025"]) / 3.92
    return entries.reset_index(drop=True)


def gaps(entries: pd.DataFrame) -> pd.DataFrame:
    """The gap from the first to the k-th of each day."""
    top = entries[entries["position"] == 1].set_index("as_of")
    found = []
    for k in (2, 3, 5, 10):
        kth = entries[entries["position"] == k].set_index("as_of")
        pair = top.merge(kth, left_index=True, right_index=True, suffixes=("_top", "_kth"))
        gap = pair["rating_top"] - pair["rating_kth"]
        z: pd.Series[float] = gap / np.hypot(pair["sd_top"], pair["sd_kth"])
        found.append(
            pd.DataFrame(
                {
                    "k": k,
                    "top_model": pair["model_top"],
                    "kth_model": pair["model_kth"],
                    "gap": gap,
                    "gap_pct": 100 * gap / pair["rating_kth"].abs(),
                    "win_probability": 1 / (1 + 10 ** (-gap / 400)),
                    "z": z,
                    "p_top_better": stats.norm.cdf(z),
                    "verdict": np.where(z >= 1.96, "lead", "photo finish"),
                }
            )
        )
    return pd.concat(found).reset_index()


def ties(entries: pd.DataFrame) -> pd.DataFrame:
    """How many cannot be told from the leader of each day: Holm-corrected at 5%, the leader included."""
    leaders = entries[entries["position"] == 1].set_index("as_of")[["model", "rating", "sd"]]
    tested = entries[entries["position"] > 1].merge(
        leaders, left_on="as_of", right_index=True, suffixes=("", "_top")
    )
    z: pd.Series[float] = (tested["rating_top"] - tested["rating"]) / np.hypot(
        tested["sd_top"], tested["sd"]
    )
    tested = tested.assign(p=2 * stats.norm.sf(z)).sort_values(["as_of", "p", "position"])
    by_day = tested.groupby("as_of")["p"]
    scaled = tested["p"] * (by_day.transform("size") - by_day.cumcount())
    holm = scaled.groupby(tested["as_of"]).cummax()
    tied = (holm > 0.05).groupby(tested["as_of"]).sum()
    counted = leaders["model"].rename("leader").to_frame()
    counted["n_tied"] = tied.reindex(counted.index, fill_value=0) + 1
    return counted.reset_index()


def churn(entries: pd.DataFrame) -> pd.DataFrame:
    """How the order of each day differs from that of the day before it."""
    days = [(day, frame.set_index("model")["rank"]) for day, frame in entries.groupby("as_of")]
    return pd.DataFrame([_step(*before, *now) for before, now in pairwise(days)])


def _step(
    prev_as_of: object, before: pd.Series[int], as_of: object, now: pd.Series[int]
) -> dict[str, Any]:
    both = pd.concat([before, now], axis=1, join="inner", keys=["before", "now"])
    old, new = both["before"].to_numpy(), both["now"].to_numpy()
    return {
        "as_of": as_of,
        "prev_as_of": prev_as_of,
        "n_common": len(both),
        "entrants": len(now) - len(both),
        "exits": len(before) - len(both),
        "leader_changed": before.index[0] != now.index[0],
        "mean_abs_rank_change": np.abs(new - old).mean(),
        "kendall_tau": stats.kendalltau(old, new).statistic,
        "rbo": rbo(before.to_numpy(), now.to_numpy(), np.maximum(old, new)),
    }


def rbo(before: Any, now: Any, common: Any) -> float:
    """Extrapolated rank-biased overlap of two rankings with ties, after Corsi & Urbano 2024: agreement at a
    depth is twice the overlap over both lengths. `common` is the worse rank of each model in both."""
    short, long = sorted((len(before), len(now)))
    depth = np.arange(1, long + 1)
    overlap = np.searchsorted(np.sort(common), depth, side="right")
    shorter, longer = sorted((np.sort(before), np.sort(now)), key=len)
    n_short = np.searchsorted(shorter, depth, side="right")
    n_long = np.searchsorted(longer, depth, side="right")
    at_short = 2 * overlap[short - 1] / (n_short[short - 1] + n_long[short - 1])
    assumed = overlap + np.maximum(depth - short, 0) * at_short
    agreement = 2 * assumed / (np.where(depth > short, depth, n_short) + n_long)
    return float((1 - P) / P * (agreement * P**depth).sum() + assumed[-1] / long * P**long)
