"""Boards that never were, but move as real ones do: a random walk of scores, entries and exits.

What is taken from recorded boards: a board is unchanged on most days; on the others the arena's fits move
nearly every score a little (3% to 33% of the scores stay, by board); votes only grow; models that leave are
old and weak, models that come are strong; boards grow by more than half a model a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20240101
STAYS = 0.2
"""Share of the scores that stay on a day on which their board changes."""
STEP = 0.8
"""Standard deviation of a score's daily move, in points."""
LEAVES = 0.001
"""Chance of a model to leave on a day on which its board changes."""
FOLLOWING = 5
"""Days after the last, for measuring what one more costs. On each two boards in five change."""

ORGANIZATIONS = (
    *("OpenAI", "Google", "Anthropic", "Meta", "Alibaba", "Mistral", "DeepSeek", "xAI", "Cohere"),
    *("Microsoft", "Nvidia", "Amazon", "Zhipu", "Moonshot", "Reka", "AI21", "IBM", "Tencent"),
)
LICENSES = ("Proprietary", "MIT", "Apache 2.0", "Proprietary", "Llama 3", "Proprietary", "CC-BY-NC")


@dataclass(frozen=True)
class Size:
    """How many boards and days, and how many models a board lists on the first day and the last.

    Days before `since` are lived but not recorded. `unchanged` is the share of days without a change.
    """

    boards: int
    days: int
    first: int
    last: int
    since: int = 0
    unchanged: float = 0.6
    parquet: bool = False
    """One Parquet payload per board and year instead of one JSON payload per board and change."""

    @property
    def models(self) -> int:
        """How many models exist: a board draws from them, so boards share most of theirs."""
        return 3 * self.last


SIZES = {
    "T": Size(boards=3, days=20, first=12, last=15),
    "S": Size(boards=10, days=90, first=100, last=135),
    "M": Size(boards=40, days=730, first=200, last=484),
    "M90": Size(boards=40, days=730, first=200, last=484, since=640),
    "L": Size(boards=100, days=3650, first=200, last=484, parquet=True),
}


@dataclass(frozen=True)
class State:
    """A board on a day on which it changed, best model first. Arrays of one length."""

    day: int
    model: NDArray[np.int64]
    rating: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    votes: NDArray[np.int64]


def states(size: Size, board: int) -> Iterator[State]:
    """The states of one board, one per changed day, oldest first, those of the following days after them. The
    same for the same arguments, always."""
    rng = np.random.default_rng([SEED, board])
    newcomers = rng.permutation(size.models)
    model, newcomers = newcomers[: size.first], newcomers[size.first :]
    score = rng.normal(1250, 110, size.first)
    votes = rng.integers(500, 50_000, size.first)
    for day in _changed_days(size, board, rng):
        if day:
            moves = rng.random(len(model)) >= STAYS
            score = score + moves * rng.normal(0, STEP, len(model))
            votes = votes + moves * rng.integers(1, 200, len(model))
            stays = _staying(score, rng)
            model, score, votes = model[stays], score[stays], votes[stays]
            wanted = size.first + round((size.last - size.first) * day / size.days)
            entrants = max(0, wanted - len(model))
            model = np.concatenate([model, newcomers[:entrants]])
            newcomers = np.concatenate([newcomers[entrants:], _left(newcomers, model, size)])
            score = np.concatenate([score, rng.normal(1330, 90, entrants)])
            votes = np.concatenate([votes, rng.integers(500, 5_000, entrants)])
        yield _shown(day, model, score, votes)


def _changed_days(size: Size, board: int, rng: np.random.Generator) -> list[int]:
    changes = round((1 - size.unchanged) * size.days) - 1
    days = sorted(rng.choice(np.arange(1, size.days), changes, replace=False).tolist())
    following = [size.days + place for place in range(FOLLOWING) if (board + place) % 5 < 2]
    return [0, *days, *following]


def _staying(score: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Who stays: of the lower half, where those who leave come from, nearly all."""
    weak = score < np.median(score)
    return ~(weak & (rng.random(len(score)) < 2 * LEAVES))


def _left(newcomers: NDArray[np.int64], model: NDArray[np.int64], size: Size) -> NDArray[np.int64]:
    """Models to draw from once all have been on the board: those that left it may come back."""
    if len(newcomers) > size.first:
        return newcomers[:0]
    return np.setdiff1d(np.arange(size.models), np.concatenate([model, newcomers]))


def _shown(
    day: int, model: NDArray[np.int64], score: NDArray[np.float64], votes: NDArray[np.int64]
) -> State:
    """As a publisher shows it: one decimal, 95% interval from the votes, best first."""
    order = np.lexsort((model, -score))
    rating = np.round(score[order], 1)
    half = np.round(490 / np.sqrt(votes[order]), 1)
    return State(
        day,
        model[order],
        rating,
        np.round(rating - half, 1),
        np.round(rating + half, 1),
        votes[order],
    )


def names(size: Size) -> list[tuple[str, str, str]]:
    """(model, organization, license) of every model that exists."""
    found = []
    for number in range(size.models):
        organization = ORGANIZATIONS[number * 7 % len(ORGANIZATIONS)]
        made = f"{organization.lower()}-{number}"
        found.append((made, organization, LICENSES[number % len(LICENSES)]))
    return found
