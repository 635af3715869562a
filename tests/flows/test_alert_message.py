"""What a message says, and what never gets into one."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.alerts.evaluate import replay
from flows.alerts.model import Event
from flows.alerts.rule import Rule
from flows.alerts.template import clean
from tests.flows.alerting import rule, run, seen

FACTS = {
    "gap_pct": 0.36,
    "top_model": "gemini-2.0-flash-thinking",
    "kth_model": "gemini-2.0-pro-exp-02-05",
    "p_top_better": 0.84,
    "verdict": "photo finish",
    "entered_top": ["gemini-2.0-pro-exp-02-05"],
    "left_top": [],
    "n_exits": 0,
    "from_exits": 0.0,
    "from_entries": -0.4,
    "source": "arena_csv",
    "homepage": "https://example.com/board",
}


def events(chosen: Rule, *values: Any, **fields: Any) -> list[Event]:
    """The events of a walk over dates that all have the same facts."""
    return replay(
        [chosen], {chosen.name: [seen(n, value, **fields) for n, value in enumerate(values)]}
    )


def test_a_gap_says_from_what_to_what_how_sure_and_why() -> None:
    (event,) = events(
        rule(name="photo-finish", board="*", **{"for": 3}),
        *(0.76, 0.36, 0.36, 0.36),
        cause="entries",
        facts=FACTS,
    )
    assert event.text == (
        "Photo finish on test/board: 1st–2nd gap 0.36% (was 0.76%), below 0.5% for 3 snapshots since "
        "2025-01-02; within the noise (p = 0.84 that the first is better). Cause: a new entrant, "
        "gemini-2.0-pro-exp-02-05. Source arena_csv as of 2025-01-04, https://example.com/board"
    )
    assert event.facts["from_entries"] == -0.4
    assert (event.facts["cause"], event.facts["since"]) == ("entries", "2025-01-02")


def test_the_cause_is_that_of_the_crossing_not_of_the_last_snapshot() -> None:
    crossing = seen(1, 0.4, cause="entries", facts=FACTS)
    last = seen(2, 0.4, cause="scores", facts={**FACTS, "entered_top": []})
    (event,) = replay([rule(**{"for": 2})], {"close": [seen(0, 0.8), crossing, last]})
    assert "Cause: a new entrant, gemini-2.0-pro-exp-02-05." in event.text
    assert event.facts["entered_top"] == ["gemini-2.0-pro-exp-02-05"]


def test_a_recovery_says_what_it_came_back_to() -> None:
    over = events(rule(recover=0.7), 0.8, 0.4, 0.75, facts=FACTS)[-1]
    assert "Over: Close on test/board: 1st–2nd gap 0.75% (was 0.40%), at least 0.7%;" in over.text


@pytest.mark.parametrize(
    ("fields", "values", "facts", "said"),
    [
        (
            {"metric": "verdict", "op": "==", "threshold": "photo finish"},
            ("lead", "photo finish"),
            FACTS,
            "photo finish (was lead), gemini-2.0-flash-thinking 0.36% ahead of gemini-2.0-pro",
        ),
        (
            {"metric": "leader_changed", "op": "==", "threshold": True},
            (False, True),
            {"leader": "new", "prev_leader": "old", "gap_pct": 1.2, "verdict": "unknown"},
            "new in place of old, 1.20% ahead of the second; how sure is not known.",
        ),
        (
            {"metric": "n_tied", "op": ">", "threshold": 2},
            (2.0, 3.0),
            FACTS,
            "models tied for the lead 3 (was 2), above 2.",
        ),
        (
            {"metric": "kendall_tau", "op": "<", "threshold": 0.9},
            (1.0, 0.8765),
            {},
            "Kendall's tau with the order before 0.876 (was 1), below 0.9.",
        ),
        (
            {"metric": "staleness_hours", "op": ">", "threshold": 72},
            (1.0, 96.0),
            {"error": "HTTP 503"},
            "test/board has not answered well for 4 days, above 3 days. Last error: HTTP 503.",
        ),
        (
            {"metric": "quarantined", "op": "==", "threshold": True},
            (False, True),
            {"reason": "line 2 has 3 fields"},
            "a payload of test/board is in quarantine: line 2 has 3 fields.",
        ),
        (
            {"metric": "frontier_country_gap_pct", "op": "<", "threshold": 2},
            (3.0, 1.7),
            {"a": "US", "b": "CN", "verdict": "lead", "model_a": "x", "model_b": "y"},
            "US–CN gap 1.70% (was 3.00%), below 2%: x against y; more than noise.",
        ),
    ],
)
def test_every_metric_has_its_own_words(
    fields: dict[str, Any], values: tuple[Any, ...], facts: dict[str, Any], said: str
) -> None:
    (event,) = events(rule(**fields), *values, facts=facts)
    assert said in event.text
    assert "None" not in event.text


def test_a_template_of_the_user_is_followed_and_a_failing_one_gives_way() -> None:
    chosen = rule(message="{{ leader }} by {{ '%.1f' % value }} ({{ parts }})")
    (event,) = events(chosen, 0.8, 0.4, facts=FACTS)
    assert event.text == "gemini-2.0-flash-thinking by 0.4 (exits +0.00, entries -0.40)"
    (event,) = events(rule(message="{{ '%.2f' % p }}"), 0.8, 0.4)
    assert event.text.startswith("Close on test/board: 1st–2nd gap 0.40%")


def test_what_a_board_does_not_say_is_left_out() -> None:
    (event,) = events(rule(), 0.8, 0.4)
    assert event.text == (
        "Close on test/board: 1st–2nd gap 0.40% (was 0.80%), below 0.5%; how sure is not known."
    )


def test_a_task_is_named_beside_its_board() -> None:
    one, two = (replace(seen(n, value), task="coding") for n, value in ((0, 0.8), (1, 0.4)))
    (event,) = run(rule(task="*"), [one, two])[1]
    assert event.text.startswith("Close on test/board coding: ")


@given(st.text(max_size=300))
def test_nothing_that_a_terminal_obeys_gets_into_a_message(name: str) -> None:
    facts = {**FACTS, "entered_top": [name], "top_model": name, "url": name}
    (event,) = events(rule(), 0.8, 0.4, cause="entries", facts=facts)
    told = [event.text, event.facts["top_model"], *event.facts["entered_top"], event.facts["url"]]
    for text in told:
        assert text.splitlines() in ([text], [])
        assert not any(unicodedata.category(char).startswith("C") for char in text)
    assert len(event.text) <= 1500


def test_cleaning_keeps_what_people_write_in_any_script() -> None:
    assert clean("  Qwen 通义 — Größe\t«é»\n\x1b[31mred\u202e") == "Qwen 通义 — Größe «é» [31mred"
    assert clean("a" * 200) == "a" * 119 + "…"
