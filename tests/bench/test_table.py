"""What the table says: met, not met, not measured; and how measurements are run."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from bench import table
from bench.__main__ import EVERYTHING, PLANS, main
from bench.machine import machine
from bench.measure import MEASUREMENTS
from bench.runner import Result, Results, measured, save, saved
from bench.targets import TARGETS, verdicts
from flows.settings import ROOT

REBUILD = "M: full rebuild, to orjson over the same bytes"
PANDAS = "M: the pandas script, to the full rebuild"
MEMORY = "M: peak memory of the rebuild"


def results(rebuild: float, orjson: float, pandas: float, peak_mb: float) -> Results:
    found = [
        Result("rebuild", "M", {"seconds": rebuild}, rebuild, rebuild, 5, peak_mb),
        Result("orjson", "M", {"seconds": orjson}, orjson, orjson, 5, 100),
        Result("pandas", "M", {"seconds": pandas}, pandas, pandas, 5, 900),
    ]
    return {(result.name, result.size): result for result in found}


@pytest.mark.parametrize(
    ("rebuild", "orjson", "pandas", "peak_mb", "met"),
    [
        (10, 2, 50, 1536, (True, True, True)),
        (10.1, 2, 50, 1536, (False, False, True)),
        (10, 2, 49, 1537, (True, False, False)),
    ],
)
def test_a_limit_is_met_up_to_itself(
    rebuild: float, orjson: float, pandas: float, peak_mb: float, met: tuple[bool, ...]
) -> None:
    found = {v.target.claim: v.met for v in verdicts(results(rebuild, orjson, pandas, peak_mb))}
    assert tuple(found[claim] for claim in (REBUILD, PANDAS, MEMORY)) == met


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    for verdict in verdicts({}):
        assert verdict.value is None
        assert verdict.met is None
    assert [row[1:] for row in table.targets({})[1:3]] == [
        ("not measured", "at most 5x", ""),
        ("not measured", "at least 5x", ""),
    ]


def test_a_measurement_that_failed_meets_nothing() -> None:
    failed: Results = {("rebuild", "M"): Result("rebuild", "M", peak_mb=10, error="no space left")}
    assert all(verdict.met is None for verdict in verdicts(failed))
    assert "no space left" in table.plain(table.measurements(failed))


def test_the_table_shows_ratio_limit_and_answer() -> None:
    rows = {row[0]: row[1:] for row in table.targets(results(12, 2, 50, 800))}
    assert rows[REBUILD] == ("6x", "at most 5x", "NO")
    assert rows[PANDAS] == ("4.17x", "at least 5x", "NO")
    assert rows[MEMORY] == ("800 MB", "at most 1536 MB", "yes")


def test_seconds_stand_beside_the_rebuild() -> None:
    rows = {row[0]: row for row in table.measurements(results(12, 2, 60, 800))}
    assert rows["pandas script"][2:6] == ("60", "60–60 (5)", "5x", "900")


def test_markdown_has_a_row_per_target() -> None:
    lines = table.markdown(table.targets({})).splitlines()
    assert len(lines) == 2 + len(TARGETS)
    assert lines[1] == "|---|---|---|---|"


def test_results_come_back_as_they_were_kept(tmp_path: Path) -> None:
    found = results(12, 2, 60, 800)
    save(found, tmp_path / "results.json")
    assert saved(tmp_path / "results.json") == found
    assert saved(tmp_path / "none.json") == {}


def test_every_target_asks_for_what_a_plan_measures() -> None:
    planned = {pair for plan in PLANS.values() for pair in plan}
    asked: set[tuple[str, str]] = set()

    class Asked(dict[tuple[str, str], Result]):
        def __missing__(self, key: tuple[str, str]) -> Result:
            asked.add(key)
            numbers = dict.fromkeys(("bytes", "parquet_bytes", "agreement", "rank_window"), 1.0)
            numbers |= dict.fromkeys(("seconds", "gap_history", "leaderboard", "top_ten"), 1.0)
            return Result(*key, numbers)

    for target in TARGETS:
        target.value(Asked())
    assert asked <= planned


def test_every_measurement_has_its_function_and_title() -> None:
    for place in MEASUREMENTS.values():
        module, function = place.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(module), function))
    assert set(EVERYTHING) <= table.TITLES.keys() & MEASUREMENTS.keys()


def test_a_child_is_measured_from_outside(tmp_path: Path) -> None:
    made = measured("generate", "T", tmp_path, repeat=2, patience=60)
    assert (made.error, made.runs) == ("", 2)
    assert made.peak_mb > 10
    assert [path.name for path in (tmp_path / "work").iterdir()] == []


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    failed = measured("nothing", "T", tmp_path, repeat=2, patience=60)
    assert failed.error == "KeyError: 'nothing'"


HOLD = "held = b'x' * 60_000_000; import time; time.sleep(0.4)"
CHILD = f"os.spawnl(os.P_WAIT, {sys.executable!r}, 'python', '-c', {HOLD!r})"
HOLD_BOTH = f"held = b'x' * 60_000_000; import os; {CHILD}"
PEAKS = f"""
import sys
from pathlib import Path
from bench.child import finished
for code in ({HOLD!r}, {HOLD_BOTH!r}):
    print(finished([sys.executable, "-c", code], {{}}, Path(".")).peak_mb)
"""


def test_the_memory_of_children_counts_too() -> None:
    # From a small process: the peak of a child begins with the size of the one it came from.
    told = subprocess.run(
        [sys.executable, "-c", PEAKS], cwd=ROOT, capture_output=True, check=True, text=True
    )
    alone, both = map(float, told.stdout.split())
    assert 57 < alone < 100
    assert both > alone + 57


def test_no_further_run_begins_when_patience_is_spent(tmp_path: Path) -> None:
    assert measured("generate", "T", tmp_path, repeat=5, patience=0).runs == 1


def test_saved_results_are_printed_without_measuring(tmp_path: Path) -> None:
    save(results(12, 2, 60, 800), tmp_path / "results.json")
    asked = ["--saved", "--data", str(tmp_path)]
    shown = CliRunner().invoke(main, asked)
    assert shown.exit_code == 0, shown.output
    assert machine() in shown.output
    assert "6x" in shown.output
    told = json.loads(CliRunner().invoke(main, [*asked, "--json"]).output)
    assert [one["name"] for one in told] == ["rebuild", "orjson", "pandas"]


def test_two_measurements_do_not_share_a_folder(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock"):
        shown = CliRunner().invoke(main, ["--size", "T", "--data", str(tmp_path)])
    assert shown.exit_code == 1
    assert f"another measurement is at work in {tmp_path}" in shown.output
