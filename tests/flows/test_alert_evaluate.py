"""When a rule fires, when it has recovered, and when it keeps quiet: hand-worked, and laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.alerts.evaluate import evaluate, replay
from tests.flows.alerting import daily, day, rule, run, seen, told
from warehouse.alert_observations import Observation


def series(*values: Any, **fields: Any) -> list[Observation]:
    return [seen(number, value, **fields) for number, value in enumerate(values)]


def test_a_crossing_is_told_once_and_its_recovery_once() -> None:
    values = series(0.8, 0.4, 0.3, 0.4, 0.6, 0.7)
    states, events = daily(rule(), values)
    assert told(events) == [(1, "firing"), (4, "resolved")]
    assert [(e.before, e.value) for e in events] == [(0.8, 0.4), (0.4, 0.6)]
    assert (states[0].phase, states[0].seen_at) == ("ok", day(5))


def test_the_first_value_of_a_board_is_where_it_stands_and_no_crossing() -> None:
    states, events = daily(rule(), series(0.4, 0.3))
    assert events == []
    assert states[0].phase == "firing"


def test_a_board_that_stood_beyond_tells_when_it_recovers() -> None:
    assert told(daily(rule(), series(0.4, 0.6))[1]) == [(1, "resolved")]


def test_within_the_band_between_threshold_and_recovery_nothing_changes() -> None:
    values = series(0.8, 0.4, 0.6, 0.45, 0.69, 0.55, 0.7, 0.6, 0.49)
    assert told(daily(rule(recover=0.7), values)[1]) == [
        (1, "firing"),
        (6, "resolved"),
        (8, "firing"),
    ]


def test_for_counts_consecutive_snapshots() -> None:
    values = series(0.8, 0.4, 0.6, 0.4, 0.4, 0.3, 0.3)
    states, events = daily(rule(**{"for": 3}), values)
    assert told(events) == [(5, "firing")]
    assert (events[0].before, events[0].facts["since"]) == (0.6, "2025-01-04")
    assert states[0].count == 4


def test_for_a_span_lasts_until_the_same_state_is_seen_late_enough() -> None:
    chosen, first = rule(**{"for": "3d"}), seen(0, 0.8)
    states, events = run(chosen, [first, seen(1, 0.4)])
    assert (states[0].phase, events) == ("pending", [])
    for until, expected in ((3, []), (4.5, [(4, "firing")]), (5, [])):
        unchanged = seen(1, 0.4, seen_until=day(until))
        states, events = run(chosen, [first, unchanged], states, now=day(until))
        assert told(events) == expected


def test_for_a_span_is_broken_by_a_value_within_the_threshold() -> None:
    values = [seen(0, 0.8), seen(1, 0.4), seen(3, 0.6), seen(4, 0.4), seen(8, 0.4)]
    assert told(daily(rule(**{"for": "3d"}), values)[1]) == [(8, "firing")]


def test_a_move_within_the_noise_waits_until_it_is_more_than_noise() -> None:
    """The errors of the two gaps are 0.1 and 0.1: the move must exceed 1.96 * sqrt(0.02) = 0.2772."""
    chosen = rule(only_if_significant=True)
    states, events = daily(chosen, series(0.6, 0.45, 0.33, noise=0.1))
    assert (states[0].phase, events) == ("pending", [])
    states, events = daily(chosen, series(0.6, 0.45, 0.32, noise=0.1))
    assert told(events) == [(2, "firing")]
    assert events[0].before == 0.6


def test_unknown_noise_is_never_significant() -> None:
    for unknown in (series(0.9, 0.1), [seen(0, 0.9), seen(1, 0.1, noise=0.01)]):
        assert daily(rule(only_if_significant=True), unknown)[1] == []


@pytest.mark.parametrize("cause", ["rescale", "release", "turnover"])
def test_a_board_that_moved_as_a_whole_fires_no_rule(cause: str) -> None:
    values = [seen(0, 0.8), seen(1, 0.4, cause=cause), seen(2, 0.3), seen(3, 0.8), seen(4, 0.4)]
    assert told(daily(rule(), values)[1]) == [(4, "firing")]
    assert run(rule(), values[:3])[0][0].phase == "ignored"


def test_a_delisting_is_news_unless_the_rule_says_that_it_is_not() -> None:
    values = [seen(0, 0.8), seen(1, 0.4, cause="exits"), seen(2, 0.8)]
    assert told(daily(rule(), values)[1]) == [(1, "firing"), (2, "resolved")]
    assert daily(rule(ignore_causes="exits"), values)[1] == []


def test_a_recovery_of_an_ignored_cause_is_told_to_those_who_were_told_of_the_crossing() -> None:
    back = seen(2, 0.8, cause="rescale")
    assert told(daily(rule(), [seen(0, 0.8), seen(1, 0.4), back])[1])[-1] == (2, "resolved")
    assert daily(rule(), [seen(1, 0.4), back])[1] == []


def test_the_past_is_never_told() -> None:
    values = series(0.8, 0.4, 0.8, 0.4)
    states, events = run(rule(), values, now=day(4), live_since=day(3.5))
    assert (states[0].phase, events) == ("firing", [])
    states, events = run(rule(), [*values, seen(4, 0.8)], states, live_since=day(3.5))
    assert told(events) == [(4, "resolved")]


def test_what_was_captured_days_before_the_evaluation_is_past_too() -> None:
    assert run(rule(), series(0.8, 0.4), now=day(4.5))[1] == []
    assert told(run(rule(), series(0.8, 0.4), now=day(3.5))[1]) == [(1, "firing")]


def test_a_late_arrival_with_an_earlier_date_does_not_count() -> None:
    states, _ = run(rule(), [seen(0, 0.8), seen(2, 0.4)])
    late = [seen(0, 0.8), seen(1, 0.9, captured_at=day(3)), seen(2, 0.4)]
    assert run(rule(), late, states) == (states, [])


def test_another_vintage_of_a_date_replaces_it_and_is_not_one_more_snapshot() -> None:
    chosen = rule(**{"for": 2})
    states, events = run(chosen, [seen(0, 0.8), seen(1, 0.4)])
    edited = seen(1, 0.3, snapshot_id="an edit of 1", captured_at=day(1.5))
    states, events = run(chosen, [seen(0, 0.8), edited], states)
    assert (states[0].phase, states[0].count, states[0].value, events) == ("pending", 1, 0.3, [])
    assert states[0].settled == 0.8
    undone = replace(edited, value=0.9, snapshot_id="another")
    assert run(chosen, [seen(0, 0.8), undone], states)[0][0].phase == "ok"


def test_a_vintage_that_recovers_resolves_on_the_same_date() -> None:
    states, _ = run(rule(), [seen(0, 0.8), seen(1, 0.4)])
    edited = seen(1, 0.9, snapshot_id="an edit of 1")
    assert told(run(rule(), [seen(0, 0.8), edited], states)[1]) == [(1, "resolved")]


def test_no_data_is_told_once_and_so_is_their_return() -> None:
    chosen = rule(no_data_after="5d")
    values = [seen(0, 0.8), seen(1, 0.4)]
    states, _ = run(chosen, values)
    assert run(chosen, values, states, now=day(5))[1] == []
    states, events = run(chosen, values, states, now=day(6.5))
    assert told(events) == [(6, "no_data")]
    assert run(chosen, values, states, now=day(9)) == (states, [])
    unchanged = [seen(0, 0.8), seen(1, 0.4, seen_until=day(10))]
    states, events = run(chosen, unchanged, states, now=day(10))
    assert (states[0].phase, told(events)) == ("firing", [(10, "resolved")])
    assert events[0].text.startswith("Data again")
    states, events = run(chosen, [*unchanged, seen(11, 0.9)], states)
    assert told(events) == [(11, "resolved")]


def test_a_board_that_ended_before_alerts_were_switched_on_is_not_missed() -> None:
    states, events = run(rule(no_data_after="5d"), [seen(0, 0.8)], now=day(90), live_since=day(90))
    assert (states[0].phase, events) == ("no_data", [])


def test_a_reminder_comes_only_where_it_is_asked_for() -> None:
    values = series(0.8, 0.4)
    for chosen, days in ((rule(), []), (rule(repeat_every="7d"), [8, 15])):
        states, _ = run(chosen, values)
        found = []
        for now in range(2, 17):
            states, events = run(chosen, values, states, now=day(now))
            found += told(events)
        assert found == [(number, "firing") for number in days]


def test_each_new_leader_is_an_event_of_its_own_and_none_is_resolved() -> None:
    chosen = rule(metric="leader_changed", op="==", threshold=True)
    assert told(daily(chosen, series(False, True, True, False, True))[1]) == [
        (1, "firing"),
        (2, "firing"),
        (4, "firing"),
    ]


def test_a_new_leader_within_the_noise_is_none_and_the_next_is_judged_by_itself() -> None:
    chosen = rule(metric="leader_changed", op="==", threshold=True, only_if_significant=True)
    values = [seen(0, False), seen(1, True, z=1.9), seen(2, True, z=2.0), seen(3, True)]
    assert told(daily(chosen, values)[1]) == [(2, "firing")]


def test_a_source_that_is_ill_at_first_sight_is_news() -> None:
    chosen = rule(metric="quarantined", op="==", threshold=True)
    assert told(daily(chosen, series(True, True, False))[1]) == [(0, "firing"), (2, "resolved")]


def test_recoveries_are_left_out_where_nobody_wants_them() -> None:
    values = series(0.8, 0.4, 0.8, 0.4)
    assert told(daily(rule(send_resolved=False), values)[1]) == [(1, "firing"), (3, "firing")]


def test_states_of_other_rules_and_boards_without_observations_are_kept() -> None:
    states, _ = run(rule(), series(0.8, 0.4))
    other = [replace(states[0], rule="gone"), replace(states[0], board="test/other")]
    kept, events = evaluate([rule()], {}, other, day(9), day(0))
    assert (kept, events) == (other, [])


def test_an_empty_warehouse_gives_nothing() -> None:
    assert run(rule(), []) == ([], [])


# Values around the threshold 0.5 and the recovery 0.7, with causes, and days that may lack.
STEP = st.tuples(
    st.sampled_from([0.3, 0.49, 0.5, 0.6, 0.69, 0.7, 0.9]),
    st.sampled_from([None, "scores", "exits", "rescale"]),
    st.integers(1, 4),
)
RULE = st.fixed_dictionaries(
    {
        "recover": st.sampled_from([0.5, 0.7]),
        "for": st.sampled_from([1, 2, 3, "2d", "5d"]),
        "only_if_significant": st.booleans(),
        "ignore_causes": st.sampled_from([(), ("rescale",), ("exits", "rescale")]),
    }
)


def walked(steps: list[tuple[float, str | None, int]]) -> list[Observation]:
    found, number = [], 0
    for value, cause, days in steps:
        found.append(
            seen(number, value, cause=cause, noise=0.05, seen_until=day(number + days - 0.5))
        )
        number += days
    return found


@given(st.lists(STEP, max_size=14), RULE)
def test_firings_and_recoveries_take_turns(
    steps: list[tuple[float, str | None, int]], fields: dict[str, Any]
) -> None:
    events = replay([rule(**fields)], {"close": walked(steps)})
    assert all(one.status != two.status for one, two in pairwise(events))
    assert len({event.id for event in events}) == len(events)


@given(st.lists(STEP, max_size=14), RULE)
def test_evaluating_the_same_again_gives_nothing(
    steps: list[tuple[float, str | None, int]], fields: dict[str, Any]
) -> None:
    chosen, values = rule(**fields), walked(steps)
    states, _ = run(chosen, values, now=day(100))
    assert run(chosen, values, states, now=day(100)) == (states, [])
    assert run(chosen, values, states, now=day(101), live_since=day(-1)) == (states, [])


@given(st.lists(STEP, max_size=14), RULE, st.sets(st.integers(0, 14)))
def test_it_does_not_matter_in_which_batches_the_snapshots_come(
    steps: list[tuple[float, str | None, int]], fields: dict[str, Any], cuts: set[int]
) -> None:
    chosen, values = rule(**fields), walked(steps)
    whole = replay([chosen], {"close": values})
    states: list[Any] = []
    found = []
    for end in [*sorted(cut for cut in cuts if cut <= len(values)), len(values)]:
        known = values[:end]
        # All of a batch is young enough to be told.
        fresh = [replace(one, captured_at=day(60), seen_until=one.seen_until) for one in known]
        states, events = run(chosen, fresh, states, now=day(60))
        found += events
    assert [(e.id, e.text) for e in found] == [(e.id, e.text) for e in whole]


@given(st.lists(st.floats(0.5, 0.6999), min_size=1, max_size=20))
def test_no_walk_within_the_band_makes_an_alert_flap(values: list[float]) -> None:
    walk = series(0.9, 0.4, *values)
    assert told(replay([rule(recover=0.7)], {"close": walk})) == [(1, "firing")]
    walk = series(0.9, *values)
    assert replay([rule(recover=0.7)], {"close": walk}) == []


def test_late_boards_and_rules_come_in_the_order_of_time() -> None:
    one, two = rule(), rule(name="another", threshold=0.3)
    values = series(0.8, 0.4, 0.2)
    events = replay([one, two], {"close": values, "another": values})
    assert [(e.rule, (e.observed_at - day(0)) // timedelta(days=1)) for e in events] == [
        ("close", 1),
        ("another", 2),
    ]
