"""Gaps and their history, the reigns and the rank history, read off one board at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.oracle.boards import Board, Snapshot, in_order, rank, scored, value
from tests.oracle.noise import below, p_leader_best, tied_with_leader, verdict, z_score

Row = dict[str, Any]


def gap_pct(top: float, kth: float) -> float | None:
    """100 * |top - kth| / |kth|."""
    return None if kth == 0 else 100 * abs(top - kth) / abs(kth)


def gaps(board: Board, snapshot: Snapshot) -> dict[int, Row]:
    """The row of metrics.gaps for each k that the board reaches."""
    order = in_order(board, snapshot)
    rows = {}
    for k in (2, 3, 5, 10):
        if k > len(order):
            continue
        top, kth = order[0], order[k - 1]
        gap = abs(value(top) - value(kth))
        z = z_score(board, top, kth)
        rows[k] = {
            "top_model": top.model,
            "kth_model": kth.model,
            "top_score": top.score,
            "kth_score": kth.score,
            "gap": gap,
            "gap_pct": gap_pct(value(top), value(kth)),
            "gap_pct_of_top": gap_pct(value(kth), value(top)),
            "win_probability": 1 / (1 + 10 ** (-gap / 400)) if board.scale == "elo" else None,
            "z": z,
            "p_top_better": None if z is None else below(z),
            "verdict": verdict(z),
        }
    return rows


def gap_history(board: Board, snapshot: Snapshot) -> Row:
    by_k = gaps(board, snapshot)
    second = by_k.get(2, {})
    tied = tied_with_leader(board, snapshot)
    return {
        "n_models": len(scored(snapshot)),
        "leader": in_order(board, snapshot)[0].model,
        "runner_up": second.get("kth_model"),
        "top_score": in_order(board, snapshot)[0].score,
        "gap_1_2": second.get("gap"),
        "gap_1_2_pct": second.get("gap_pct"),
        "gap_1_3_pct": by_k.get(3, {}).get("gap_pct"),
        "gap_1_5_pct": by_k.get(5, {}).get("gap_pct"),
        "gap_1_10_pct": by_k.get(10, {}).get("gap_pct"),
        "z_1_2": second.get("z"),
        "p_top_better": second.get("p_top_better"),
        "verdict": second.get("verdict"),
        "n_tied": None if tied is None else len(tied),
        "p_leader_best": p_leader_best(board, snapshot),
    }


def reigns(board: Board) -> list[Row]:
    """One row per unbroken stretch with one leader."""
    rows: list[Row] = []
    for snapshot in board.snapshots:
        if not scored(snapshot):
            continue
        leader = in_order(board, snapshot)[0].model
        if not rows or rows[-1]["model"] != leader:
            rows.append({"model": leader, "from_as_of": snapshot.as_of, "snapshots": 0})
        rows[-1]["to_as_of"] = snapshot.as_of
        rows[-1]["days"] = (snapshot.as_of - rows[-1]["from_as_of"]).days
        rows[-1]["snapshots"] += 1
    return rows


def rank_history(board: Board) -> list[Row]:
    """One row per model and stretch of snapshots in which neither its rank nor its score changed."""
    rows: list[Row] = []
    holding: dict[str, Row] = {}
    for snapshot in board.snapshots:
        if not scored(snapshot):
            continue
        shown = {e.model: (rank(board, e, snapshot), e.score) for e in scored(snapshot)}
        for model, row in list(holding.items()):
            if shown.get(model) != (row["rank"], row["score"]):
                row["valid_to"] = snapshot.as_of
                del holding[model]
        for model, (place, score) in shown.items():
            if model not in holding:
                holding[model] = {"model": model, "rank": place, "score": score}
                holding[model] |= {"valid_from": snapshot.as_of, "valid_to": None}
                rows.append(holding[model])
    return rows


def saturated(board: Board, ten: Sequence[float]) -> bool | None:
    """Whether the mean of the ten best leaves at most a twentieth of a share's scale to the perfect score."""
    whole = 100.0 if board.unit == "%" else 1.0 if board.scale == "proportion" else None
    if whole is None or len(ten) < 10:
        return None
    perfect = whole if board.higher_is_better else 0.0
    return abs(perfect - sum(ten) / 10) <= 0.05 * whole
