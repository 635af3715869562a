"""Steps of several boards at once, against the definitions asked of each step alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tests.oracle.churn import rbo, tau_b
from warehouse.metrics import rank_agreement

FIRST = date(2025, 1, 1)
TASKS = ("overall", "coding")
Ranks = dict[str, int]


def listing(random: np.random.Generator, models: int) -> list[tuple[str, int]]:
    """Models with 1224 ranks, in the order of positions."""
    names = random.permutation([f"m{i}" for i in range(14)])[:models]
    scores = np.sort(random.integers(0, 8, models))[::-1]
    return [(str(n), 1 + int((scores > s).sum())) for n, s in zip(names, scores, strict=True)]


def rows_of(snapshot: str, task: str, ranked: list[tuple[str, int]]) -> pl.DataFrame:
    """Rows of core.entries: those ranked, and one that is listed without a score."""
    return pl.DataFrame(
        [(snapshot, task, m, p, rank) for p, (m, rank) in enumerate(ranked, 1)]
        + [(snapshot, task, "unscored", None, None)],
        schema={
            "snapshot_id": pl.String,
            "task": pl.String,
            "model": pl.String,
            "position": pl.Int64,
            "rank": pl.Int64,
        },
        orient="row",
    )


@pytest.mark.parametrize("pairs_at_a_time", [0.5, 3, 1000])
def test_each_step_is_as_it_would_be_alone(
    pairs_at_a_time: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_agreement, "CELLS", int(14 * pairs_at_a_time))
    random = np.random.default_rng(3)
    entries, steps, expected = [], [], []
    for board, task in [(board, task) for board in "abc" for task in TASKS]:
        before: list[tuple[str, int]] = []
        for day in range(6):
            now = listing(random, int(random.integers(1, 15)))
            entries.append(rows_of(f"{board}{day}", task, now))
            if day:
                depth = int(random.integers(0, 9)) if random.random() < 0.4 else None
                comparable = random.random() < 0.9
                as_of, prev_as_of = (FIRST + timedelta(days=d) for d in (day, day - 1))
                ids = f"{board}{day}", f"{board}{day - 1}"
                steps.append((board, task, as_of, prev_as_of, *ids, comparable, depth))
                if comparable:
                    tau, overlap = agreement(dict(now[:depth]), dict(before[:depth]))
                    expected.append((board, task, as_of, prev_as_of, tau, overlap))
            before = now
    steps.append(("a", "overall", FIRST, FIRST - timedelta(days=1), "a0", "not shown", True, None))
    tables = {
        "core.entries": pl.concat(entries).sample(fraction=1, shuffle=True, seed=1),
        "core.steps": pl.DataFrame(
            steps, schema=list(rank_agreement.READS["core.steps"]), orient="row"
        ),
    }
    found = rank_agreement.make(tables).sort("board", "task", "as_of").rows()
    assert len(found) > 20
    for row, wanted in zip(found, sorted(expected, key=lambda r: r[:3]), strict=True):
        assert row[:4] == wanted[:4]
        assert row[4:] == tuple(
            pytest.approx(v, abs=1e-9) if v is not None else None for v in wanted[4:]
        )


def agreement(now: Ranks, before: Ranks) -> tuple[float | None, float | None]:
    """tau-b and RBO of one step, by the definitions."""
    common = sorted(now.keys() & before.keys())
    return tau_b([(before[m], now[m]) for m in common]), rbo(before, now)
