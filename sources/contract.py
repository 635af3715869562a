"""What a source is: a card of facts, and a pure function from bytes to tidy rows.

A payload that breaks the contract raises `SourceChanged`; nothing of it is used.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import polars as pl

from sources.card import OVERALL as OVERALL
from sources.card import Board as Board
from sources.card import Card as Card
from sources.card import Urls as Urls
from sources.card import Witness as Witness

TIDY = pl.Schema(
    {
        "board": pl.String,
        "task": pl.String,
        "model_raw": pl.String,
        "organization_raw": pl.String,
        "license_raw": pl.String,
        "score": pl.Float64,
        "ci_low": pl.Float64,
        "ci_high": pl.Float64,
        "n": pl.Int64,
        "as_of": pl.Date,
        "extra": pl.String,
    }
)
"""The one schema. One row says: this publisher gave this model this score on this board and task.

score, ci_low and ci_high are in the board's unit (null = listed without a score); n is the number of
votes or cases behind the score; as_of is the date the board itself states; extra is a JSON object.
"""

NUMBERS = ("score", "ci_low", "ci_high")
NAMES = ("board", "task", "model_raw", "organization_raw", "license_raw")

MOST_ROWS = 500_000
"""Rows that one payload may give as records; the most ever recorded is 8,600 (36,000 single cases)."""

LONGEST_NAME, LONGEST_EXTRA, LONGEST_REASON = 300, 100_000, 500
"""Characters of a name, of the rest of a row, and of the sentence that refuses a payload."""

EARLIEST = dt.date(2000, 1, 1)
"""No board states an earlier date: it is a mistake, or a missing date written as zero."""

EPOCH = dt.date(1970, 1, 1)
"""From where a column of dates counts days."""

UNSEEN = r"[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+"
"""Space, and what moves a terminal's cursor or turns the direction of writing: one space in a name."""


class SourceChanged(Exception):
    """A payload is not what the card promises. The message is one sentence a person understands.

    It may quote the payload, so it is cut, and holds nothing that would steer a terminal.
    """

    def __init__(self, reason: str) -> None:
        plain = "".join(c if c.isprintable() else " " for c in reason[: 2 * LONGEST_REASON])
        cut = f"{plain[: LONGEST_REASON - 1]}…"
        super().__init__(plain if len(plain) <= LONGEST_REASON else cut)


def to_tidy(
    rows: Iterable[Mapping[str, Any]] | pl.DataFrame, card: Card, captured_at: dt.datetime
) -> pl.DataFrame:
    """Put parsed rows into the tidy schema and hold them against the card.

    `rows` needs board, task, model_raw and score; other tidy columns may be missing (null).
    NaN is a missing score. Returns the rows sorted by board, as_of, task, model_raw.
    Raises SourceChanged with the first broken promise, naming rows.
    """
    given = rows if isinstance(rows, pl.DataFrame) else records(rows, TIDY)
    if given.is_empty():
        raise SourceChanged("the table is empty")
    said = _by_name(given)
    try:
        columns = {name: _column(said.get(name), name, given.height) for name in TIDY}
    except pl.exceptions.PolarsError as error:
        raise SourceChanged(f"a column has the wrong type: {error}") from error
    _make_plain(columns)
    _check_rows(columns)
    _check_dates(columns, captured_at)
    names = columns["board"]
    boards = [names[0]] if _constant(names) else names.unique().to_list()
    for board in card.boards:
        if board.board in boards:
            _check_board(columns if len(boards) == 1 else _of_board(columns, board), board)
    if card.boards:
        known = [board.board for board in card.boards]
        if set(boards) - set(known):
            _refuse(columns, ~pl.col("board").is_in(known), "the card knows no such board")
    return _in_order(columns)


Columns = dict[str, pl.Series]
"""The columns of a table by name. Looking one up in a frame, or asking it a question there, costs more than
most answers do."""


def _by_name(frame: pl.DataFrame) -> Columns:
    return {column.name: column for column in frame.get_columns()}


def _frame(columns: Columns) -> pl.DataFrame:
    return pl.DataFrame(list(columns.values()))


def _of_board(columns: Columns, board: Board) -> Columns:
    return _by_name(_frame(columns).filter(pl.col("board") == board.board))


def _column(column: pl.Series | None, name: str, height: int) -> pl.Series:
    if column is None:
        return constant(name, None, height)
    if column.dtype != TIDY[name]:
        column = column.cast(TIDY[name])
    return column.fill_nan(None) if name in NUMBERS and math.isnan(column.sum()) else column


def constant(name: str, value: object, height: int) -> pl.Series:
    """A column of the tidy schema that says the same in every row."""
    return pl.Series(name, [value], TIDY[name]).new_from_index(0, height)


def _make_plain(columns: Columns) -> None:
    """Make the names as plain_names does. Raises SourceChanged as check_lengths does."""
    looked_at = [columns[name] for name in NAMES if not _plain(columns[name])]
    if looked_at:
        looked_at = pl.DataFrame(looked_at).select(plain_names("*")).get_columns()
        columns.update((column.name, column) for column in looked_at)
    if columns["extra"].null_count() < len(columns["extra"]):
        looked_at.append(columns["extra"])
    if looked_at:
        check_lengths(pl.DataFrame(looked_at))


def _plain(column: pl.Series) -> bool:
    """Whether no name is too long, has white space at its ends or in a row, or what cannot be seen."""
    # Counting finds the few organisations of many rows sooner than `unique`, which goes by a query.
    names = list(filter(None, column.value_counts()[column.name].to_list()))
    if not names:
        return True
    # A name with a bar beside a space is looked at again for nothing, which is rare.
    joined = f"|{'|'.join(names)}|"
    return (
        max(map(len, names)) <= LONGEST_NAME
        and joined.isprintable()
        and not any(mark in joined for mark in ("  ", "| ", " |"))
    )


def _in_order(columns: Columns) -> pl.DataFrame:
    """By board, as_of, task and model. Most payloads are of one board, date and task."""
    frame = _frame(columns)
    if all(_constant(columns[name]) for name in ("board", "as_of", "task")):
        # Some hundred names are sorted sooner than a second thread has begun.
        by_model = columns["model_raw"].is_sorted()
        return frame if by_model else frame.sort("model_raw", multithreaded=False)
    return frame.sort("board", "as_of", "task", "model_raw")


def _constant(column: pl.Series) -> bool:
    nulls = column.null_count()
    return nulls == len(column) or (nulls == 0 and column.min() == column.max())


def records(
    rows: Iterable[Mapping[str, Any]], schema: pl.Schema, private: bool = False
) -> pl.DataFrame:
    """Records as a frame. Raises SourceChanged for more than MOST_ROWS and for a wrong type, which it
    quotes unless the values are `private`."""
    kept = list(islice(rows, MOST_ROWS + 1))
    if len(kept) > MOST_ROWS:
        raise SourceChanged(f"the payload gives more than {MOST_ROWS:,} rows")
    try:
        return pl.from_dicts(kept, schema=schema, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
        if private:
            raise SourceChanged("a value of a case has the wrong type") from None
        raise SourceChanged(f"a value has the wrong type: {error}") from error


def plain_names(*columns: str) -> pl.Expr:
    """The columns with each run of UNSEEN as one space, and none at either end."""
    return pl.col(*columns).str.replace_all(UNSEEN, " ").str.strip_chars()


def check_lengths(frame: pl.DataFrame) -> None:
    """Raises SourceChanged where a name or `extra` is longer than any that a person would write."""
    in_bytes = frame.select(pl.col(pl.String).str.len_bytes().max()).row(0, named=True)
    for name, length in in_bytes.items():
        most = LONGEST_EXTRA if name == "extra" else LONGEST_NAME
        # A character has one byte or more.
        if (length or 0) > most < (longest := _most(frame[name].str.len_chars())):
            raise SourceChanged(f"{name} is {longest:,} characters long; at most {most:,} is right")


# Each check begins with a question to whole columns, which costs next to nothing; only where the answer
# leaves a doubt are the rows looked at one by one. A payload is parsed in less than a millisecond so.
def _check_rows(columns: Columns) -> None:
    key = ["board", "task", "model_raw", "as_of"]
    names = [columns[c] for c in key[:3]]
    if any(column.null_count() or column.min() == "" for column in names):
        needed = pl.any_horizontal(pl.col(c).is_null() | (pl.col(c) == "") for c in key[:3])
        _refuse(columns, needed, "a row has no board, task or model name")
    if names[2].n_unique() < len(names[2]):
        _refuse(columns, pl.struct(key).is_duplicated(), "a model is listed twice")
    numbers = score, low, high = [columns[c] for c in NUMBERS]
    ends = [end for column in numbers for end in (column.min(), column.max())]
    if math.inf in ends or -math.inf in ends:
        infinite = pl.any_horizontal(pl.col(c).is_infinite() for c in NUMBERS)
        _refuse(columns, infinite, "infinite number")
    if _least(columns["n"]) <= 0:
        _refuse(columns, pl.col("n") <= 0, "a sample size is not positive")
    if _least(score - low) < 0 or _least(high - score) < 0:
        slack = 1e-9 * pl.col("score").abs() + 1e-9
        outside = (pl.col("score") < pl.col("ci_low") - slack) | (
            pl.col("score") > pl.col("ci_high") + slack
        )
        _refuse(columns, outside, "a score lies outside its own interval")
    if _least(high - low) < 0:
        _refuse(columns, pl.col("ci_low") > pl.col("ci_high"), "an interval ends before it begins")


def _least(column: pl.Series) -> float:
    """The least value; infinity where there is none."""
    found = column.min()
    return math.inf if found is None else float(found)  # type: ignore[arg-type]


def _most(column: pl.Series) -> int:
    """The greatest value; 0 where there is none."""
    found = column.max()
    return found if isinstance(found, int) else 0


def _check_dates(columns: Columns, captured_at: dt.datetime) -> None:
    # One day of grace: a publisher east of UTC may already write tomorrow's date.
    latest = captured_at.date() + dt.timedelta(days=1)
    # Compared as numbers: a year that Python's dates do not know must not be taken out of a column.
    days = columns["as_of"].cast(pl.Int32)
    if _most(days) > (latest - EPOCH).days:
        reason = f"the stated date is after {captured_at.date()}"
        _refuse(columns, pl.col("as_of") > latest, reason)
    if _least(days) < (EARLIEST - EPOCH).days:
        _refuse(columns, pl.col("as_of") < EARLIEST, f"the stated date is before {EARLIEST}")


def _check_board(columns: Columns, board: Board) -> None:
    for as_of, models in _listed(columns):
        if not board.min_rows <= models <= board.max_rows:
            on = f" on {as_of}" if as_of else ""
            raise SourceChanged(
                f"{board.board} lists {models} models{on}; "
                f"the card allows {board.min_rows} to {board.max_rows}"
            )
    scores = columns["score"]
    worst, best = scores.min(), scores.max()
    if worst is None or (worst >= board.min_score and best <= board.max_score):  # type: ignore[operator]
        return
    outside = ~pl.col("score").is_between(board.min_score, board.max_score)
    allowed = f"{board.min_score:g} to {board.max_score:g}"
    _refuse(columns, outside, f"a score on {board.board} is outside {allowed} {board.unit}")


def _listed(columns: Columns) -> list[tuple[dt.date | None, int]]:
    """Per stated date how many models are listed."""
    stated = columns["as_of"]
    if _constant(stated):
        return [(stated[0], columns["model_raw"].n_unique())]
    listed = _frame(columns).group_by("as_of").agg(pl.col("model_raw").n_unique().alias("models"))
    return listed.sort("as_of").rows()


def _refuse(columns: Columns, bad: pl.Expr, reason: str) -> None:
    """Raise SourceChanged if any row is bad, showing up to three of them."""
    found = _frame(columns).filter(bad)
    if found.is_empty():
        return
    shown = "; ".join(
        f"{model!r} in {board}/{task}: {score}"
        for board, task, model, score in found.select("board", "task", "model_raw", "score")
        .head(3)
        .iter_rows()
    )
    raise SourceChanged(f"{reason} ({found.height} rows, e.g. {shown})")
