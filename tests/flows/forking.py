"""A process that forks a child for each request, so that one costs what it does and no start.

The module that it runs (python -m) imports everything and starts no thread, then calls `serve`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from flows.settings import ROOT


@dataclass(frozen=True)
class Ended:
    """How a child ended: by SIGKILL or not, after how many seconds, and what it answered if it did."""

    killed: bool
    seconds: float
    answer: Any


@dataclass(frozen=True)
class Forks:
    """The process that forks."""

    process: subprocess.Popen[str]

    def __call__(self, request: object, kill_after: float | None = None) -> Ended:
        """What a child makes of a request; it is killed after so many seconds. A child must not fail."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps([request, kill_after]) + "\n")
        self.process.stdin.flush()
        code, seconds, answer = json.loads(self.process.stdout.readline())
        assert code in (0, -signal.SIGKILL), f"{request} ended with {code}"
        return Ended(code == -signal.SIGKILL, seconds, answer)


@contextmanager
def forks(module: str) -> Iterator[Forks]:
    """The process of a module that serves."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Forks(process)


def serve(run: Callable[[Any], object]) -> None:
    """Answer each request with what `run` returns in a child of its own."""
    for line in sys.stdin:
        request, kill_after = json.loads(line)
        reading, writing = os.pipe()
        begun = monotonic()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _answer(run, request, writing)
        os.close(writing)
        timer = None
        if kill_after is not None:
            timer = threading.Timer(kill_after, os.kill, (child, signal.SIGKILL))
            timer.start()
        with os.fdopen(reading) as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        if timer:
            timer.cancel()
            timer.join()
        ended = [os.waitstatus_to_exitcode(status), monotonic() - begun]
        print(json.dumps([*ended, json.loads(told) if told else None]), flush=True)


def _answer(run: Callable[[Any], object], request: object, pipe: int) -> None:
    """Leave without what the parent would do at its end."""
    code = 1
    try:
        os.write(pipe, json.dumps(run(request)).encode())
        code = 0
    except Exception:  # noqa: BLE001
        traceback.print_exc()
    os._exit(code)
