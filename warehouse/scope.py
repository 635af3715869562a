"""The part of a table that may have changed: which it is, how to see only what it follows from, how to put
another in its place.

A part is a board from a date on (temp.parts). Queries name their tables as schema.table; while a part is
made, these names mean views in a catalog of its own, which show of a table as much as the part follows from.
The header of a model says how much that is:

    date     rows of a date follow from rows of their own board and date: the views show the part's dates
    step     also from the date before: the views begin with the last date before the part, task by task
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb

from warehouse.forms import kinds
from warehouse.headers import Scope
from warehouse.quoting import identifier, quoted
from warehouse.transaction import current_catalog

Parts = Mapping[str, date]
"""Boards, each with the first date of which something may have changed."""

BEGINNING = date(1, 1, 1)
PORTION = 1_000_000
"""Rows of core.entries that are worked on at once where all are made."""
STATES = "core.states"
ENTRIES = "core.entries"
GATHERED = 100_000
"""Rows of core.entries that are copied for the models to read; of more they read the table itself."""
EARLIEST = "getvariable('earliest')"
"""The earliest reach of any part, as a constant: so a scan passes over what lies before it."""
CALENDAR = "metrics.gap_history"
"""The table that says on which dates a task of a board lists somebody with a score."""


@contextmanager
def views(
    db: duckdb.DuckDBPyConnection, tables: Iterable[str], gathered: bool = False
) -> Iterator[None]:
    """A catalog `scope` of views that show of each table the boards and dates of temp.parts and temp.reach.

    With `gathered`, of core.entries what `gather` has copied. Must be entered outside of a transaction: one
    transaction writes one catalog.
    """
    home = current_catalog(db)
    shown = sorted(tables)
    choose(db, {}, "date")
    if gathered and ENTRIES in shown:
        gather(db)
    db.execute("attach ':memory:' as scope")
    try:
        columns = _columns(db, home)
        for schema in sorted({table.split(".")[0] for table in shown}):
            db.execute(f"create schema if not exists scope.{schema}")
        for table in shown:
            near = gathered and table == ENTRIES
            query = "from temp.main.near" if near else _shown(home, table, columns[table])
            db.execute(f"create view scope.{table} as {query}")
        yield
    finally:
        db.execute("detach scope")


@contextmanager
def seen_through_views(db: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """In this block schema.table names a view of `scope`; functions are those of the database as ever.

    Yields the name of the catalog by which its own tables are still reached.
    """
    home = identifier(current_catalog(db))
    db.execute(f"set search_path = 'scope.main,{home}.main'")
    try:
        yield home
    finally:
        db.execute(f"set search_path = '{home}.main'")


def _columns(db: duckdb.DuckDBPyConnection, home: str) -> dict[str, list[str]]:
    """The columns of every table of a catalog: DuckDB lists them all whichever table one asks for."""
    rows = db.execute(
        "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() "
        "where database_name = ? group by all",
        [home],
    ).fetchall()
    return dict(rows)


def _shown(home: str, table: str, columns: Iterable[str]) -> str:
    whole = f"from {identifier(home)}.{table} as t"
    if not {"board", "as_of"} <= set(columns):
        return whole
    if "task" not in columns:
        return (
            f"select t.* {whole} join temp.parts as p using (board) "
            f"where t.as_of >= {EARLIEST} and t.as_of >= p.reach"
        )
    return (
        f"select t.* {whole} join temp.parts as p using (board) "
        "left join temp.reach as r using (board, task) "
        f"where t.as_of >= {EARLIEST} and t.as_of >= coalesce(r.reach, p.date_before)"
    )


def gather(db: duckdb.DuckDBPyConnection) -> None:
    """Make temp.near what temp.parts and temp.reach show of core.entries: a copy, as half of the models look
    at it, unless it is too much."""
    query = _shown(current_catalog(db), ENTRIES, ("board", "task", "as_of"))
    copied = db.execute(
        f"create or replace temp table gathered as {query} limit {GATHERED + 1}"
    ).fetchall()
    if copied[0][0] <= GATHERED:
        query = "from temp.main.gathered"
    db.execute(f"create or replace temp view near as {query}")


def portions(db: duckdb.DuckDBPyConnection) -> list[Parts]:
    """All boards, in portions of so many rows that what is made of one fits into memory."""
    return [dict.fromkeys(boards, BEGINNING) for boards in _portions(db, "board")]


def date_portions(db: duckdb.DuckDBPyConnection) -> list[str]:
    """All dates in their order, as conditions on as_of that each leave so many rows that what is made of
    them fits into memory."""
    cuts = [dates[0] for dates in _portions(db, "as_of")[1:]]
    since = ["true", *(f"as_of >= date '{day}'" for day in cuts)]
    before = [*(f"as_of < date '{day}'" for day in cuts), "true"]
    return [f"{begins} and {ends}" for begins, ends in zip(since, before, strict=True)]


def _portions(db: duckdb.DuckDBPyConnection, column: str) -> list[list[Any]]:
    """The values of a column of core.states in their order, cut after every PORTION rows of entries."""
    if STATES not in kinds(db):
        return []
    found: list[list[Any]] = []
    weight = PORTION
    query = f"select {column}, sum(n_models) from {STATES} group by {column} order by {column}"
    for value, rows in db.execute(query).fetchall():
        if weight >= PORTION:
            found.append([])
            weight = 0
        found[-1].append(value)
        weight += rows
    return found


def choose(db: duckdb.DuckDBPyConnection, parts: Parts, scope: Scope) -> None:
    """Set temp.parts and temp.reach so that the views show what these parts follow from.

    temp.parts(board, since, date_before, reach): what is replaced begins with `since`, what is looked at with
    `date_before` or, for some task, as early as `reach`. A step looks back to the last date on which its task
    lists somebody with a score, and to the last date of the board on which it lists anybody, whichever is
    earlier.
    """
    listed = ", ".join(f"({quoted(board)}, date '{since}')" for board, since in parts.items())
    rows = f"(values {listed})" if listed else "(select '', date '0001-01-01' where false)"
    db.execute(
        "create or replace temp table parts as "
        f"select board, since, since as date_before, since as reach from {rows} as t (board, since)"
    )
    db.execute("create or replace temp table reach (board varchar, task varchar, reach date)")
    if scope == "step":
        _look_back(db)
    db.execute("set variable earliest = (select coalesce(min(reach), '-infinity') from temp.parts)")


def _look_back(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        f"""
        update temp.parts set date_before = coalesce(
            (
                select max(states.as_of)
                from {STATES} as states
                where states.board = parts.board and states.as_of < parts.since and not states.outdated
            ),
            since
        )
        """
    )
    db.execute(
        f"""
        insert into temp.reach
        select board, task, least(max(calendar.as_of), any_value(parts.date_before))
        from {CALENDAR} as calendar
        join temp.parts as parts using (board)
        where calendar.as_of < parts.since
        group by board, task
        """
    )
    db.execute(
        """
        update temp.parts set reach = least(
            date_before,
            coalesce(
                (select min(reach.reach) from temp.reach as reach where reach.board = parts.board),
                date_before
            )
        )
        """
    )


def of_parts(parts: Parts) -> str:
    """The condition on board and as_of of a table that holds for the rows of these parts."""
    together: dict[date, list[str]] = {}
    for board, since in parts.items():
        together.setdefault(since, []).append(quoted(board))
    each = (
        f"(board in ({', '.join(boards)}) and as_of >= date '{since}')"
        for since, boards in together.items()
    )
    # What lies before all parts is passed over unread.
    return f"(as_of >= date '{min(together)}' and ({' or '.join(each)}))"


def replace_dates(db: duckdb.DuckDBPyConnection, table: str, stored: str, parts: Parts) -> None:
    """Put the rows of temp.made, by its stored columns, in the place of the parts' dates. Leaves in temp.made
    only these rows."""
    concerned = of_parts(parts)
    db.execute(f"delete from temp.made where {concerned} is not true")
    db.execute(f"delete from {table} where {concerned}")
    db.execute(f"insert into {table} ({stored}) select {stored} from temp.made")
