"""Which names are one model: never a false merge on the labelled pairs, and few missed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.identity import canonical
from sources.reference import reference_names

PAIRS = Path(__file__).parent.parent / "fixtures" / "identity" / "pairs.csv"


def model(name: str) -> str:
    return str(reference_names([("*", name)])["model"][0])


def labelled() -> list[tuple[str, str, bool]]:
    with PAIRS.open(newline="", encoding="utf-8") as file:
        return [(r["left"], r["right"], r["same"] == "yes") for r in csv.DictReader(file)]


def test_no_false_merge_and_few_missed_on_the_labelled_pairs() -> None:
    pairs = labelled()
    assert len(pairs) >= 80
    merged = [(left, right) for left, right, _ in pairs if model(left) == model(right)]
    same = [(left, right) for left, right, same in pairs if same]
    assert set(merged) <= set(same), "a false merge"
    recall = len(merged) / len(same)
    assert recall >= 0.95, f"recall {recall:.3f}"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022"),
        ("llama-3-70b-instruct", "llama-3-8b-instruct"),
        ("claude-3-7-sonnet", "claude-3-7-sonnet-thinking"),
        ("o3-mini-high", "o3-mini-medium"),
        ("o1-preview", "o1"),
        ("chatgpt-4o-latest", "gpt-4o"),
        ("deepseek-v2", "deepseek-v2.5"),
        ("qwen2.5-72b-instruct", "qwen2.5-72b"),
        ("o3 (high) + gpt-4.1", "o3 (high)"),
    ],
)
def test_models_that_look_alike_stay_apart(left: str, right: str) -> None:
    assert model(left) != model(right)


@pytest.mark.parametrize(
    "names",
    [
        (
            "claude-3-5-sonnet-20241022",
            "Claude 3.5 Sonnet (20241022)",
            "anthropic/claude-3.5-sonnet-20241022",
        ),
        ("GPT-4o-2024-05-13", "gpt-4o-20240513", "openai/gpt-4o-2024-05-13"),
        ("Llama-3.1-70b-Instruct", "meta-llama/Llama-3.1-70B-Instruct"),
    ],
)
def test_one_model_written_in_several_ways_is_one(names: tuple[str, ...]) -> None:
    assert len({model(name) for name in names}) == 1


@given(st.text(min_size=1, max_size=60))
def test_a_key_is_its_own_key(name: str) -> None:
    key, _ = canonical(name)
    assert canonical(key)[0] == key
