"""What to buy of a board: the cheapest model tied with the leader, and the Pareto line of score and price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from warehouse import reader
from warehouse.offers import Conflict, Offer, Wanted, answers, conflicts, last_read, offers_of
from warehouse.rows import tuples

LINES = 10
"""A short list is short: the cheapest tied, the leader and as much of the Pareto line as fits."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One line of the short list: a model, its cheapest offer that meets what is wanted, and why."""

    model: str
    score: float
    rank: int
    tied: bool | None
    """Whether it cannot be told from the leader; None where the leader's noise is unknown."""
    leader: bool
    cheapest_tied: bool
    best: bool
    """The best score of all that meet what is wanted."""
    cheapest: bool
    on_frontier: bool
    meets: bool
    """False for a leader that does not meet what is wanted: it is shown to compare with."""
    behind_pct: float | None
    """100 * |leader - score| / |leader|, as gap_pct_of_top in metrics.gaps; None where that is 0."""
    price_ratio: float | None
    """The leader's price / this price."""
    offer: Offer | None


@dataclass(frozen=True, kw_only=True)
class Loosening:
    """A constraint without which something would be left: how many models, and the nearest value."""

    constraint: str
    models: int
    nearest: float | None


@dataclass(frozen=True, kw_only=True)
class Shortlist:
    """The answer, and what it leaves out."""

    board: str
    task: str
    as_of: date
    prices_on: date | None
    """The day of the prices; None for those that hold now."""
    n_models: int
    n_priced: int
    n_meeting: int
    n_tied: int | None
    choices: Sequence[Choice]
    more_on_frontier: int
    tied_unpriced: Sequence[str]
    unknown: Mapping[str, int]
    """Per constraint the models left out only because it, or another, is not stated of any offer."""
    loosenings: Sequence[Loosening]
    conflicts: Sequence[Conflict]
    last_read: Mapping[str, date]


@dataclass(frozen=True)
class _Entry:
    model: str
    score: float
    rank: int
    tied: bool | None
    goodness: float


Sold = tuple[_Entry, Offer]


def shortlist(
    db: duckdb.DuckDBPyConnection, board: str, task: str, as_of: date | None, wanted: Wanted
) -> Shortlist:
    """The short list of a board as it stood on `as_of`, at the prices of that day (default: now).

    Raises reader.UnknownBoard if there is no such board or task, or nothing that early.
    """
    entries, day, n_tied = _entries(db, board, task, as_of)
    offers = offers_of(db, [entry.model for entry in entries], as_of)
    sold = [(entry, offer) for entry in entries for offer in offers.get(entry.model, [])]
    meeting = _cheapest((entry, o) for entry, o in sold if all(answers(o, wanted).values()))
    choices, more = _choices(entries, offers, meeting)
    pairs = {(c.model, c.offer.provider) for c in choices if c.offer}
    return Shortlist(
        board=board,
        task=task,
        as_of=day,
        prices_on=as_of,
        n_models=len(entries),
        n_priced=len(offers),
        n_meeting=len(meeting),
        n_tied=n_tied,
        choices=choices,
        more_on_frontier=more,
        tied_unpriced=[e.model for e in entries if e.tied and e.model not in offers],
        unknown=_unknown(sold, {entry.model for entry, _ in meeting}, wanted),
        loosenings=list(_loosenings(sold, wanted)) if not meeting else [],
        conflicts=list(conflicts(db, pairs)),
        last_read=last_read(db),
    )


def _entries(
    db: duckdb.DuckDBPyConnection, board: str, task: str, as_of: date | None
) -> tuple[list[_Entry], date, int | None]:
    """The scored models, best first; the date they stood; how many are tied (None: unknown)."""
    every = reader.leaderboard(db, board, task, as_of)
    listed = [row for row in every if row["position"] is not None]
    day = listed[0]["as_of"]
    ((n_tied, higher),) = tuples(
        db,
        """
        select ties.n_tied, boards.higher_is_better
        from metrics.ties as ties
        join core.boards as boards using (board)
        where ties.board = $board and ties.task = $task and ties.as_of = $day
        """,
        board=board,
        task=task,
        day=day,
    )
    entries = [
        _Entry(
            row["model"],
            row["score"],
            row["rank"],
            None if n_tied is None else row["tied_with_leader"],
            row["score"] if higher else -row["score"],
        )
        for row in listed
    ]
    return entries, day, n_tied


def _cheapest(sold: Iterator[Sold]) -> list[Sold]:
    """Of each model the first offer: they come best model first, cheapest offer first."""
    found: dict[str, Sold] = {}
    for entry, offer in sold:
        found.setdefault(entry.model, (entry, offer))
    return list(found.values())


def frontier(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Which (goodness, price) no other beats: as good at a price as low, one of them strictly better."""
    best_at: dict[float, float] = {}
    for goodness, price in points:
        best_at[price] = max(goodness, best_at.get(price, goodness))
    kept = set()
    best = float("-inf")
    for price in sorted(best_at):
        if best_at[price] > best:
            best = best_at[price]
            kept.add((best, price))
    return [point in kept for point in points]


def _choices(
    entries: Sequence[_Entry], offers: Mapping[str, list[Offer]], meeting: Sequence[Sold]
) -> tuple[list[Choice], int]:
    """The lines of the list, and how many of the Pareto line did not fit."""
    leader = entries[0]
    own = next((offer for entry, offer in meeting if entry is leader), None)
    any_own = own or next(iter(offers.get(leader.model, [])), None)
    points = [(entry.goodness, offer.price) for entry, offer in meeting]
    line = [one for one, on in zip(meeting, frontier(points), strict=True) if on]
    ends = [line[0][0], line[-1][0]] if line else [None, None]
    tied = min((one for one in meeting if one[0].tied), key=lambda one: one[1].price, default=None)
    picked, more = _picked((leader, any_own), tied, line)
    choices = [
        Choice(
            model=entry.model,
            score=entry.score,
            rank=entry.rank,
            tied=entry.tied,
            leader=entry is leader,
            cheapest_tied=tied is not None and entry is tied[0],
            best=entry is ends[0],
            cheapest=entry is ends[1],
            on_frontier=any(entry is one for one, _ in line),
            meets=entry is not leader or own is not None,
            behind_pct=_ratio(100 * abs(leader.score - entry.score), abs(leader.score)),
            price_ratio=_ratio(any_own.price, offer.price) if offer and any_own else None,
            offer=offer,
        )
        for entry, offer in picked
    ]
    return choices, more


def _picked(
    leader: tuple[_Entry, Offer | None], tied: Sold | None, line: Sequence[Sold]
) -> tuple[list[tuple[_Entry, Offer | None]], int]:
    """First the cheapest of the tie, then the leader, then down the Pareto line to its cheap end."""
    first = [tied, leader] if tied and tied[0] is not leader[0] else [leader]
    rest = [one for one in line if all(one[0] is not entry for entry, _ in first)]
    room = LINES - len(first)
    if len(rest) <= room:
        return [*first, *rest], 0
    return [*first, *rest[: room - 1], rest[-1]], len(rest) - room


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _unknown(sold: Sequence[Sold], meeting: set[str], wanted: Wanted) -> dict[str, int]:
    """Per constraint the models that fail nothing that is stated, and for which it is not stated."""
    missing: dict[str, set[str]] = {}
    for entry, offer in sold:
        found = answers(offer, wanted)
        if entry.model not in meeting and False not in found.values():
            for constraint, answer in found.items():
                if answer is None:
                    missing.setdefault(constraint, set()).add(entry.model)
    return {constraint: len(models) for constraint, models in missing.items()}


def _loosenings(sold: Sequence[Sold], wanted: Wanted) -> Iterator[Loosening]:
    """Which single constraint leaves nothing, and the value of it that would leave something."""
    for constraint in answers(sold[0][1], wanted) if sold else ():
        left = [
            (entry, offer)
            for entry, offer in sold
            if all(ok for name, ok in answers(offer, wanted).items() if name != constraint)
        ]
        if left:
            nearest: dict[str, float | None] = {
                "max_price": min(offer.price for _, offer in left),
                "min_context": max(
                    (o.context_tokens for _, o in left if o.context_tokens), default=None
                ),
            }
            models = len({entry.model for entry, _ in left})
            yield Loosening(constraint=constraint, models=models, nearest=nearest.get(constraint))
