"""What a source says of itself, and of each of its boards, so that it can be read by eye."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

OVERALL = "overall"
"""The task of a board without tasks, and of the summary where a publisher or a card defines one."""


class Witness(NamedTuple):
    """One number that a person read on the page: parsing its recording must give it back."""

    board: str
    captured_at: str
    model: str
    score: float
    task: str = OVERALL


@dataclass(frozen=True, kw_only=True)
class Board:
    """The facts of one board. Bounds are a contract: move them only with a reason in the commit."""

    board: str
    title: str
    task_family: str
    metric: str
    unit: str
    higher_is_better: bool
    scale: Literal["elo", "proportion", "points", "seconds", "usd"]
    scoring_method: str
    sample_size: str
    evaluation_date: str
    prompts_public: Literal["yes", "no", "partly"]
    contamination: str
    min_rows: int
    max_rows: int
    min_score: float
    max_score: float
    perfect_score: float | None = None
    """The best score there can be, where the unit does not say: % ends at 100, or 0 if lower is better."""
    complete_rows: int = 0
    """A listing with fewer models than this is truncated (0: every listing is whole)."""


Urls = Callable[[dt.date], Sequence[Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Card:
    """The facts of one source, written so that they can be read by eye."""

    id: str
    title: str
    homepage: str
    urls: tuple[str, ...] | Urls
    """One URL per file, or a function of the date: per file the URLs to try, best first."""
    former_paths: Mapping[str, str] = field(default_factory=dict)
    """Paths its files had in the publisher's repository before, each with the URL it has now."""
    licence: str
    credit: str
    cadence: Literal["hourly", "daily", "weekly", "frozen", "on demand"]
    boards: tuple[Board, ...]
    witnesses: tuple[Witness, ...]
    notes: tuple[str, ...] = field(default=())
    history: tuple[str, ...] = ()
    """Files in which the publisher offers its whole past, for a backfill."""
    kind: Literal["leaderboard", "prices"] = "leaderboard"
    min_rows: int = 1
    max_rows: int = 100_000
    """Bounds on the number of prices, for price sources; boards have bounds of their own."""

    def requests(self, day: dt.date) -> list[tuple[str, ...]]:
        """The files to fetch on `day`: for each, the URLs to try in order until one exists."""
        if callable(self.urls):
            return [tuple(choices) for choices in self.urls(day)]
        return [(url,) for url in self.urls]
