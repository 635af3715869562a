"""Run a measurement some times, each in a process of its own: medians, and the most memory any of them took.

This process stays small: a child's peak memory counts from the size of the process it came from.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.child import Finished, finished

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Result:
    """What a measurement came to. `numbers` are medians by name, times in seconds."""

    name: str
    size: str
    numbers: dict[str, float] = field(default_factory=dict)
    lowest: float = 0
    highest: float = 0
    """The least and the most of `seconds` over the runs."""
    runs: int = 0
    peak_mb: float = 0
    error: str = ""


Results = dict[tuple[str, str], Result]


def measured(name: str, size: str, data: Path, repeat: int, patience: float) -> Result:
    """Measure up to `repeat` times; no further time once `patience` seconds are spent."""
    runs: list[dict[str, float]] = []
    peak, started = 0.0, perf_counter()
    while len(runs) < repeat and (not runs or perf_counter() - started < patience):
        child = _child(name, size, data)
        if child.status:
            reason = [f"status {child.status}", *child.complained.strip().splitlines()][-1]
            return Result(name, size, runs=len(runs), peak_mb=child.peak_mb, error=reason)
        runs.append(json.loads(child.printed.splitlines()[-1]))
        peak = max(peak, child.peak_mb)
    seconds = [run["seconds"] for run in runs if "seconds" in run] or [0.0]
    return Result(
        name,
        size,
        {key: median(run[key] for run in runs) for key in runs[0]},
        min(seconds),
        max(seconds),
        len(runs),
        peak,
    )


def _child(name: str, size: str, data: Path) -> Finished:
    # An environment in which Python keeps no compiled modules would have each process compile them all.
    dropped = ("PHOTOFINISH_", "PYTHONDONTWRITEBYTECODE")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "bench.measure", name, size, str(data.resolve())]
    data.mkdir(parents=True, exist_ok=True)
    # In `data`, so that nobody's photofinish.toml is read.
    return finished(command, environment, data)


def save(results: Results, file: Path) -> None:
    """Keep results, so that they can be printed again."""
    file.write_text(json.dumps([asdict(result) for result in results.values()], indent=1))


def saved(file: Path) -> Results:
    """Results that were kept; none where there is no file."""
    if not file.exists():
        return {}
    found = [Result(**one) for one in json.loads(file.read_text())]
    return {(result.name, result.size): result for result in found}
