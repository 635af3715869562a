"""Claims on boards small enough to check by eye: what they are answered, and how a wrong one is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.settings import ROOT
from tests.conftest import MakeWarehouse, made_of, scored
from warehouse.claims import BrokenClaims, Claim, Refused, read_claims
from warehouse.definitions import Nth, Unit, Who
from warehouse.models import Model
from warehouse.verdicts import Answer, Verdict, judge, nearest

GAP = {
    "kind": "gap",
    "text": "The first two are 25% apart.",
    "source": "a test",
    "board": "test/board",
    "date": date(2025, 1, 1),
    "k": 2,
    "value": 25.0,
    "tolerance": 0.5,
}
LED = {k: GAP[k] for k in ("text", "source", "board", "date")} | {"kind": "leader", "leader": "ada"}
GROUPS = {k: v for k, v in GAP.items() if k != "k"} | {
    "kind": "groups",
    "between": "country",
    "groups": ["US", "CN"],
}
TWO = scored(ada=100.0, bea=80.0)


@pytest.fixture
def models() -> Sequence[Model]:
    return made_of(["metrics.gap_history", "core.models"])


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Answer]:
    """Judge one claim, which goes through a file; the query printed must give the value shown."""

    def asked(db: duckdb.DuckDBPyConnection, claim: dict[str, Any], **changes: Any) -> Answer:
        (read,) = read_claims(written(tmp_path, {**claim, **changes}))
        assert isinstance(read, Claim), read
        answer = judge(db, read)
        if answer.value is not None:
            (row,) = db.sql(answer.query).fetchall()
            assert row[-2] == answer.value
            agrees = answer.verdict in (Verdict.REPRODUCED, Verdict.ONLY_UNDER)
            assert row[-1] is agrees
        return answer

    return asked


def written(folder: Path, *claims: dict[str, Any]) -> Path:
    path = folder / "claims.toml"
    path.write_text("\n".join(["[[claim]]\n" + toml(claim) for claim in claims]))
    return path


def toml(claim: dict[str, Any]) -> str:
    return "".join(f"{key} = {literal(value)}\n" for key, value in claim.items())


def literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, date | float | int) else repr(value)


def test_a_number_within_the_tolerance_is_reproduced(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": TWO})
    found = ask(db, GAP)
    assert (found.verdict, found.value, found.definition) == (
        Verdict.REPRODUCED,
        25.0,
        found.claim.definition,
    )
    assert found.spread == (20.0, 25.0)


def test_the_edge_of_the_tolerance_belongs_to_the_claim(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": TWO})
    assert ask(db, GAP, value=24.9, tolerance=0.1).verdict == Verdict.REPRODUCED
    assert ask(db, GAP, value=24.8, tolerance=0.1).verdict == Verdict.CONTRADICTED


def test_a_number_of_another_definition_is_reproduced_only_under_that(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    found = ask(warehouse({"2025-01-01": TWO}), GAP, value=20.0)
    assert (found.verdict, found.value) == (Verdict.ONLY_UNDER, 20.0)
    assert found.definition.unit is Unit.PCT_OF_UPPER
    # By organisation it is the same on this board; the nearest definition is named.
    assert [one.who for one in found.holding] == [Who.MODEL, Who.ORGANIZATION]
    assert found.nearest == [found.definition]


def test_points_are_never_taken_for_percent(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": scored(ada=10.0, bea=7.0)})
    assert ask(db, GAP, value=3.0, definition={"unit": "points"}).verdict == Verdict.REPRODUCED
    assert ask(db, GAP, value=3.0).verdict == Verdict.CONTRADICTED


def test_a_number_of_no_definition_is_contradicted_with_what_the_data_give(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    found = ask(warehouse({"2025-01-01": TWO}), GAP, value=7.0)
    assert (found.verdict, found.value) == (Verdict.CONTRADICTED, 25.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"board": "test/none"}, "no board test/none with the task overall"),
        ({"task": "coding"}, "no board test/board with the task coding"),
        ({"date": date(2024, 1, 1)}, "the closest is of 2025-01-01"),
        ({"date": date(2025, 1, 9)}, "7 days before 2025-01-09 to 45 after"),
        ({"k": 3}, "it has 2 models with a score, and no number 3"),
        ({"k": 3, "definition": {"who": "organization"}}, "it has 2 organisations with a score"),
        ({"definition": {"unit": "sigma"}}, "the board publishes no noise"),
        ({"definition": {"unit": "win_probability"}}, "needs an Elo board"),
    ],
)
def test_where_data_are_missing_it_says_which(
    warehouse: MakeWarehouse, ask: Callable[..., Answer], changes: dict[str, Any], said: str
) -> None:
    found = ask(warehouse({"2025-01-01": TWO}), GAP, **changes)
    assert (found.verdict, found.value) == (Verdict.MISSING, None)
    assert said in found.reason


def test_a_score_of_zero_has_no_percentage(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": scored(ada=2.0, bea=0.0)})
    assert ask(db, GAP, value=7.0).verdict == Verdict.MISSING
    assert ask(db, GAP, value=100.0).definition.unit is Unit.PCT_OF_UPPER


MADE = [
    {"model_raw": "ada", "score": 100.0, "organization_raw": "OpenAI"},
    {"model_raw": "bea", "score": 80.0, "organization_raw": "DeepSeek"},
    {"model_raw": "cal", "score": 90.0, "organization_raw": None},
    {"model_raw": "dan", "score": 95.0, "organization_raw": "OpenAI"},
]


def test_the_best_of_two_countries_are_compared_and_the_sign_says_who_is_ahead(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": MADE})
    assert ask(db, GROUPS).value == 25.0
    turned = ask(db, GROUPS, groups=["CN", "US"], value=-25.0)
    assert (turned.verdict, turned.value) == (Verdict.REPRODUCED, -25.0)
    assert ask(db, GROUPS, value=20.0).definition.unit is Unit.PCT_OF_UPPER
    assert ask(db, GROUPS, groups=["CN", "US"], value=25.0).verdict == Verdict.CONTRADICTED


def test_of_two_countries_the_one_with_the_lower_score_is_ahead_where_lower_is_better(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    found = ask(warehouse({"2025-01-01": MADE}, higher_is_better=False), GROUPS)
    # bea's 80 is better than dan's 95, the best of the US: relative to the worse score.
    assert found.value == pytest.approx(-100 * 15 / 95)


def test_equal_bests_are_no_distance_apart(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    level = [{**row, "score": 5.0} for row in MADE[:2]]
    found = ask(warehouse({"2025-01-01": level}, scale="elo"), GROUPS, value=0.0)
    assert str(found.value) == "0.0"
    even = {"value": 0.5, "definition": {"unit": "win_probability"}}
    assert ask(warehouse({"2025-01-01": level}, scale="elo"), GROUPS, **even).value == 0.5


def test_the_country_of_a_model_may_be_known_from_another_board(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    here = [{**row, "organization_raw": None} for row in MADE]
    there = [{**row, "board": "test/other"} for row in MADE]
    assert ask(warehouse({"2025-01-01": [*here, *there]}), GROUPS).value == 25.0


def test_a_group_without_a_model_is_named(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    found = ask(warehouse({"2025-01-01": MADE}), GROUPS, groups=["US", "FR"])
    assert found.verdict == Verdict.MISSING
    assert found.reason == "no model on it is known to be of the country FR"


def test_open_weights_against_proprietary(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    rows = [
        {"model_raw": "ada", "score": 100.0, "license_raw": "Proprietary"},
        {"model_raw": "bea", "score": 80.0, "license_raw": "MIT"},
    ]
    changes = {"between": "openness", "groups": ["open", "proprietary"], "value": -25.0}
    assert ask(warehouse({"2025-01-01": rows}), GROUPS, **changes).value == -25.0


def test_who_led_is_a_model_by_either_name(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": scored(**{"Ada-4": 9.0, "bea": 8.0})})
    for name in ("ada-4", "Ada-4"):
        assert ask(db, LED, leader=name).verdict == Verdict.REPRODUCED


def test_who_did_not_lead_is_contradicted_with_who_did_and_where_it_stood(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    found = ask(warehouse({"2025-01-01": TWO}), LED, leader="bea")
    assert (found.verdict, found.value) == (Verdict.CONTRADICTED, ["ada"])
    assert found.reason == "ada led with 100; bea stood at 2 of 2 with 80"


def test_equal_scores_lead_together(warehouse: MakeWarehouse, ask: Callable[..., Answer]) -> None:
    db = warehouse({"2025-01-01": scored(bea=9.0, ada=9.0, cal=8.0)})
    found = ask(db, LED, leader="bea")
    assert (found.verdict, found.value) == (Verdict.REPRODUCED, ["ada", "bea"])


def test_an_organisation_leads_only_under_organisations(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": MADE})
    found = ask(db, LED, leader="OpenAI")
    assert (found.verdict, found.definition.who) == (Verdict.ONLY_UNDER, Who.ORGANIZATION)
    own = ask(db, LED, leader="OpenAI", definition={"who": "organization"})
    assert own.verdict == Verdict.REPRODUCED


def test_one_within_the_noise_of_the_first_leads_only_by_displayed_rank(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    rows = [{**row, "ci_low": row["score"] - 11, "ci_high": row["score"] + 11} for row in TWO]
    found = ask(warehouse({"2025-01-01": rows}), LED, leader="bea")
    assert (found.verdict, found.definition.nth) == (Verdict.ONLY_UNDER, Nth.DISPLAYED_RANK)


def test_a_name_that_the_board_never_had_is_missing_and_one_it_had_is_contradicted(
    warehouse: MakeWarehouse, ask: Callable[..., Answer]
) -> None:
    db = warehouse({"2025-01-01": TWO, "2025-02-01": scored(eve=200.0)})
    never = ask(db, LED, leader="o'neil")
    assert (never.verdict, never.reason) == (
        Verdict.MISSING,
        "test/board never listed o'neil; names are those of core.models",
    )
    later = ask(db, LED, leader="eve")
    assert (later.verdict, later.reason) == (
        Verdict.CONTRADICTED,
        "ada led with 100; eve was not listed",
    )


@pytest.mark.parametrize(
    ("day", "used"),
    [
        ("2025-01-10", "2025-01-10"),
        ("2025-01-17", "2025-01-10"),
        ("2025-01-18", "2025-03-01"),
        ("2025-01-15", "2025-01-10"),
        ("2024-11-26", "2025-01-10"),
        ("2024-11-25", None),
        ("2025-03-08", "2025-03-01"),
        ("2025-03-09", None),
    ],
)
def test_a_day_is_answered_by_its_state_or_the_last_week_or_what_came_next(
    day: str, used: str | None
) -> None:
    states = [date(2025, 3, 1), date(2025, 1, 10)]
    found = nearest(states, date.fromisoformat(day))
    assert found == (date.fromisoformat(used) if used else None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "rank"}, "kind should be one of gap, groups, leader, not 'rank'"),
        ({"value": "25"}, "value: Input should be a valid number"),
        ({"value": True}, "value: Input should be a valid number"),
        ({"value": float("nan")}, "value: Input should be a finite number"),
        ({"tolerance": -0.1}, "tolerance: Input should be greater than or equal to 0"),
        ({"k": 1}, "k: Input should be greater than or equal to 2"),
        ({"date": "January"}, "date: Input should be a valid date"),
        ({"text": " "}, "text: String should have at least 1 character"),
        ({"colour": 3}, "there is no colour; there are text, source, board"),
        ({"definition": {"nth": "first"}}, "should be 'position' or 'displayed_rank'"),
        ({"definition": {"rank": 1}}, "there is no definition.rank; there are nth, unit, who"),
    ],
)
def test_a_wrong_claim_is_refused_with_what_would_be_right_and_the_others_work(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    first, second, third = read_claims(written(tmp_path, GAP, {**GAP, **changes}, LED))
    assert isinstance(second, Refused)
    assert second.number == 2
    assert said in second.reason
    assert isinstance(first, Claim)
    assert isinstance(third, Claim)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ({**GROUPS, "groups": ["US", "US"]}, "groups are two different ones"),
        ({**GROUPS, "groups": ["US", "China"]}, "two-letter ISO code, such as US"),
        ({**GROUPS, "between": "openness"}, "the groups of openness are proprietary and open"),
        ({**GROUPS, "definition": {"nth": "position"}}, "nth of the definition says nothing here"),
        ({**LED, "definition": {"unit": "points"}}, "it may have nth and who"),
        ({k: v for k, v in GAP.items() if k != "k"}, "k: Field required"),
        ({k: v for k, v in GAP.items() if k != "kind"}, "kind should be one of gap"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, claim: dict[str, Any], said: str
) -> None:
    (found,) = read_claims(written(tmp_path, claim))
    assert isinstance(found, Refused)
    assert said in found.reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[[claim]\n", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"", "should be a list of [[claim]] and nothing else"),
        (b"[claim]\ntext = 'a'\n", "should be a list of [[claim]]"),
        (b"[[claims]]\ntext = 'a'\n", "should be a list of [[claim]]"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "claims.toml"
    path.write_bytes(content)
    with pytest.raises(BrokenClaims) as refused:
        read_claims(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenClaims, match=r"none\.toml cannot be read"):
        read_claims(tmp_path / "none.toml")


def test_the_example_of_the_documentation_is_a_claim(tmp_path: Path) -> None:
    lines = (ROOT / "docs" / "claims.md").read_text().splitlines()
    path = tmp_path / "claims.toml"
    path.write_text("\n".join(line.strip() for line in lines if line.startswith("    ")))
    (found,) = read_claims(path)
    assert isinstance(found, Claim)
