"""Holding back what libraries log while they use a secret address: their messages quote it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_said: ContextVar[list[str] | None] = ContextVar("said", default=None)

LIBRARIES = ("apprise", "urllib3", "requests", "httpx", "httpcore", "prefect", "asyncio", "smtplib")


class _Held(logging.Filter):
    """Drops the records of whoever is inside `hushed`, and of nobody else."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = _said.get()
        if said is None:
            return True
        try:
            said.append(record.getMessage())
        except (TypeError, ValueError):
            said.append(str(record.msg))
        return False


_held = _Held()


@contextmanager
def hushed() -> Iterator[list[str]]:
    """Inside, in this thread, the libraries log nothing. Gives what they would have said.

    Import what may log before: a library's logger must exist to be held back.
    """
    # Adding a filter twice has no effect, and it passes everything outside of here.
    for name in [*LIBRARIES, *logging.root.manager.loggerDict]:
        if name.partition(".")[0] in LIBRARIES:
            logging.getLogger(name).addFilter(_held)
    said: list[str] = []
    token = _said.set(said)
    try:
        yield said
    finally:
        _said.reset(token)
