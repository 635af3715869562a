"""Spread, saturation and profiles against pandas, numpy, scipy and tables worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from math import sqrt
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from flows.settings import Settings
from sources.tidy import SAMPLE
from tests.conftest import MakeWarehouse, Rows, built, landed, one, scored
from warehouse.archive import Archive

TASKS = ("coding", "maths", "prose")


def tasked(**scores: tuple[float | None, ...]) -> Rows:
    """Rows from model=(score in coding, in maths, in prose)."""
    return [
        {"model_raw": model, "task": task, "score": score}
        for model, row in scores.items()
        for task, score in zip(TASKS, row, strict=False)
    ]


def articles_spread(frame: pd.DataFrame) -> dict[str, float]:
    """The recipe that readers know: pivot, highest minus lowest per task."""
    pivot = frame.pivot(index="model", columns="task", values="score")
    spread = (pivot.max() - pivot.min()).sort_values(ascending=False)
    return dict(spread.dropna())


def spreads(db: duckdb.DuckDBPyConnection) -> dict[str, float]:
    return dict(db.sql("select task, spread from metrics.task_spread").fetchall())


def test_spread_is_what_a_pivot_table_gives(warehouse: MakeWarehouse) -> None:
    rows = tasked(ada=(90, 50, None), bea=(70, 55, None), cleo=(None, 20, 3), dora=(75, 20, 4.5))
    db = warehouse({"2025-01-01": [*rows, *scored(ada=80.0, bea=60.0)]})
    frame = db.sql("select model, task, score from core.entries").df()
    assert (
        spreads(db)
        == articles_spread(frame)
        == {"coding": 20, "maths": 35, "prose": 1.5, "overall": 20}
    )


def test_spread_of_the_bundled_sample_is_what_a_pivot_table_gives(settings: Settings) -> None:
    archive = Archive(settings.archive)
    read_at = datetime(2026, 5, 1, tzinfo=UTC)
    files = sorted(SAMPLE.glob("**/*.csv"))[-3:]
    archive.append([landed(archive, p.read_bytes(), read_at, url=p.as_uri()) for p in files])
    with built(settings) as db:
        found = db.sql("select board, as_of, task, spread from metrics.task_spread").fetchall()
        entries = db.sql("select board, as_of, model, task, score from core.entries").df()
    expected = {
        (board, day.date(), task): spread
        for (board, day), frame in entries.groupby(["board", "as_of"])
        for task, spread in articles_spread(frame).items()
    }
    assert len(expected) == 3
    assert {row[:3]: row[3] for row in found} == expected


def test_spread_has_its_ends_in_the_boards_direction(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=2.0, bea=9.0)}, higher_is_better=False)
    found = one(db, "select spread, best, worst, top10_mean from metrics.task_spread")
    assert found == {"spread": 7.0, "best": 2.0, "worst": 9.0, "top10_mean": None}


def test_a_task_without_scores_has_no_spread_and_one_model_has_none_to_speak_of(
    warehouse: MakeWarehouse,
) -> None:
    rows = tasked(ada=(None, 5, None))
    assert spreads(warehouse({"2025-01-01": rows})) == {"maths": 0.0}


def ladder(best: float, step: float, models: int = 12) -> Rows:
    return scored(**{f"m{i:02}": best + step * i for i in range(models)})


@pytest.mark.parametrize(
    ("rows", "facts", "expected"),
    [
        # The ten best average 99.5 - 4.5 = 95 exactly: 5% of the scale is left.
        (ladder(99.5, -1), {"unit": "%", "scale": "proportion"}, True),
        (ladder(99.4, -1), {"unit": "%", "scale": "proportion"}, False),
        (ladder(0.99, -0.001), {"scale": "proportion"}, True),
        (ladder(0.5, 1), {"unit": "%", "higher_is_better": False}, True),
        (ladder(0.6, 1), {"unit": "%", "higher_is_better": False}, False),
        (ladder(9.9, -0.01), {"perfect_score": 10}, True),
        (ladder(9.9, -0.5), {"perfect_score": 10}, False),
        (ladder(99.9, -0.01), {}, None),
        (ladder(1400, -1), {"scale": "elo"}, None),
        (ladder(0.1, 0.1), {"scale": "seconds", "unit": "s", "higher_is_better": False}, None),
        (ladder(99.9, -0.01, models=9), {"unit": "%"}, None),
    ],
)
def test_a_task_is_saturated_when_the_ten_best_leave_a_twentieth_of_the_scale(
    warehouse: MakeWarehouse, rows: Rows, facts: dict[str, Any], expected: bool | None
) -> None:
    db = warehouse({"2025-01-01": rows}, **facts)
    assert one(db, "select saturated from metrics.task_spread") == {"saturated": expected}


def profile_rows(db: duckdb.DuckDBPyConnection) -> dict[str, tuple[Any, ...]]:
    found = db.sql(
        "select model, mean_rank_pct, sd_rank_pct, profile, best_task from metrics.model_profiles"
    ).fetchall()
    return {row[0]: row[1:] for row in found}


def test_profiles_are_mean_and_deviation_of_the_percentiles_of_rank(
    warehouse: MakeWarehouse,
) -> None:
    values = np.random.default_rng(7).integers(0, 15, (21, 3)).astype(float)
    rows = tasked(**{f"m{i:02}": tuple(row) for i, row in enumerate(values)})
    found = profile_rows(warehouse({"2025-01-01": rows}))
    pct = 100 * (rankdata(-values, method="min", axis=0) - 1) / 20
    for i, placed in enumerate(pct):
        mean, sd, _, task = found[f"m{i:02}"]
        assert (mean, sd) == (pytest.approx(placed.mean()), pytest.approx(np.std(placed)))
        assert task == TASKS[int(placed.argmin())]


def test_a_generalist_is_good_everywhere_and_a_specialist_here_and_not_there(
    warehouse: MakeWarehouse,
) -> None:
    # Eleven models, so ranks are 0, 10, ... 100. even: 0, 10, 20. patchy: 10, 80, 90. dull: 60 throughout.
    order = [
        "even patchy a b c d dull e f g h",
        "a even b c d e dull f patchy g h",
        "a b even c d e dull f g patchy h",
    ]
    ranked = [names.split() for names in order]
    rows = tasked(**{m: tuple(20.0 - names.index(m) for names in ranked) for m in ranked[0]})
    found = profile_rows(warehouse({"2025-01-01": rows}))
    assert found["even"][2:] == ("generalist", "coding")
    assert found["patchy"] == (
        pytest.approx(60),
        pytest.approx(sqrt((50**2 + 20**2 + 30**2) / 3)),
        "specialist",
        "coding",
    )
    assert found["dull"] == (60, 0, "mixed", "coding")


def test_overall_is_no_task_of_a_profile_and_two_tasks_make_none(warehouse: MakeWarehouse) -> None:
    rows = [*tasked(ada=(2, 2), bea=(1, 1)), *scored(ada=2.0, bea=1.0)]
    assert profile_rows(warehouse({"2025-01-01": rows})) == {}


def test_a_task_in_which_a_model_is_alone_says_nothing_of_it(warehouse: MakeWarehouse) -> None:
    rows = tasked(ada=(2, 2, 2), bea=(1, 1, None))
    assert profile_rows(warehouse({"2025-01-01": rows})) == {}


def test_profiles_turn_with_the_direction(warehouse: MakeWarehouse) -> None:
    rows = tasked(ada=(2, 2, 2), bea=(1, 1, 1))
    found = profile_rows(warehouse({"2025-01-01": rows}, higher_is_better=False))
    assert (found["bea"][0], found["ada"][0]) == (0, 100)
