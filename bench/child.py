"""A process that is watched from outside: what it printed, and the most memory it and its children held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAUSE = 0.02
"""Seconds between two looks at the memory."""
PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 2**20


@dataclass(frozen=True)
class Finished:
    """A process that has ended. Memory they share counts for each of them."""

    printed: str
    complained: str
    status: int
    peak_mb: float


def finished(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Finished:
    """Run a command to its end in `folder`.

    The peak of a single process is the system's own figure; that of several together is looked at every
    20 ms where there is a /proc.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=folder)  # noqa: S603
        together = 0
        while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
            together = max(together, sum(map(_resident, _family(child.pid))))
            time.sleep(PAUSE)
        _, status, usage = ended
        # Popen must not wait for what has been waited for.
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        alone = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        peak_mb = max(alone, together) / MEGABYTE
        return Finished(out.read(), err.read(), child.returncode, peak_mb)


def _family(pid: int) -> Iterator[int]:
    """The process and every process that came from it."""
    yield pid
    for told in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _text(told).split():
            yield from _family(int(child))


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory; 0 if it is gone."""
    fields = _text(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * PAGE if fields else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
