"""The finish line: where each of the first ten stands on the board's scale, in percent of its width.

The best is on the right, whichever way the board counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARGIN = 4.0
"""Percent of the width left free at both ends, so that no mark touches an edge."""


@dataclass(frozen=True)
class Runner:
    """One line: the row of the query, and where its score and its interval lie (percent)."""

    row: Mapping[str, Any]
    at: float
    left: float | None
    right: float | None


@dataclass(frozen=True)
class FinishLine:
    """The runners, the scores at the two ends of the scale, and the interval of the leader."""

    runners: Sequence[Runner]
    worst: float
    best: float

    @property
    def leader(self) -> Runner:
        return self.runners[0]


def finish_line(rows: Sequence[Mapping[str, Any]], higher_is_better: bool) -> FinishLine:
    """The finish line of a board from the rows of warehouse.page_boards.heads, best first."""
    known = [row[end] for row in rows for end in ("score", "low", "high") if row[end] is not None]
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    worst, best = (low, high) if higher_is_better else (high, low)

    def at(value: float) -> float:
        share = (value - low) / span if higher_is_better else (high - value) / span
        share = share if high > low else 0.5
        return round(MARGIN + share * (100 - 2 * MARGIN), 2)

    def ends(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
        if row["low"] is None or row["high"] is None:
            return None, None
        left, right = sorted((at(row["low"]), at(row["high"])))
        return left, right

    return FinishLine([Runner(row, at(row["score"]), *ends(row)) for row in rows], worst, best)


def sparkline(values: Sequence[float | None], width: int = 100, height: int = 24) -> str:
    """The path of a small line chart in a box of width by height; a hole where a value is missing.

    The base line is 0, since a gap of 0 means something.
    """
    known = [value for value in values if value is not None]
    top = max(known, default=0.0) or 1.0
    step = width / max(len(values) - 1, 1)
    path, drawing = [], False
    for number, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        y = height - 1 - value / top * (height - 2)
        path.append(f"{'L' if drawing else 'M'}{number * step:.1f},{y:.1f}")
        drawing = True
    if len(known) == 1:
        path.append("h0.1")
    return "".join(path)


def rank_path(stretches: Sequence[Mapping[str, Any]], width: int = 100, height: int = 24) -> str:
    """The path of a rank over time in a box, the first place on top: one step per stretch.

    A stretch has rank, valid_from and valid_to (null while it holds). Empty where there is one alone.
    """
    first = stretches[0]["valid_from"]
    ends = [s["valid_to"] or s["valid_from"] for s in stretches]
    days = (max(ends) - first).days
    worst = max(s["rank"] for s in stretches)
    if len(stretches) < 2 or not days:
        return ""
    path, last = [], None
    for stretch, end in zip(stretches, ends, strict=True):
        left, right = ((day - first).days / days * width for day in (stretch["valid_from"], end))
        y = 2 + (stretch["rank"] - 1) / max(worst - 1, 1) * (height - 4)
        # A stretch that does not begin where the one before ended follows an absence.
        path.append(
            f"{'L' if last == stretch['valid_from'] else 'M'}{left:.1f},{y:.1f}H{right:.1f}"
        )
        last = stretch["valid_to"]
    return "".join(path)
