"""Runs over the series of tests.flows.alerts, killed at a line; each is a fork, which costs no start.

LINE counts the lines of flows/alerts that are executed, in all threads; at it the process kills itself,
as the system would. 0 counts them; without LINE nothing is counted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from flows import alerts as package
from flows.alerts.channels import open_channel
from flows.alerts.names import variable
from flows.alerts.store import Store
from tests.flows.alerts import SERIES, at, one_run
from tests.flows.forking import forks, serve

WATCHED = str(Path(package.__file__).parent)
Runs = Callable[..., tuple[bool, int]]


@contextmanager
def runs() -> Iterator[Runs]:
    """Runs on a store with a receiver at an address, up to a line: whether killed, and lines passed."""
    with forks("tests.flows.killed") as fork:

        def run(store: Path, url: str, line: int | None = None) -> tuple[bool, int]:
            ended = fork([str(store), url, line])
            return ended.killed, ended.answer or 0

        yield run


def _asked(request: tuple[str, str, int | None]) -> int:
    store, url, last = request
    return _run(Store(Path(store)), url, last)


def _run(store: Store, url: str, last: int | None) -> int:
    lines = count(1)
    passed = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal passed
        if not frame.f_code.co_filename.startswith(WATCHED):
            return None
        if event == "line":
            passed = next(lines)
            if passed == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    if last is not None:
        threading.settrace(trace)
        sys.settrace(trace)
    states = store.load_states()
    # As a schedule would: on from the day that was cut off.
    done = sum(at(day) <= states[0].seen_at for day in range(len(SERIES))) if states else 0
    for day in range(max(done - 1, 0), len(SERIES)):
        one_run(store, day, {variable("hook"): url})
    sys.settrace(None)
    return passed


if __name__ == "__main__":
    # What a channel imports when it is opened and used, Apprise and requests, no child imports anew.
    open_channel("hook", {variable("hook"): "http://127.0.0.1"}).send("", "", [])
    serve(_asked)
