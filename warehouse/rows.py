"""Questions whose answers are plain rows: nothing heavy is imported to ask them or to read the answer.

DuckDB imports numpy, and pandas and pyarrow where they are installed, to look at a value that Python gives
it as a parameter: five times what the whole question takes. So the values are written into the statement
that executes the prepared question, as SQL.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb

from warehouse.quoting import quoted

Row = dict[str, Any]
"""One row of an answer, by the names of its columns."""

Value = str | bool | int | float | date | list[str] | None
"""What can be given to a question; a datetime is one without zone."""


def rows(db: duckdb.DuckDBPyConnection, question: str, **given: Value) -> list[Row]:
    """The answer to a question in which $name stands for the value given by that name."""
    answer = tuples(db, question, **given)
    names = [column[0] for column in db.description]
    return [dict(zip(names, row, strict=True)) for row in answer]


def tuples(db: duckdb.DuckDBPyConnection, question: str, **given: Value) -> list[tuple[Any, ...]]:
    """The same as tuples, in the order of the columns."""
    db.execute(f"prepare question as {question}")
    told = ", ".join(f"{name} := {literal(value)}" for name, value in given.items())
    return db.execute(f"execute question({told})" if told else "execute question").fetchall()


def literal(value: Value) -> str:
    """The value as SQL, of the type that DuckDB would give it as a parameter."""
    match value:
        case None:
            return "null"
        case bool() | int():
            return str(value).lower()
        case float():
            return f"'{value!r}'::double"
        case datetime():
            return f"timestamp '{value}'"
        case date():
            return f"date '{value}'"
        case list():
            return f"[{', '.join(map(quoted, value))}]"
    return quoted(value)
