"""The best of one side against the best of the other, on boards small enough to check by eye."""

from __future__ import annotations

from math import sqrt
from typing import Any

import duckdb
import pytest

from tests.conftest import MakeWarehouse, Rows, one


def made(model: str, score: float | None, who: str | None, licence: str | None) -> dict[str, Any]:
    return {
        "model_raw": model,
        "score": score,
        "organization_raw": who,
        "license_raw": licence,
    }


BOARD = [
    made("gpt", 105, "OpenAI", "Proprietary"),
    made("mistral", 103, "Mistral AI", "Proprietary"),
    made("deepseek", 100, "DeepSeek", "MIT"),
    made("qwen", 90, "Alibaba", "Apache-2.0"),
]


def sides(db: duckdb.DuckDBPyConnection, dimension: str = "country") -> dict[str, Any]:
    found = one(
        db,
        "select model_a, model_b, gap, gap_pct, z, unplaced, verdict from metrics.frontier "
        f"where dimension = '{dimension}'",
    )
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("dimension", ["country", "openness"])
def test_the_best_of_each_side_is_compared_in_percent_of_the_worse(
    warehouse: MakeWarehouse, dimension: str
) -> None:
    assert sides(warehouse({"2025-01-01": BOARD}), dimension) == {
        "model_a": "gpt",
        "model_b": "deepseek",
        "gap": 5.0,
        "gap_pct": 5.0,
        "z": None,
        "unplaced": 0,
        "verdict": "unknown",
    }


def test_the_gap_is_negative_where_the_other_side_is_ahead(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": BOARD}, higher_is_better=False)
    found = sides(db)
    assert (found["model_a"], found["model_b"]) == ("gpt", "qwen")
    assert (found["gap"], found["gap_pct"]) == (-15.0, pytest.approx(-100 * 15 / 105))


def test_noise_decides_between_a_lead_and_a_photo_finish(warehouse: MakeWarehouse) -> None:
    def with_noise(rows: Rows) -> Rows:  # a standard error of 1 each
        return [
            {**r, "ci_low": r["score"] - 1.96, "ci_high": r["score"] + 1.96, "board": board}
            for board, shift in (("a/far", 0), ("a/near", 4))
            for row in rows
            for r in [{**row, "score": row["score"] - (shift if row["model_raw"] == "gpt" else 0)}]
        ]

    db = warehouse({"2025-01-01": with_noise(BOARD)})
    found = db.sql(
        "select board, model_a, z, verdict from metrics.frontier where dimension = 'country' order by 1"
    ).fetchall()
    assert found == [
        ("a/far", "gpt", pytest.approx(5 / sqrt(2)), "lead"),
        ("a/near", "gpt", pytest.approx(1 / sqrt(2)), "photo finish"),
    ]


def test_a_tie_of_both_sides_is_a_gap_of_nothing_named_by_the_first_in_the_alphabet(
    warehouse: MakeWarehouse,
) -> None:
    rows = [
        made("zeta", 5, "OpenAI", None),
        made("alpha", 5, "OpenAI", None),
        made("yi", 5, "DeepSeek", None),
        made("qwen", 5, "DeepSeek", None),
    ]
    found = sides(warehouse({"2025-01-01": rows}))
    assert (found["model_a"], found["model_b"], found["gap_pct"]) == ("alpha", "qwen", 0.0)


def test_one_side_alone_has_no_row(warehouse: MakeWarehouse) -> None:
    rows = [BOARD[0], BOARD[1], made("deepseek", None, "DeepSeek", "MIT")]
    assert warehouse({"2025-01-01": rows}).sql("from metrics.frontier").fetchall() == []


def test_a_model_of_unknown_side_is_never_counted_but_makes_the_verdict_unknown(
    warehouse: MakeWarehouse,
) -> None:
    rows = [
        {**row, "ci_low": row["score"] - 0.1, "ci_high": row["score"] + 0.1}
        for row in [*BOARD, made("above", 104, None, None), made("below", 80, "Nobody", None)]
    ]
    found = sides(warehouse({"2025-01-01": rows}))
    assert (found["model_a"], found["gap"]) == ("gpt", 5.0)
    assert (found["unplaced"], found["verdict"]) == (1, "unknown")


def test_a_board_that_does_not_say_takes_the_word_of_one_that_does(
    warehouse: MakeWarehouse,
) -> None:
    silent = [
        {**made(row["model_raw"], row["score"], None, None), "board": "a/silent"} for row in BOARD
    ]
    db = warehouse({"2025-01-01": [*BOARD, *silent]})
    found = db.sql(
        "select model_a, model_b, unplaced from metrics.frontier where board = 'a/silent'"
    ).fetchall()
    assert found == [("gpt", "deepseek", 0)] * 2


def test_a_worse_score_of_zero_has_no_percentage(warehouse: MakeWarehouse) -> None:
    rows = [made("gpt", 1, "OpenAI", None), made("deepseek", 0, "DeepSeek", None)]
    found = sides(warehouse({"2025-01-01": rows}))
    assert (found["gap"], found["gap_pct"]) == (1.0, None)


def test_each_country_has_its_leader(warehouse: MakeWarehouse) -> None:
    rows = [*BOARD, made("whose", 200, None, None), made("unscored", None, "Cohere", None)]
    found = (
        warehouse({"2025-01-01": rows})
        .sql(
            "select country, model, organization, score, rank, n_models, gap_pct "
            "from metrics.country_leaders order by rank"
        )
        .fetchall()
    )
    assert found == [
        ("US", "gpt", "OpenAI", 105.0, 2, 1, pytest.approx(100 * 95 / 105)),
        ("FR", "mistral", "Mistral AI", 103.0, 3, 1, pytest.approx(100 * 97 / 103)),
        ("CN", "deepseek", "DeepSeek", 100.0, 4, 2, pytest.approx(100.0)),
    ]


def test_the_leader_of_a_country_keeps_a_score_of_zero(warehouse: MakeWarehouse) -> None:
    rows = [made("gpt", 0, "OpenAI", None), made("gpt-mini", -1, "OpenAI", None)]
    found = one(
        warehouse({"2025-01-01": rows}), "select model, gap_pct from metrics.country_leaders"
    )
    assert found == {"model": "gpt", "gap_pct": None}
