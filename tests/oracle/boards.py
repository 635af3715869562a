"""Boards as plain data, and what a person would read off them: order, rank, noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import sqrt


@dataclass(frozen=True)
class Entry:
    """One line of a leaderboard; score and ends of the interval in the board's unit."""

    model: str
    score: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Snapshot:
    """A board on a day. `complete` is false where the listing is cut short."""

    as_of: date
    entries: tuple[Entry, ...]
    release: str | None = None
    complete: bool = True


@dataclass(frozen=True)
class Board:
    """One task of a board and its history, oldest first."""

    name: str
    snapshots: tuple[Snapshot, ...]
    task: str = "overall"
    higher_is_better: bool = True
    scale: str = "points"
    unit: str = "points"
    complete_rows: int = 0


def scored(snapshot: Snapshot) -> list[Entry]:
    return [entry for entry in snapshot.entries if entry.score is not None]


def in_order(board: Board, snapshot: Snapshot) -> list[Entry]:
    """The entries with a score, best first, equal scores by name: position 1, 2, 3 ..."""
    sign = -1 if board.higher_is_better else 1
    return sorted(scored(snapshot), key=lambda entry: (sign * value(entry), entry.model))


def value(entry: Entry) -> float:
    assert entry.score is not None
    return entry.score


def better(board: Board, one: float, other: float) -> bool:
    return one > other if board.higher_is_better else one < other


def rank(board: Board, entry: Entry, snapshot: Snapshot) -> int:
    """1224: one more than the models that are better."""
    return 1 + sum(better(board, value(other), value(entry)) for other in scored(snapshot))


def sd(board: Board, entry: Entry) -> float | None:
    """The standard error: from the 95% interval, else binomial for a proportion with n."""
    if entry.score is None:
        return None
    if entry.ci_low is not None and entry.ci_high is not None:
        return (entry.ci_high - entry.ci_low) / 3.92
    of = whole(board)
    if of and entry.n and 0 <= entry.score <= of:
        return sqrt(entry.score * (of - entry.score) / entry.n)
    return None


def whole(board: Board) -> int | None:
    """What a score is a share of; none but proportions are."""
    if board.scale != "proportion":
        return None
    return 100 if board.unit == "%" else 1


def interval(board: Board, entry: Entry) -> tuple[float, float] | None:
    """The published 95% interval, else the score and 1.96 standard errors on each side."""
    noise = sd(board, entry)
    if noise is None:
        return None
    if entry.ci_low is not None and entry.ci_high is not None:
        return entry.ci_low, entry.ci_high
    return value(entry) - 1.96 * noise, value(entry) + 1.96 * noise


def rank_ub(board: Board, entry: Entry, snapshot: Snapshot) -> int | None:
    """One more than the models whose whole interval is better than the whole of this one's."""
    mine = interval(board, entry)
    if mine is None:
        return None
    theirs = [interval(board, other) for other in snapshot.entries]
    if board.higher_is_better:
        return 1 + sum(low > mine[1] for low, _ in filter(None, theirs))
    return 1 + sum(high < mine[0] for _, high in filter(None, theirs))


def steps(board: Board) -> Sequence[tuple[Snapshot, Snapshot]]:
    """Consecutive snapshots that list a score, the earlier first."""
    told = [snapshot for snapshot in board.snapshots if scored(snapshot)]
    return list(pairwise(told))
