"""Asking politely: few requests at once per host, a pause between them, and none before it wants to be
asked again.

Sources are pulled by several threads, and many of them share a host. A gate per host, shared by the threads
of a process, lets through one request after the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache

FOREVER = 10**9
"""Seconds; what a host asks beyond it (some send numbers of hundreds of digits) is the same."""


class LeftAlone(Exception):
    """A host wants no request for longer than we wait. The message says until when."""


@dataclass
class _Host:
    slots: threading.Semaphore
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_start: float = 0.0
    not_before: float = 0.0
    asked: float = 0.0
    """Seconds of pause it has asked for since it last answered well."""


class Gates:
    """The gates of all hosts.

    `at_once` requests per host; `pause` seconds from the start of one to the start of the next;
    `patience` seconds are waited in all for a host that asks for pauses without ever answering.
    """

    def __init__(
        self,
        at_once: int,
        pause: float,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.patience = patience
        self._at_once, self._pause = at_once, pause
        self._clock, self._sleep = clock, sleep
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def asking(self, host: str) -> Iterator[None]:
        """Inside, the host may be asked once. Raises LeftAlone if it wants no request for too long."""
        gate = self._gate(host)
        with gate.slots:
            while wait := self._turn(host, gate):
                self._sleep(wait)
            yield

    def hold(self, host: str, seconds: float) -> bool:
        """The host asks for a pause. Returns whether it is short enough to be waited for."""
        gate = self._gate(host)
        with gate.lock:
            now = self._clock()
            until = now + min(seconds, FOREVER)
            gate.asked += max(0.0, until - max(now, gate.not_before))
            gate.not_before = max(gate.not_before, until)
            return gate.asked <= self.patience

    def answered(self, host: str) -> None:
        """The host has answered well: its pauses so far are forgotten."""
        gate = self._gate(host)
        with gate.lock:
            gate.asked = 0.0

    def _gate(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host(threading.Semaphore(self._at_once)))

    def _turn(self, host: str, gate: _Host) -> float:
        """0 if it is our turn, which is then taken; else how many seconds to wait before looking again."""
        with gate.lock:
            now = self._clock()
            held = gate.not_before - now
            if held > 0 and gate.asked > self.patience:
                raise LeftAlone(f"{host} was not asked: it wants to be left alone for {held:.0f} s")
            if held < -self.patience:
                gate.asked = 0.0
            wait = max(held, gate.next_start - now)
            if wait <= 0:
                gate.next_start = now + self._pause
            return max(wait, 0.0)


@cache
def gates(at_once: int, pause: float, patience: float) -> Gates:
    """The gates of this process: hosts are asked by the process, not by a single run or thread."""
    return Gates(at_once, pause, patience)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date); None without
    one that makes sense."""
    written = (header or "").strip()
    if written.isascii() and written.isdigit():
        return float(min(int(written), FOREVER)) if len(written) < 20 else float(FOREVER)
    try:
        moment = parsedate_to_datetime(written)
    except (TypeError, ValueError):
        return None
    # A date without a zone is GMT, as HTTP dates are.
    until = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
