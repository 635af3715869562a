"""A run that is killed anywhere: no message is lost, and one that is repeated has the same id."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.alerts.store import Store
from flows.settings import ROOT
from tests.flows.alerts import an_event, at
from tests.flows.server import serving

pytestmark = pytest.mark.slow

# Read here: the fixtures of every test take settings of the outside away.
POINTS = 40 if os.environ.get("PHOTOFINISH_SOAK") == "1" else 6
IDS = {
    "photofinish.alert.firing": an_event(observed_at=at(2)).id,
    "photofinish.alert.resolved": an_event(observed_at=at(8), status="resolved").id,
}


def runs(store: Path, url: str, *line: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.flows.killed", str(store), url, *map(str, line)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_killed_at_any_line_each_message_arrives_at_least_once_with_its_id(tmp_path: Path) -> None:
    with serving() as receiver:
        whole = runs(tmp_path / "whole.sqlite", receiver.url, 0)
        assert whole.returncode == 0, whole.stderr
        assert len(receiver.bodies) == 2, "exactly once where nothing breaks"
        # Not the very last lines: how many there are differs a little with the order of the threads.
        points = random.Random(8).sample(range(1, int(whole.stdout) - 50), POINTS)
        for point in sorted(points):
            receiver.bodies.clear()
            path = tmp_path / f"{point}.sqlite"
            killed = runs(path, receiver.url, point)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            rest = runs(path, receiver.url)
            assert rest.returncode == 0, rest.stderr
            got = [(e["type"], e["id"]) for e in map(json.loads, receiver.bodies)]
            assert set(got) == set(IDS.items()), f"killed at line {point}"
            assert [s.outcome for s in Store(path).sendings()] == ["sent", "sent"]
