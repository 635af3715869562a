"""Snapshots, entries and ranks, on boards small enough to check by eye."""

from __future__ import annotations

from datetime import date

import pytest

from tests.conftest import MakeWarehouse, one, scored

LADDER = scored(ada=90.0, bea=80.0, cleo=70.0)


def test_ranks_are_1224_and_positions_break_ties_by_name(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(dora=70.0, bea=80.0, cleo=80.0, ada=90.0)})
    found = db.sql("select model, rank, position from core.entries order by position").fetchall()
    assert found == [("ada", 1, 1), ("bea", 2, 2), ("cleo", 2, 3), ("dora", 4, 4)]


def test_the_lowest_score_leads_where_lower_is_better(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": LADDER}, higher_is_better=False)
    found = db.sql("select model, rank from core.entries order by position").fetchall()
    assert found == [("cleo", 1), ("bea", 2), ("ada", 3)]


def test_a_model_without_a_score_is_kept_but_has_no_rank(warehouse: MakeWarehouse) -> None:
    rows = [*LADDER, {"model_raw": "none", "score": None}, {"model_raw": "nan", "score": "NaN"}]
    db = warehouse({"2025-01-01": rows})
    found = db.sql("from core.entries select model, rank, position where score is null").fetchall()
    assert sorted(found) == [("nan", None, None), ("none", None, None)]
    assert one(db, "select leader, n_models from metrics.gap_history") == {
        "leader": "ada",
        "n_models": 3,
    }


def test_all_equal_scores_share_the_first_rank(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": scored(ada=1.0, bea=1.0, cleo=1.0)})
    assert db.sql("select distinct rank from core.entries").fetchall() == [(1,)]


def test_rank_ub_counts_the_models_whose_whole_interval_is_better(warehouse: MakeWarehouse) -> None:
    rows = [
        {"model_raw": "ada", "score": 100, "ci_low": 95, "ci_high": 105},
        {"model_raw": "bea", "score": 96, "ci_low": 92, "ci_high": 100},
        {"model_raw": "cleo", "score": 92, "ci_low": 89, "ci_high": 95},
        {"model_raw": "dora", "score": 85, "ci_low": 80, "ci_high": 88},
        {"model_raw": "eve", "score": 84, "ci_low": None, "ci_high": None},
    ]
    db = warehouse({"2025-01-01": rows})
    found = dict(db.sql("select model, rank_ub from core.entries").fetchall())
    # cleo reaches up to 95, which is where ada begins: not wholly better.
    assert found == {"ada": 1, "bea": 1, "cleo": 1, "dora": 4, "eve": None}


def test_intervals_that_touch_in_decimal_fractions_overlap(warehouse: MakeWarehouse) -> None:
    # In floating point 0.4 - (0.4 - 0.15) is a little more than 0.15.
    rows = [
        {"model_raw": "ada", "score": 0.4, "ci_low": 0.15, "ci_high": 0.5},
        {"model_raw": "bea", "score": 0.05, "ci_low": 0, "ci_high": 0.15},
    ]
    db = warehouse({"2025-01-01": rows})
    assert db.sql("select distinct rank_ub from core.entries").fetchall() == [(1,)]


def test_rank_ub_turns_with_the_direction(warehouse: MakeWarehouse) -> None:
    rows = [
        {"model_raw": "slow", "score": 9, "ci_low": 8, "ci_high": 10},
        {"model_raw": "fast", "score": 2, "ci_low": 1, "ci_high": 3},
    ]
    db = warehouse({"2025-01-01": rows}, higher_is_better=False)
    assert dict(db.sql("select model, rank_ub from core.entries").fetchall()) == {
        "fast": 1,
        "slow": 2,
    }


def test_noise_comes_from_the_interval_or_from_n_and_is_never_made_up(
    warehouse: MakeWarehouse,
) -> None:
    rows = [
        {"model_raw": "interval", "score": 50, "ci_low": 46, "ci_high": 53.84, "n": 100},
        {"model_raw": "binomial", "score": 20, "ci_low": None, "ci_high": None, "n": 100},
        {"model_raw": "neither", "score": 10, "ci_low": None, "ci_high": None, "n": None},
    ]
    db = warehouse({"2025-01-01": rows}, scale="proportion", unit="%")
    found = dict(db.sql("select model, sd from core.entries").fetchall())
    assert found["interval"] == pytest.approx(2.0)
    assert found["binomial"] == pytest.approx(4.0)  # 100 * sqrt(0.2 * 0.8 / 100)
    assert found["neither"] is None


def test_points_with_n_have_no_binomial_noise(warehouse: MakeWarehouse) -> None:
    db = warehouse({"2025-01-01": [{"model_raw": "ada", "score": 50, "n": 100}]}, scale="points")
    assert one(db, "select sd from core.entries") == {"sd": None}


def test_an_unchanged_board_only_moves_last_seen_at(warehouse: MakeWarehouse) -> None:
    states = {"2025-01-01": LADDER, "2025-01-02": LADDER, "2025-01-05": LADDER}
    db = warehouse(states, stated=False)
    found = one(db, "select as_of, captured_at::date a, last_seen_at::date z from core.snapshots")
    assert found == {"as_of": date(2025, 1, 1), "a": date(2025, 1, 1), "z": date(2025, 1, 5)}


def test_a_board_that_returns_to_an_earlier_state_is_a_new_snapshot(
    warehouse: MakeWarehouse,
) -> None:
    other = scored(ada=90.0, bea=91.0, cleo=70.0)
    states = {"2025-01-01": LADDER, "2025-01-02": other, "2025-01-03": LADDER}
    db = warehouse(states, stated=False)
    found = db.sql("select as_of from core.snapshots order by as_of").fetchall()
    assert [row[0].day for row in found] == [1, 2, 3]


def test_a_new_side_note_is_not_a_new_state(warehouse: MakeWarehouse) -> None:
    states = {
        f"2025-01-0{day}": [{**row, "extra": f'{{"cost": {day}}}'} for row in LADDER]
        for day in (1, 2)
    }
    assert one(warehouse(states, stated=False), "select count(*) n from core.snapshots")["n"] == 1


def test_a_later_vintage_of_the_same_date_is_the_one_in_use(warehouse: MakeWarehouse) -> None:
    corrected = [{**row, "as_of": "2025-01-01"} for row in scored(ada=95.0, bea=80.0)]
    db = warehouse({"2025-01-01": LADDER, "2025-01-09": corrected})
    assert one(db, "select count(*) n, count(*) filter (where current) c from core.entries") == {
        "n": 5,
        "c": 2,
    }
    found = one(db, "select as_of, top_score from metrics.gap_history")
    assert found == {"as_of": date(2025, 1, 1), "top_score": 95.0}


def test_an_edit_of_an_older_release_does_not_become_the_board(warehouse: MakeWarehouse) -> None:
    def of(release: str, **scores: float) -> list[dict[str, object]]:
        return [{**row, "release": release} for row in scored(**scores)]

    states = {
        "2025-01-01": of("2025-01", ada=90, bea=80),
        "2025-02-01": of("2025-02", ada=50, bea=60),
        "2025-02-02": of("2025-01", ada=90, bea=99),
    }
    db = warehouse(states, stated=False)
    latest = one(db, "select leader, as_of from metrics.gap_history order by as_of desc limit 1")
    assert latest == {"leader": "bea", "as_of": date(2025, 2, 1)}
    note = one(db, "select note from core.snapshots where note is not null")["note"]
    assert note == (
        "An edit of the release 2025-01 after 2025-02 was out; not the state of the board."
    )


def test_an_unknown_organisation_or_licence_is_null_and_loses_no_row(
    warehouse: MakeWarehouse,
) -> None:
    rows = [
        {"model_raw": "ada", "score": 2, "organization_raw": "Nobody Ltd", "license_raw": "odd"},
        {"model_raw": "bea", "score": 1, "organization_raw": None, "license_raw": None},
    ]
    db = warehouse({"2025-01-01": rows})
    found = db.sql(
        "select model, organization, country, open_weights from core.entries order by model"
    ).fetchall()
    assert found == [("ada", "Nobody Ltd", None, None), ("bea", None, None, None)]


def test_the_leader_in_the_payload_is_the_leader_in_the_entries(warehouse: MakeWarehouse) -> None:
    rows = [
        {"model_raw": name, "score": len(name)} for name in ("a", "=cmd()", "<script>", "Ωmega")
    ]
    db = warehouse({"2025-01-01": rows})
    assert one(db, "select model from core.entries where position = 1") == {"model": "<script>"}
    assert one(db, "select count(*) n from core.entries") == {"n": 4}


def test_no_payload_makes_empty_tables_and_no_error(warehouse: MakeWarehouse) -> None:
    db = warehouse({})
    for table in ("core.entries", "metrics.gaps", "metrics.rank_churn", "metrics.reigns"):
        assert one(db, f"select count(*) n from {table}") == {"n": 0}


def test_a_later_vintage_without_a_task_does_not_hide_it(warehouse: MakeWarehouse) -> None:
    """A publisher's file of the latest rows may carry one category of an earlier date."""

    def tasks(*names: str) -> list[dict[str, object]]:
        return [
            {"model_raw": model, "score": score, "task": task, "as_of": "2025-01-01"}
            for task in names
            for model, score in (("ada", 2.0), ("bea", 1.0))
        ]

    db = warehouse({"2025-01-01": tasks("coding", "maths"), "2025-01-02": tasks("maths")})
    found = db.sql("select task, count(*) from metrics.gap_history group by task order by task")
    assert found.fetchall() == [("coding", 1), ("maths", 1)]


def test_two_names_on_one_list_are_never_merged(warehouse: MakeWarehouse) -> None:
    db = warehouse(
        {
            "2025-01-01": [
                {"model_raw": "GPT-4o", "score": 2},
                {"model_raw": "gpt-4o", "score": 1},
                {"model_raw": "Claude 3.5 Sonnet (20241022)", "score": 3},
            ]
        }
    )
    found = dict(db.sql("select model_raw, model from core.model_names").fetchall())
    assert found == {
        "GPT-4o": "GPT-4o",
        "gpt-4o": "gpt-4o",
        "Claude 3.5 Sonnet (20241022)": "claude-3.5-sonnet-20241022",
    }


def test_the_maker_of_a_model_is_the_last_stated_with_its_own_country(
    warehouse: MakeWarehouse,
) -> None:
    def ada(**said: str) -> list[dict[str, object]]:
        return [{"model_raw": "ada", "score": 1, **said}]

    db = warehouse(
        {
            "2025-01-01": ada(organization_raw="OpenAI", license_raw="MIT"),
            "2025-01-02": ada(organization_raw="Nobody we know"),
            "2025-01-03": ada(),
        }
    )
    assert db.sql("select * exclude (licenses) from core.models").fetchall() == [
        ("ada", "Nobody we know", None, True, date(2025, 1, 1), date(2025, 1, 3))
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_where_boards_differ_on_a_day_the_last_name_and_open_weights_hold(
    warehouse: MakeWarehouse, order: int
) -> None:
    said = [("Anthropic", "MIT"), ("OpenAI", "Proprietary")][::order]
    rows = [
        {
            "board": f"test/{number}",
            "model_raw": "ada",
            "score": 1,
            "organization_raw": organization,
            "license_raw": license_,
        }
        for number, (organization, license_) in enumerate(said)
    ]
    found = warehouse({"2025-01-01": rows}).sql(
        "select organization, country, open_weights from core.models"
    )
    assert found.fetchall() == [("OpenAI", "US", True)]
