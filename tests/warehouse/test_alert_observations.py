"""What the rules of alerts look at, on boards small enough to check by eye."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from flows.settings import Settings
from sources import aider
from tests.conftest import MakeWarehouse, built, landed, scored
from warehouse.alert_metrics import METRICS
from warehouse.alert_observations import NotThere, Observation, observations, without_noise
from warehouse.archive import Archive, Fetch

NOW = datetime(2025, 2, 1, tzinfo=UTC)
DAYS = ("2025-01-01", "2025-01-08", "2025-01-15")


def looked(
    db: duckdb.DuckDBPyConnection, name: str, boards: Sequence[str] = ("*",)
) -> list[Observation]:
    return observations(db, METRICS[name], boards, ["overall"], NOW)


def values(found: list[Observation]) -> list[tuple[str, Any]]:
    return [(f"{one.at:%m-%d}", one.value) for one in found]


def with_noise(**scores: tuple[float, float]) -> list[dict[str, Any]]:
    """Rows whose 95% interval is the score, give or take the second number."""
    return [
        {"model_raw": name, "score": score, "ci_low": score - half, "ci_high": score + half}
        for name, (score, half) in scores.items()
    ]


def test_a_gap_has_its_noise_its_cause_and_its_facts(warehouse: MakeWarehouse) -> None:
    """The standard errors are 1.96 / 1.96 = 1 and 1: the gap's is 100 * sqrt(2) / the lower score."""
    first = with_noise(ada=(110, 1.96), bea=(100, 1.96))
    db = warehouse({DAYS[0]: first, DAYS[1]: [*first, *with_noise(cid=(105, 1.96))]})
    before, after = looked(db, "gap_1_2_pct")
    assert (before.value, before.cause) == (pytest.approx(10), None)
    assert before.noise == pytest.approx(2**0.5)
    assert (after.value, after.cause) == (pytest.approx(500 / 105), "entries")
    assert after.noise == pytest.approx(100 * 2**0.5 / 105)
    assert (after.facts["kth_model"], after.facts["entered_top"]) == ("cid", ["cid"])
    assert after.at == after.captured_at == datetime(2025, 1, 8, tzinfo=UTC)


def test_the_noise_of_no_gap_is_known_too(warehouse: MakeWarehouse) -> None:
    db = warehouse({DAYS[0]: with_noise(ada=(100, 1.96), bea=(100, 1.96))})
    (one,) = looked(db, "gap_1_2_pct")
    assert (one.value, one.noise) == (0, pytest.approx(2**0.5))


def test_without_noise_a_board_is_named(warehouse: MakeWarehouse) -> None:
    db = warehouse({DAYS[0]: scored(ada=2, bea=1)})
    for name in ("gap_1_2_pct", "leader_changed"):
        expected = [] if name == "leader_changed" else ["test/board"]
        assert without_noise(db, METRICS[name], ["*"], ["*"]) == expected
    assert looked(db, "gap_1_2_pct")[0].noise is None


def test_a_place_that_a_board_does_not_have_is_not_observed(warehouse: MakeWarehouse) -> None:
    db = warehouse({DAYS[0]: scored(ada=2, bea=1), DAYS[1]: scored(ada=2)})
    assert values(looked(db, "gap_1_2_pct")) == [("01-01", 100)]
    assert looked(db, "gap_1_10_pct") == []


def test_of_several_vintages_of_a_date_the_latest_counts_once(
    settings: Settings, warehouse: MakeWarehouse
) -> None:
    db = warehouse({DAYS[0]: scored(ada=2, bea=1)})
    db.close()
    archive = Archive(settings.archive)
    edited = (
        b"board,model_raw,score,as_of\ntest/board,ada,3,2025-01-01\ntest/board,bea,1,2025-01-01\n"
    )
    moment = datetime(2025, 1, 3, tzinfo=UTC)
    archive.append([landed(archive, edited, moment, url="file:///0.csv")])
    with built(settings) as db:
        (one,) = looked(db, "gap_1_2_pct")
    assert (one.value, one.captured_at) == (200, moment)
    assert one.at == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("later", "cause", "z"),
    [
        # cid is new: 5 / sqrt(2) from bea, who is second and led before.
        (with_noise(bea=(100, 1.96), cid=(105, 1.96), dan=(90, 1.96)), "entries", 5 / 2**0.5),
        # bea has gone: cid is compared with the second.
        (with_noise(cid=(105, 1.96), dan=(90, 1.96)), "exits", 15 / 2**0.5),
        # dan overtook: 20 from bea, but 1 from the second.
        (
            with_noise(dan=(106, 1.96), cid=(105, 1.96), bea=(86, 1.96)),
            "scores",
            1 / 2**0.5,
        ),
    ],
)
def test_a_new_leader_must_be_ahead_of_the_former_and_of_the_second(
    warehouse: MakeWarehouse, later: list[dict[str, Any]], cause: str, z: float
) -> None:
    db = warehouse({DAYS[0]: with_noise(bea=(100, 1.96), dan=(90, 1.96)), DAYS[1]: later})
    (one,) = looked(db, "leader_changed")
    assert (one.value, one.cause, one.z) == (True, cause, pytest.approx(z))
    assert one.facts["prev_leader"] == "bea"


def test_nothing_is_said_of_a_leader_where_lists_cannot_be_compared(
    warehouse: MakeWarehouse,
) -> None:
    states = {
        DAYS[0]: [{**row, "release": "1"} for row in scored(ada=2, bea=1)],
        DAYS[1]: [{**row, "release": "2"} for row in scored(ada=1, bea=2)],
    }
    db = warehouse(states)
    assert looked(db, "leader_changed") == []
    assert [one.cause for one in looked(db, "verdict")] == [None, "release"]


def test_boards_and_tasks_are_chosen_by_globs(warehouse: MakeWarehouse) -> None:
    rows = [
        {"board": board, "task": task, "model_raw": name, "score": score}
        for board in ("one/text", "two/text")
        for task in ("overall", "coding")
        for name, score in (("ada", 2), ("bea", 1))
    ]
    db = warehouse({DAYS[0]: rows})
    found = observations(db, METRICS["gap_1_2_pct"], ["one/*", "no/such"], ["*"], NOW)
    assert [(one.board, one.task) for one in found] == [
        ("one/text", "coding"),
        ("one/text", "overall"),
    ]


def test_a_frontier_that_is_not_there_is_said_to_be_missing(warehouse: MakeWarehouse) -> None:
    db = warehouse({DAYS[0]: scored(ada=2, bea=1)})
    db.execute("drop table if exists metrics.frontier")
    with pytest.raises(NotThere, match=r"metrics\.frontier is not there"):
        looked(db, "frontier_country_gap_pct")


def test_a_frontier_is_observed_where_its_table_is(warehouse: MakeWarehouse) -> None:
    """Written by hand, with the columns of metrics.frontier that are used."""
    rows = scored(ada=110, bea=100)
    db = warehouse({DAYS[0]: [*rows, *scored(cid=90)], DAYS[1]: rows, DAYS[2]: rows})
    db.execute(
        """
        create or replace table metrics.frontier as
        select 'test/board' as board, 'overall' as task, *
        from (values
            (date '2025-01-01', 'country', 'US', 'CN', 'ada', 'cid', 20.0, 4.0, 0, 'lead'),
            (date '2025-01-08', 'country', 'US', 'CN', 'ada', 'bea', -10.0, -4.0, 0, 'lead'),
            (date '2025-01-08', 'openness', 'x', 'y', 'ada', 'bea', 9.0, 1.0, 0, 'lead')
        ) as t (as_of, dimension, a, b, model_a, model_b, gap_pct, z, unplaced, verdict)
        """
    )
    found = looked(db, "frontier_country_gap_pct")
    assert values(found) == [("01-01", 20), ("01-08", -10)]
    assert [one.noise for one in found] == [5, 2.5]
    assert [one.cause for one in found] == [None, "exits"]


POLYGLOT = next(one[0] for one in aider.CARD.requests(NOW.date()) if "polyglot" in one[0])


def fetched(outcome: str, at: datetime, archive: Archive, payload: bytes, run: str) -> Fetch:
    failed = outcome == "failed"
    return Fetch(
        run_id=run,
        source="aider",
        url=POLYGLOT,
        captured_at=at,
        outcome=outcome,  # type: ignore[arg-type]
        payload_sha256=None if failed else archive.store(payload),
        error="HTTP 503" if failed else None,
    )


def test_a_source_is_in_quarantine_until_it_can_be_read_again_and_late_since_it_could(
    settings: Settings,
) -> None:
    archive = Archive(settings.archive)
    run = "- {{model: m{0}, test_cases: 225, pass_rate_1: {0}, pass_rate_2: {0}}}\n"
    good = "".join(run.format(number) for number in range(1, 31)).encode()
    bad = b"<html>"
    start = datetime(2025, 1, 11, 6, tzinfo=UTC)
    archive.append(
        [
            fetched(outcome, start + timedelta(days=day), archive, payload, f"run {day}")
            for day, (outcome, payload) in enumerate(
                [
                    ("new", good),
                    ("new", bad),
                    ("unchanged", bad),
                    ("not_modified", bad),
                    ("failed", b""),
                    ("new", good),
                    ("new", bad),
                    ("not_modified", bad),
                    ("failed", b""),
                ]
            )
        ]
    )
    with built(settings) as db:
        quarantined = looked(db, "quarantined")
        (late,) = looked(db, "staleness_hours")
        assert looked(db, "quarantined", ["arena_*"]) == []
    assert values(quarantined) == [
        ("01-11", False),
        ("01-12", True),
        ("01-13", True),
        ("01-14", True),
        ("01-16", False),
        ("01-17", True),
        ("01-18", True),
    ]
    assert quarantined[1].facts["reason"]
    # The last good answer is of 16 January, 6 o'clock.
    assert (late.board, late.value, late.at) == ("aider", 16 * 24 - 6, NOW)
    assert late.facts["error"] == "HTTP 503"


def test_an_empty_warehouse_has_nothing_to_look_at(warehouse: MakeWarehouse) -> None:
    db = warehouse({})
    for metric in METRICS.values():
        if not metric.name.startswith("frontier_"):
            assert observations(db, metric, ["*"], ["*"], NOW) == []
