"""What "the gap" can mean: one small vocabulary, and the same gap under every word of it.

A published gap rests on three choices that are seldom stated. Which model is the k-th: by order, or by
the rank the arena displays? In what is the distance told? Do models compete, or organisations?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from itertools import product

import duckdb
from pydantic import BaseModel, ConfigDict

from warehouse.gap_queries import State, gaps_query
from warehouse.reader import UnknownBoard, check_board
from warehouse.rows import Row, rows, tuples


class Nth(StrEnum):
    """Which is the k-th: the one in position k, or the middle one of those displayed at rank k."""

    POSITION = "position"
    DISPLAYED_RANK = "displayed_rank"


class Unit(StrEnum):
    """In what the distance is told. Lower is the k-th (worse) score, upper the first (better) one."""

    PCT_OF_LOWER = "pct_of_lower"
    PCT_OF_UPPER = "pct_of_upper"
    POINTS = "points"
    SIGMA = "sigma"
    WIN_PROBABILITY = "win_probability"

    @property
    def alike(self) -> tuple[Unit, ...]:
        """The units whose numbers can be told apart only by the definition: the two percentages."""
        return PERCENTAGES if self in PERCENTAGES else (self,)


class Who(StrEnum):
    """Who competes: every model, or every organisation with its best model."""

    MODEL = "model"
    ORGANIZATION = "organization"


PERCENTAGES = (Unit.PCT_OF_LOWER, Unit.PCT_OF_UPPER)

WORDS = {
    Nth.POSITION: "order",
    Nth.DISPLAYED_RANK: "displayed rank",
    Unit.PCT_OF_LOWER: "percent of the lower score",
    Unit.PCT_OF_UPPER: "percent of the upper score",
    Unit.POINTS: "points",
    Unit.SIGMA: "standard errors",
    Unit.WIN_PROBABILITY: "win probability",
    Who.MODEL: "models",
    Who.ORGANIZATION: "organisations",
}


class Definition(BaseModel):
    """One choice of each. The default is that of metrics.gaps.gap_pct."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nth: Nth = Nth.POSITION
    unit: Unit = Unit.PCT_OF_LOWER
    who: Who = Who.MODEL

    def words(self, *parts: str) -> str:
        """The choices (default: all three) as a person says them."""
        return ", ".join(WORDS[getattr(self, part)] for part in parts or ("nth", "unit", "who"))

    def apart(self, other: Definition) -> list[str]:
        """The parts (nth, unit, who) in which the other chooses differently."""
        return [
            name for name in type(self).model_fields if getattr(self, name) != getattr(other, name)
        ]

    def others(self) -> Iterator[Definition]:
        """Every other definition that gives a number of the same kind, the most alike first."""
        every = [Definition(nth=n, unit=u, who=w) for n, u, w in product(Nth, self.unit.alike, Who)]
        yield from sorted((d for d in every if d != self), key=lambda d: len(d.apart(self)))


def gaps_by_definition(db: duckdb.DuckDBPyConnection, state: State, ks: Sequence[int]) -> list[Row]:
    """The gap from first to k-th under every definition, with the columns of gaps_query."""
    # gaps_query quotes the state; ks are numbers.
    return rows(db, f"{gaps_query(state, ks)}\nselect *\nfrom gaps\norder by k, nth desc, who")


def spread(gaps: Sequence[Row]) -> dict[int, tuple[float, float] | None]:
    """For each k of gaps_by_definition the least and the most of its percentages; None without any."""
    percentages: dict[int, list[float]] = {row["k"]: [] for row in gaps}
    for row in gaps:
        percentages[row["k"]] += [row[unit] for unit in PERCENTAGES if row[unit] is not None]
    return {k: (min(of_k), max(of_k)) if of_k else None for k, of_k in percentages.items()}


def state_on(
    db: duckdb.DuckDBPyConnection, board: str, task: str, day: date | None
) -> tuple[State, bool]:
    """The state of a board on a day (default: the latest), and whether higher scores are better.

    Raises UnknownBoard if there is no such board or task, or nothing that early.
    """
    check_board(db, board, task)
    as_of, higher = tuples(
        db,
        """
        select max(history.as_of), any_value(boards.higher_is_better)
        from metrics.gap_history as history
        join core.boards as boards using (board)
        where history.board = $board and history.task = $task
            and history.as_of <= coalesce($day, history.as_of)
        """,
        board=board,
        task=task,
        day=day,
    )[0]
    if as_of is None:
        raise UnknownBoard(f"nothing is known of {board} as early as {day}")
    return State(board, task, as_of), higher
