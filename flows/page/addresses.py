"""A stable address for every board, model and claim."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import sha256

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_LONGEST = 80
_RESERVED = re.compile(r"(con|prn|aux|nul|index|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def slug(name: str) -> str:
    """The name where it is safe in a path; else its safe letters and a few digits of its hash.

    The same name has the same slug on every machine, and no two names share one.
    """
    if _SAFE.fullmatch(name) and len(name) <= _LONGEST and not _RESERVED.fullmatch(name):
        return name
    letters = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:_LONGEST]
    return f"{letters or 'x'}-{sha256(name.encode()).hexdigest()[:8]}"


def addresses(names: Iterable[str], make: Callable[[str], str] = slug) -> dict[str, str]:
    """The address of each name; names that differ only in case have a hash, since some disks ignore it."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        own = make(name)
        if own.casefold() in taken:
            own = f"{own}-{sha256(name.encode()).hexdigest()[:8]}"
        taken.add(own.casefold())
        found[name] = own
    return found


def board_folder(board: str) -> str:
    """boards/<source>/<name> of a board."""
    source, _, name = board.partition("/")
    return f"boards/{slug(source)}/{slug(name or 'board')}"


def model_folder(model: str) -> str:
    """models/<name> of a model."""
    return f"models/{slug(model)}"
