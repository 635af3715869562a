"""Numbers, names and dates as the page writes them; what a template may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from flows.show.shortlist import usd
from flows.show.text import counted, listed, percent

PHOTO, NARROW, CLEAR, UNKNOWN = "photo finish", "narrow lead", "clear lead", "unknown"
RACES = (PHOTO, NARROW, CLEAR, UNKNOWN)
ORDINALS = {2: "second", 3: "third", 5: "fifth", 10: "tenth"}
MOST_DIGITS = 3


def verdict(board: Mapping[str, Any]) -> str:
    """The verdict of a race in words, as it stands above its finish line."""
    if board["race"] == PHOTO:
        return f"Photo finish: {board['n_tied']} models within noise"
    if board["race"] == NARROW:
        return f"Narrow lead: {board['n_tied']} models within noise"
    if board["race"] == CLEAR:
        return "Clear lead"
    return "One model only" if board["runner_up"] is None else "Noise unknown"


def digits(values: Iterable[float | None]) -> int:
    """How many decimals a column of scores needs so that its numbers align: at most 3, from 10 up 2."""
    known = [value for value in values if value is not None]
    most = 2 if max(map(abs, known), default=0) >= 10 else MOST_DIGITS
    return next(
        (d for d in range(most) if all(abs(v - round(v, d)) < 1e-9 for v in known)),
        most,
    )


def score(value: float | None, decimals: int | None = None) -> str:
    """A score with thousands set apart; a dash where there is none."""
    if value is None:
        return "–"
    shown = digits([value]) if decimals is None else decimals
    return f"{round(value, shown) + 0.0:,.{shown}f}".replace("-", "−")


def unit(board: Mapping[str, Any]) -> str:
    """The unit as it follows a number: 12%, 12 points."""
    return "%" if board["unit"] == "%" else f" {board['unit']}"


def amount(value: float | None, board: Mapping[str, Any]) -> str:
    """A score with its unit: 12%, 12 points, 1 point."""
    shown = score(value)
    named = unit(board)
    return shown + (named.removesuffix("s") if shown == "1" and named.endswith("nts") else named)


def day(value: date | datetime | None) -> str:
    """11 Apr 2026: short, and without doubt which is the month."""
    return f"{value.day} {value:%b %Y}" if value else "–"


def link(url: str | None) -> str | None:
    """The address if it is one of the web: a card may come from anybody's file."""
    return url if url and url.startswith(("https://", "http://")) else None


def signed(value: float | None) -> str:
    """A change in percentage points with its sign; a dash where there is none."""
    if value is None:
        return "–"
    shown = round(value, 2) + 0.0
    return f"{shown:+.2f}".replace("-", "−") if shown else "0"


FILTERS = {
    "score": score,
    "digits": digits,
    "percent": percent,
    "day": day,
    "signed": signed,
    "usd": usd,
    "counted": counted,
    "listed": listed,
    "link": link,
    "verdict": verdict,
    "unit": unit,
}
