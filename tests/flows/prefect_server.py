"""A Prefect server for tests: on loopback, with a home that goes away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import requests

SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    # A schedule that a test adds is not waited for as long as by default.
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
}


@dataclass(frozen=True)
class Server:
    api: str
    home: Path

    def events(self, name: str) -> list[dict[str, Any]]:
        wanted = {"filter": {"event": {"name": [name]}}}
        answer = requests.post(f"{self.api}/events/filter", json=wanted, timeout=10)
        found: list[dict[str, Any]] = answer.json()["events"]
        return found


@contextmanager
def started(home: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port],
        env={**os.environ, "PREFECT_HOME": str(home), **SETTINGS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    api = f"http://127.0.0.1:{port}/api"
    try:
        until(lambda: _answers(f"{api}/health"), 120)
        yield Server(api, home)
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    """What `holds` returns, as soon as that is true; fails after `seconds`."""
    end = monotonic() + seconds
    while not (found := holds()):
        assert monotonic() < end, "it did not happen in time"
        sleep(0.3)
    return found
