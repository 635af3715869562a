"""Schedules kept by one process, without a server: each run is a process of its own, one at a time.

A run that fails, hangs or is killed ends itself alone. A time that passes while another run is at work,
or while the machine sleeps, is made up for once.
"""

from __future__ import annotations

import os
import signal
import subprocess  # nosec B404 # our own command, without a shell
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic

from flows.schedule import Planned

LIMIT = timedelta(hours=6)
"""A run that takes longer hangs, and is ended."""
GRACE = 20.0
"""Seconds a run has to end when it is asked to, before it is killed. Nothing is lost either way."""
GLANCE = 20.0
"""Seconds between looks at the clock: it may be set, and machines sleep."""
STOPPED, HUNG = -1, -2


@dataclass(frozen=True)
class Ran:
    """How a run ended: its exit code, STOPPED or HUNG, and the seconds it took."""

    plan: Planned
    code: int
    seconds: float


def keep(
    plans: Sequence[Planned],
    run: Callable[[Planned], int],
    stop: Event,
    say: Callable[[Planned, datetime, Ran | None], None],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    at_once: bool = False,
) -> None:
    """Run each plan at its times until `stop` is set. `say` hears what is next and when, and what ran last.

    With `at_once` each plan is due at the start too. The times that pass during a run of a plan count once.
    """
    due = {plan: clock() if at_once else plan.after(clock()) for plan in plans}
    ran = None
    while not stop.is_set():
        plan = min(due, key=lambda one: due[one])
        say(plan, due[plan], ran)
        while not stop.is_set() and (left := (due[plan] - clock()).total_seconds()) > 0:
            stop.wait(min(left, GLANCE))
        if stop.is_set():
            return
        started = monotonic()
        code = run(plan)
        ran = Ran(plan, code, monotonic() - started)
        due[plan] = plan.after(clock())


def run_photofinish(
    arguments: Sequence[str], stop: Event, limit: timedelta = LIMIT, grace: float = GRACE
) -> int:
    """Run `photofinish *arguments` in a process of its own; its output goes where ours goes.

    Returns its exit code, STOPPED if `stop` was set meanwhile, HUNG if it took longer than `limit`.
    """
    command = [sys.executable, "-m", "flows", *arguments]
    # A session of its own, so that what it started (Prefect's temporary server) can be ended with it.
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 # nosec B603 # the same
    end = monotonic() + limit.total_seconds()
    while process.poll() is None:
        if stop.is_set() or monotonic() > end:
            _end(process, grace)
            return STOPPED if stop.is_set() else HUNG
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
    return process.returncode


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """Ask a run to end, as Ctrl-C does; then kill it and all that it started."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
