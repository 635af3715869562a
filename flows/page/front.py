"""The front page: every race at a glance, photo finishes first, what is old set apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.page.pages import Head, Row, Site, render
from flows.page.words import CLEAR, NARROW, PHOTO, RACES, UNKNOWN

MEANINGS = {
    PHOTO: ("Photo finish", "The lead is smaller than the noise."),
    NARROW: ("Narrow lead", "Ahead of the second; not of all, once every comparison counts."),
    CLEAR: ("Clear lead", "The lead is beyond the noise."),
    UNKNOWN: ("Noise unknown", "No error bars are published; nobody can say."),
}
PAST = {
    "stale": (
        "Not current",
        "Not seen for a month, or unchanged for three: what these boards say was so then.",
    ),
    "frozen": ("Ended", "The publisher has stopped; kept for the history."),
}


def front_page(site: Site, head: Head, boards: Sequence[Row]) -> str:
    """The page of all boards that are shown in their own right (`whole` is null)."""
    shown = [board for board in boards if board["whole"] is None]
    live = [board for board in shown if board["status"] == "live"]
    return render(
        "front.html",
        site,
        head,
        here="front",
        live=live,
        photo=[board for board in live if board["race"] == PHOTO],
        newest=max((board["newest_day"] for board in boards), default=None),
        groups=[_group(race, *MEANINGS[race], live, "race") for race in RACES],
        old=[_group(status, *words, shown, "status") for status, words in PAST.items()],
    )


def summary(boards: Sequence[Row]) -> str:
    """The one sentence of the front page, which search engines and feeds show."""
    live = [b for b in boards if b["whole"] is None and b["status"] == "live"]
    photo = [board["title"] for board in live if board["race"] == PHOTO]
    if not live:
        return "No board of AI models is current."
    named = f": {', '.join(photo)}" if photo else ""
    return (
        f"{len(photo)} of {len(live)} live leaderboards of AI models "
        f"{'is a photo finish' if len(photo) == 1 else 'are photo finishes'}{named}."
    )


def _group(
    value: str, title: str, meaning: str, boards: Sequence[Row], column: str
) -> Mapping[str, Any]:
    members = [board for board in boards if board[column] == value]
    return {"race": value, "title": title, "meaning": meaning, "boards": members}
