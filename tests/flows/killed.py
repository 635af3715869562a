"""Runs over the series of tests.flows.alerts, killed at a line; each is a fork, which costs no start.

LINE counts the lines of flows/alerts that are executed, in all threads; at it the process kills itself,
as the system would. 0 counts them; without LINE nothing is counted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from flows import alerts as package
from flows.alerts.channels import open_channel
from flows.alerts.names import variable
from flows.alerts.store import Store
from flows.settings import ROOT
from tests.flows.alerts import SERIES, at, one_run

WATCHED = str(Path(package.__file__).parent)


@dataclass(frozen=True)
class Runs:
    """The process that forks. It starts no thread itself, so that forking is safe."""

    process: subprocess.Popen[str]

    def __call__(self, store: Path, url: str, line: int | None = None) -> tuple[int, int]:
        """The exit code of the runs, which is negative for a signal, and how many lines they passed."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps([str(store), url, line]) + "\n")
        self.process.stdin.flush()
        code, lines = json.loads(self.process.stdout.readline())
        return code, lines


@contextmanager
def runs() -> Iterator[Runs]:
    command = [sys.executable, "-m", "tests.flows.killed"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        yield Runs(process)


def _serve() -> None:
    # What a channel imports when it is opened and used, Apprise and requests, no child imports anew.
    channel = open_channel("hook", {variable("hook"): "http://127.0.0.1"})
    channel.send("", "", [])
    for request in sys.stdin:
        store, url, last = json.loads(request)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            # Left without what the parent would do at its end.
            code = 1
            try:
                os.write(writing, b"%d" % _run(Store(Path(store)), url, last))
                code = 0
            except Exception:  # noqa: BLE001
                traceback.print_exc()
            os._exit(code)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            lines = int(pipe.read() or 0)
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), lines]), flush=True)


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
    _serve()
