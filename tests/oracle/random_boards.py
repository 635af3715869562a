"""Random boards with everything that has gone wrong on real ones, and the payloads that publish them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.oracle.boards import Board, Entry, Snapshot

FIRST_DAY = date(2025, 1, 1)
DAYS = (0, 1, 2, 5, 6, 20, 51, 52, 90)
"""The days on which boards are captured: some in a row, some after a gap."""


@dataclass(frozen=True)
class Plan:
    """What a board is like; `seed` settles the rest."""

    seed: int
    models: int
    snapshots: int
    higher_is_better: bool
    scale: str
    noise: str
    grid: float
    turnover: float
    truncated: bool
    tasks: int
    releases: bool
    dated: str


PLANS = st.builds(
    Plan,
    seed=st.integers(0, 2**32),
    models=st.integers(1, 14),
    snapshots=st.integers(1, 6),
    higher_is_better=st.booleans(),
    scale=st.sampled_from(["elo", "proportion", "percent", "points", "seconds"]),
    noise=st.sampled_from(["interval", "n", "none", "mixed"]),
    grid=st.sampled_from([0.25, 0.1, 0.025, 0.001]),
    turnover=st.sampled_from([0.0, 0.1, 0.4]),
    truncated=st.booleans(),
    tasks=st.sampled_from([1, 1, 2]),
    releases=st.booleans(),
    dated=st.sampled_from(["stated", "captured", "corrected"]),
)
RANGES = {
    "elo": (800, 1500),
    "proportion": (0, 1),
    "percent": (0, 100),
    "points": (-0.7, 0.7),
    "seconds": (0, 3.3),
}


def boards_of(name: str, plan: Plan) -> list[Board]:
    """The tasks of one board, with the same snapshots."""
    random = Random(plan.seed)
    days = [FIRST_DAY + timedelta(days=d) for d in sorted(random.sample(DAYS, plan.snapshots))]
    releases = sorted(random.choice("ab") for _ in days) if plan.releases else [None] * len(days)
    tasks = ("overall", "coding")[: plan.tasks]
    histories = [_history(random, plan) for _ in tasks]
    complete_rows = plan.models if plan.truncated else 0
    shown: list[Any] = []
    snapshots: list[list[Snapshot]] = [[] for _ in tasks]
    for day, release, *listings in zip(days, releases, *histories, strict=True):
        if plan.dated == "captured" and shown == [release, *listings]:
            continue  # seen unchanged: no new snapshot
        shown = [release, *listings]
        complete = len({e.model for entries in listings for e in entries}) >= complete_rows
        for history, entries in zip(snapshots, listings, strict=True):
            history.append(Snapshot(day, entries, release, complete))
    return [
        Board(
            name,
            tuple(history),
            task,
            plan.higher_is_better,
            "proportion" if plan.scale == "percent" else plan.scale,
            "%" if plan.scale == "percent" else "points",
            complete_rows,
        )
        for task, history in zip(tasks, snapshots, strict=True)
    ]


def _history(random: Random, plan: Plan) -> list[tuple[Entry, ...]]:
    """Per snapshot the entries: most as before, some changed, some gone, some new, the tail cut off."""
    field = [f"m{i:02}" for i in range(plan.models + 6)]
    random.shuffle(field)
    listed = {model: _entry(random, plan, model) for model in field[: plan.models]}
    history = []
    for _ in range(plan.snapshots):
        for model in list(listed):
            if random.random() < plan.turnover and len(listed) > 1:
                del listed[model]
            elif random.random() < 0.3:
                listed[model] = _entry(random, plan, model)
        for model in field:
            if model not in listed and random.random() < plan.turnover / 2:
                listed[model] = _entry(random, plan, model)
        entries = list(listed.values())
        cut = plan.truncated and random.random() < 0.5
        entries = _cut(random, plan, entries) if cut else entries
        history.append(tuple(sorted(entries, key=lambda entry: entry.model)))
    return history


def _cut(random: Random, plan: Plan, entries: Sequence[Entry]) -> list[Entry]:
    sign = -1 if plan.higher_is_better else 1
    ranked = sorted(
        (entry for entry in entries if entry.score is not None),
        key=lambda entry: (sign * (entry.score or 0), random.random()),
    )
    return ranked[: random.randint(1, len(ranked))] if ranked else list(entries)


def _entry(random: Random, plan: Plan, model: str) -> Entry:
    if random.random() < 0.06:
        return Entry(model, None, n=random.choice([None, 50]))
    low, high = RANGES[plan.scale]
    steps = round(1 / plan.grid)
    # Rounded as publishers round, so that scores tie and intervals touch.
    score = round(low + (high - low) * random.randint(0, steps) / steps, 4)
    noise = random.choice(["interval", "n", "none"]) if plan.noise == "mixed" else plan.noise
    n = random.randint(1, 400) if noise == "n" or random.random() < 0.2 else None
    if noise != "interval":
        return Entry(model, score, n=n)
    widest = max(1, steps // 4)
    down, up = ((high - low) * random.randint(0, widest) / steps for _ in range(2))
    ci_low, ci_high = round(score - down, 4), round(score + up, 4)
    return Entry(model, score, ci_low, ci_high if random.random() < 0.9 else None, n)


def payloads(
    boards: Sequence[Board], plans: Mapping[str, Plan]
) -> dict[date, list[dict[str, Any]]]:
    """Rows in the tidy schema by the day they are captured; all boards of a day are one payload.

    A corrected board first publishes nonsense for each date, and the truth three days later.
    """
    captured: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for board in boards:
        dated = plans[board.name].dated
        for snapshot in board.snapshots:
            day = snapshot.as_of
            if dated == "corrected":
                wrong = (Entry(e.model, float(i)) for i, e in enumerate(snapshot.entries))
                captured[day] += _rows(board, replace(snapshot, entries=tuple(wrong)), day)
                captured[day + timedelta(days=3)] += _rows(board, snapshot, day)
            else:
                captured[day] += _rows(board, snapshot, day if dated == "stated" else None)
    return captured


def _rows(board: Board, snapshot: Snapshot, as_of: date | None) -> list[dict[str, Any]]:
    return [
        {
            "board": board.name,
            "task": board.task,
            "as_of": as_of,
            "model_raw": entry.model,
            "score": entry.score,
            "ci_low": entry.ci_low,
            "ci_high": entry.ci_high,
            "n": entry.n,
            "scale": board.scale,
            "unit": board.unit,
            "higher_is_better": board.higher_is_better,
            "release": snapshot.release,
            "complete_rows": board.complete_rows,
        }
        for entry in snapshot.entries
    ]
