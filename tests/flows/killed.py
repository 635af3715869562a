"""Runs over the series of tests.flows.alerts, killed at a line: python -m tests.flows.killed STORE URL LINE.

LINE counts the lines of flows/alerts that are executed, in all threads; at it the process kills itself,
as the system would. 0 counts them and prints how many there were; without LINE nothing is counted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from flows import alerts as package
from flows.alerts.names import variable
from flows.alerts.store import Store
from tests.flows.alerts import SERIES, at, one_run

WATCHED = str(Path(package.__file__).parent)


def main(store: Store, url: str, last: int | None) -> None:
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
    print(passed)


if __name__ == "__main__":
    main(Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3]) if sys.argv[3:] else None)
