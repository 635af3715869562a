"""What there is to say of a set of rows: its columns, whose data it is, which bytes it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

NOT_STATED = "not stated"
BOARD_UNIT = "unit of the board (core.boards.unit)"

_ENDINGS = {
    "_usd_per_mtok": "USD per million tokens",
    "_pct": "%",
    "_pct_of_top": "%",
    "_ms": "ms",
    "_tokens": "tokens",
    "_price": "USD per million tokens",
}
_NAMES = {
    "delta_pct": "%",
    "days": "days",
    "bytes": "bytes",
    **dict.fromkeys(
        ("score", "ci_low", "ci_high", "sd", "gap", "top_score", "kth_score", "best_a", "best_b"),
        BOARD_UNIT,
    ),
    **dict.fromkeys(
        ("spread", "best", "worst", "top10_mean", "shift", "cut", "prev_cut", "perfect_score"),
        BOARD_UNIT,
    ),
}


@dataclass(frozen=True)
class Rights:
    """Whose data a board is: what core.boards says of its publisher. A source of prices has no board."""

    board: str
    title: str
    source: str
    licence: str
    credit: str
    homepage: str


@dataclass(frozen=True)
class About:
    """What is said of a set of rows, whatever file they are in.

    `columns` maps each column to its meaning, `units` those that have one to it; `key` names the columns
    that tell rows apart; `rights` says whose data it is, `payloads` the sha256 of the bytes behind it, and
    `modified` when it last changed (UTC).
    """

    title: str
    description: str
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    rights: tuple[Rights, ...] = ()
    payloads: tuple[str, ...] = ()
    modified: datetime | None = None
    version: str = ""


@dataclass(frozen=True)
class Package:
    """What is said of an export as a whole. `published` is when its tables were published (UTC)."""

    title: str
    description: str
    published: datetime
    version: str


def units(columns: Mapping[str, str], board_unit: str = BOARD_UNIT) -> dict[str, str]:
    """The unit of each column that has one, by the names the tables use; `board_unit` for scores."""
    found = {}
    for name in columns:
        unit = _NAMES.get(name) or next((u for e, u in _ENDINGS.items() if name.endswith(e)), None)
        if unit:
            found[name] = board_unit if unit == BOARD_UNIT else unit
    return found
