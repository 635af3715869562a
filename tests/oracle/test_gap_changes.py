"""The oracle of metrics.gap_changes on boards worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from tests.oracle.boards import Board, Entry, Snapshot
from tests.oracle.gap_changes import PARTS, Row, gap_changes


def snapshot(day: int, release: str | None = None, **scores: float | None) -> Snapshot:
    entries = tuple(Entry(model, score) for model, score in scores.items())
    return Snapshot(date(2025, 1, day), entries, release)


def changes(before: Snapshot, now: Snapshot, higher_is_better: bool = True) -> dict[int, Row]:
    board = Board("a/b", (before, now), higher_is_better=higher_is_better)
    every = gap_changes(board, before, now)
    return {k: {name: row[name] for name in ("delta_pct", *PARTS)} for k, row in every.items()}


def parts(row: Row) -> list[float | None]:
    return [row[part] for part in PARTS]


def test_a_delisting_moves_the_gap_by_exits_alone() -> None:
    # 132 to 110 is 20%; without the leader it is 110 to 100, 10%.
    before = snapshot(1, ada=132, ben=110, cal=100)
    found = changes(before, snapshot(2, ben=110, cal=100))
    assert found == {
        2: {
            "delta_pct": pytest.approx(-10),
            "from_exits": pytest.approx(-10),
            "from_rescale": 0,
            "from_scores": 0,
            "from_entries": 0,
        }
    }


def test_a_shift_of_all_scores_is_rescale_alone() -> None:
    # All lose 50: from 110 to 100 (10%) to 60 to 50 (20%).
    found = changes(snapshot(1, ada=110, ben=100, cal=90), snapshot(2, ada=60, ben=50, cal=40))
    assert found[2]["delta_pct"] == pytest.approx(10)
    assert parts(found[2]) == [0, pytest.approx(10), 0, 0]
    # To the third: from 110 to 90 (22.22%) to 60 to 40 (50%).
    assert parts(found[3]) == [0, pytest.approx(50 - 100 * 20 / 90), 0, 0]


def test_one_better_score_is_scores_alone() -> None:
    # Changes are 5, 0, 0: the median is 0.
    found = changes(snapshot(1, ada=110, ben=100, cal=90), snapshot(2, ada=115, ben=100, cal=90))
    assert parts(found[2]) == [0, 0, pytest.approx(5), 0]


def test_a_new_leader_is_entries_alone() -> None:
    # 110 to 100 is 10%, 132 to 110 is 20%.
    before = snapshot(1, ada=110, ben=100)
    found = changes(before, snapshot(2, new=132, ada=110, ben=100))
    assert parts(found[2]) == [0, 0, 0, pytest.approx(10)]
    assert list(found) == [2], "the old list has no third"


def test_all_four_at_once_add_up() -> None:
    # S0 150 100: 50%. Without ada 100 80: 25%. Changes of ben, cal, dan: +20, +10, +10, so all +10:
    # 110 90: 22.22%. New scores 120 90: 33.33%. With eve 180 120: 50%.
    before = snapshot(1, ada=150, ben=100, cal=80, dan=50)
    found = changes(before, snapshot(2, eve=180, ben=120, cal=90, dan=60))
    assert parts(found[2]) == [
        pytest.approx(-25),
        pytest.approx(100 * 20 / 90 - 25),
        pytest.approx(100 * 30 / 90 - 100 * 20 / 90),
        pytest.approx(50 - 100 * 30 / 90),
    ]
    assert found[2]["delta_pct"] == pytest.approx(0)


def test_the_median_of_an_even_number_is_between_the_two_in_the_middle() -> None:
    # Changes 0 and 10: all +5. 115 to 105 (9.52%), then 110 to 110 (0%).
    found = changes(snapshot(1, ada=110, ben=100), snapshot(2, ada=110, ben=110))
    assert parts(found[2]) == [
        0,
        pytest.approx(1000 / 105 - 10),
        pytest.approx(-1000 / 105),
        0,
    ]


def test_the_lowest_leads_where_lower_is_better() -> None:
    # 4 to 5 is 20%; the leader leaves: 5 to 10 is 50%.
    before = snapshot(1, ada=4, ben=5, cal=10)
    found = changes(before, snapshot(2, ben=5, cal=10), higher_is_better=False)
    assert parts(found[2]) == [pytest.approx(30), 0, 0, 0]


@pytest.mark.parametrize(
    "now",
    [
        snapshot(2, ada=110, new=100),  # one model in both: no second in the lists between
        snapshot(2, new=110, newer=100),  # none in both
        snapshot(2, release="2", ada=110, ben=100),  # another release
        snapshot(
            2, ada=10, ben=1, cal=-90
        ),  # moved by the median of -200, the second of the old is 0
    ],
)
def test_the_parts_are_unknown_where_a_step_is(now: Snapshot) -> None:
    before = snapshot(1, ada=210, ben=200, cal=110)
    found = changes(before, now)[2]
    assert found["delta_pct"] is not None
    assert parts(found) == [None] * 4


@pytest.mark.parametrize("now", [snapshot(2, ada=1), snapshot(2, ada=1, ben=0), snapshot(2)])
def test_without_a_gap_at_both_ends_there_is_no_row(now: Snapshot) -> None:
    assert changes(snapshot(1, ada=2, ben=1), now) == {}


def test_a_model_without_a_score_is_not_there() -> None:
    before = snapshot(1, ada=110, ben=100)
    found = changes(before, snapshot(2, ada=None, ben=100, new=50))
    assert parts(found[2]) == [None] * 4
