"""What a run does, for machines: one line of JSON per step on stderr, with PHOTOFINISH_LOG=json.

The same steps go to the logger `photofinish`. A Prefect server shows them in the log of a run if
PREFECT_LOGGING_EXTRA_LOGGERS names it, as prefect.yaml does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import orjson

from flows.settings import Settings

_run_id: ContextVar[str | None] = ContextVar("run_id", default=None)


@contextmanager
def run(run_id: str) -> Iterator[None]:
    """Every line inside names the run."""
    token = _run_id.set(run_id)
    try:
        yield
    finally:
        _run_id.reset(token)


@contextmanager
def step(
    name: str, run_id: str | None = None, source: str | None = None
) -> Iterator[dict[str, Any]]:
    """One line when the step ends: the time it took and, if it failed, why.

    Gives a mapping to which the step may add facts.
    """
    facts: dict[str, Any] = {"run_id": run_id or _run_id.get(), "source": source, "step": name}
    started = monotonic()
    error = None
    try:
        yield facts
    except BaseException as raised:
        error = f"{type(raised).__name__}: {raised}"
        raise
    finally:
        facts |= {"ended": "failed" if error else "done", "error": error}
        facts["elapsed_ms"] = round(1000 * (monotonic() - started))
        _tell(facts)


def _tell(facts: dict[str, Any]) -> None:
    facts = {key: value for key, value in facts.items() if value is not None}
    words = ("step", "source", "ended", "error")
    message = " ".join(str(facts[word]) for word in words if word in facts)
    level = "error" if "error" in facts else "info"
    logger = logging.getLogger("photofinish")
    if not logger.handlers:
        # Without any, Python itself prints errors on stderr.
        logger.addHandler(logging.NullHandler())
    # Prefect's handler at the root would print every step on the terminal.
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.log(logging.getLevelNamesMapping()[level.upper()], message, extra={"facts": facts})
    if Settings().log == "json":
        line = {"time": datetime.now(UTC), "level": level, "message": message, **facts}
        sys.stderr.write(orjson.dumps(line, option=_JSON, default=str).decode())


_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
