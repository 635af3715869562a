"""What is fast enough: each target, and what the results say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.runner import Results

Value = Callable[[Results], float]


@dataclass(frozen=True)
class Target:
    """A claim with a limit. `value` raises KeyError where something it needs was not measured."""

    claim: str
    value: Value
    limit: float
    unit: str = "x"
    at_least: bool = False


@dataclass(frozen=True)
class Verdict:
    """A target held to results; no value where something was not measured."""

    target: Target
    value: float | None

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        if self.target.at_least:
            return self.value >= self.target.limit
        return self.value <= self.target.limit


def _number(name: str, size: str = "M", key: str = "seconds") -> Value:
    return lambda results: results[name, size].numbers[key]


def _peak(name: str, size: str) -> Value:
    def peak(results: Results) -> float:
        result = results[name, size]
        if result.error:
            raise KeyError(name)
        return result.peak_mb

    return peak


def _ratio(of: Value, to: Value) -> Value:
    return lambda results: of(results) / to(results)


def _milliseconds(of: Value) -> Value:
    return lambda results: 1000 * of(results)


TARGETS = (
    Target(
        "M: full rebuild, to orjson over the same bytes",
        _ratio(_number("rebuild"), _number("orjson")),
        5,
    ),
    Target(
        "M: the pandas script, to the full rebuild",
        _ratio(_number("pandas"), _number("rebuild")),
        5,
        at_least=True,
    ),
    Target("M: peak memory of the rebuild", _peak("rebuild", "M"), 1536, "MB"),
    Target("one more day on M, to one on S", _ratio(_number("day"), _number("day", "S")), 1.5),
    Target(
        "the same day on M, to the last 90 days of M alone",
        _ratio(_number("day"), _number("day", "M90")),
        1.5,
    ),
    Target("M: one more day", _number("day"), 2, "s"),
    Target("M: a day on which nothing changed", _number("unchanged"), 1, "s"),
    Target(
        "M: gap history of a board", _milliseconds(_number("queries", key="gap_history")), 50, "ms"
    ),
    Target(
        "M: leaderboard as of a date",
        _milliseconds(_number("queries", key="leaderboard")),
        50,
        "ms",
    ),
    Target(
        "M: latest top ten of every board",
        _milliseconds(_number("queries", key="top_ten")),
        50,
        "ms",
    ),
    Target(
        "M: published file, to its entries as zstd Parquet",
        _ratio(_number("file", key="bytes"), _number("file", key="parquet_bytes")),
        1.5,
    ),
    Target("M: `photofinish gaps`, the whole process", _number("gaps"), 0.5, "s"),
    Target(
        "M: Kendall's tau and RBO, to the rank window",
        _ratio(_number("ranks", key="agreement"), _number("ranks", key="rank_window")),
        3,
    ),
    Target(
        "L: peak memory of the rebuild, DuckDB told to use 4 GB", _peak("rebuild", "L"), 6144, "MB"
    ),
)


def verdicts(results: Results) -> list[Verdict]:
    """Each target with its measured value."""
    return [Verdict(target, _measured(target, results)) for target in TARGETS]


def _measured(target: Target, results: Results) -> float | None:
    try:
        return target.value(results)
    except KeyError:
        return None
