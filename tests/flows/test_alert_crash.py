"""A run that is killed anywhere: no message is lost, and one that is repeated has the same id."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from flows.alerts.store import Store
from tests.flows.alerts import an_event, at
from tests.flows.killed import runs
from tests.flows.server import serving

pytestmark = pytest.mark.slow

# Read here: the fixtures of every test take settings of the outside away.
POINTS = 40 if os.environ.get("PHOTOFINISH_SOAK") == "1" else 12
IDS = {
    "photofinish.alert.firing": an_event(observed_at=at(2)).id,
    "photofinish.alert.resolved": an_event(observed_at=at(8), status="resolved").id,
}


def test_killed_at_any_line_each_message_arrives_at_least_once_with_its_id(tmp_path: Path) -> None:
    with serving() as receiver, runs() as run:
        killed, lines = run(tmp_path / "whole.sqlite", receiver.url, 0)
        assert not killed
        assert len(receiver.bodies) == 2, "exactly once where nothing breaks"
        # Not the very last lines: how many there are differs a little with the order of the threads.
        points = random.Random(8).sample(range(1, lines - 50), POINTS)
        for point in sorted(points):
            receiver.bodies.clear()
            path = tmp_path / f"{point}.sqlite"
            killed, _ = run(path, receiver.url, point)
            assert killed
            killed, _ = run(path, receiver.url)
            assert not killed
            got = [(e["type"], e["id"]) for e in map(json.loads, receiver.bodies)]
            assert set(got) == set(IDS.items()), f"killed at line {point}"
            assert [s.outcome for s in Store(path).sendings()] == ["sent", "sent"]
