"""The model runner: one SQL file, one table, with its grain, columns and promises in its first comment.

The comment has three paragraphs: what a row is (COMMENT ON TABLE), what the columns are (COMMENT ON
COLUMN; every column, in the order the query makes them) and what always holds:

    key: a, b            no two rows agree on these, and none of them is null
    never null: c        as it says
    always: d >= 0       true for every row (null counts as true, as in a SQL check)

A polars step is a module in warehouse/<schema>/ with the same three paragraphs as its docstring, READS
(the tables it needs) and make(tables) -> DataFrame. Order comes from the tables each one reads.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

import duckdb
import orjson
import polars as pl


class BadModel(Exception):
    """A model file cannot be used: the message names the file and what to change."""


class BrokenPromise(Exception):
    """A table does not hold what its header promises: the message shows up to three rows."""


@dataclass(frozen=True)
class Promise:
    """One line of the third paragraph, as the query that finds rows which break it."""

    text: str
    offending: str


@dataclass(frozen=True)
class Header:
    """What a model file says of its table in its three paragraphs."""

    grain: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    promises: Sequence[Promise]


@dataclass(frozen=True)
class Model:
    """One table: its name and header, which tables it reads, and the query or step that makes it."""

    table: str
    header: Header
    reads: frozenset[str]
    query: str = ""
    make: Callable[[Mapping[str, pl.DataFrame]], pl.DataFrame] | None = None


def read_models(sql: Path, steps: Path) -> list[Model]:
    """Every model, parents first: sql/<schema>/<table>.sql and <steps>/<schema>/<table>.py.

    Raises BadModel for a header that is not three paragraphs, a query the parser refuses, and a cycle.
    """
    db = duckdb.connect()
    found = [_sql_model(db, path) for path in sorted(sql.glob("*/*.sql"))]
    found += [_step_model(path) for path in sorted(steps.glob("*/*.py")) if path.stem != "__init__"]
    by_table = {model.table: model for model in found}
    graph = {model.table: sorted(model.reads & set(by_table)) for model in found}
    try:
        return [by_table[table] for table in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise BadModel(f"the models read each other in a circle: {error.args[1]}") from error


def build(
    db: duckdb.DuckDBPyConnection,
    models: Iterable[Model],
    progress: Callable[[str], None] = lambda table: None,
) -> None:
    """Make every table anew, with comments, and hold it to its promises.

    Raises BadModel if the columns are not the documented ones, BrokenPromise otherwise.
    """
    for model in models:
        progress(model.table)
        _materialize(db, model)
        describe(db, model)
        for promise in model.header.promises:
            _check(db, model, promise)


def describe(db: duckdb.DuckDBPyConnection, model: Model, catalog: str = "") -> None:
    """Write the header as comments on the table and its columns (of an attached `catalog`)."""
    table = f"{catalog}.{model.table}" if catalog else model.table
    db.execute(f"comment on table {table} is {quoted(model.header.grain)}")
    for column, meaning in model.header.columns.items():
        db.execute(f'comment on column {table}."{column}" is {quoted(meaning)}')


def _materialize(db: duckdb.DuckDBPyConnection, model: Model) -> None:
    db.execute(f"create schema if not exists {model.table.split('.')[0]}")
    if model.make is None:
        db.execute(f"create or replace table {model.table} as {model.query}")
    else:
        tables = {name: db.sql(f"from {name}").pl() for name in sorted(model.reads)}
        db.register("made", model.make(tables).to_arrow())
        db.execute(f"create or replace table {model.table} as from made")
        db.unregister("made")
    # Here and below, tables, columns and promises are those of the files in sql/, which are code.
    empty = db.execute(f"select * from {model.table} limit 0")
    made = [column[0] for column in empty.description]
    if made != list(model.header.columns):
        raise BadModel(
            f"{model.table} makes the columns {', '.join(made)} "
            f"but documents {', '.join(model.header.columns)}: name them all, in this order"
        )


def _check(db: duckdb.DuckDBPyConnection, model: Model, promise: Promise) -> None:
    rows = db.execute(f"select * from ({promise.offending}) limit 3").fetchall()
    if rows:
        shown = "\n  ".join(", ".join(str(value) for value in row) for row in rows)
        raise BrokenPromise(f"{model.table} promises «{promise.text}», but:\n  {shown}")


def _sql_model(db: duckdb.DuckDBPyConnection, path: Path) -> Model:
    table = f"{path.parent.name}.{path.stem}"
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = list(takewhile(lambda line: line.startswith("--"), lines))
    header = "\n".join(line.removeprefix("--").removeprefix(" ") for line in comment)
    query = "\n".join(lines[len(comment) :]).strip().rstrip(";")
    tree = db.execute("select json_serialize_sql(?)", [query]).fetchall()[0][0]
    parsed = orjson.loads(tree)
    if parsed["error"]:
        raise BadModel(f"{path}: {parsed['error_message']}")
    return Model(table, _header(table, header), frozenset(_reads(parsed)), query=query)


def _step_model(path: Path) -> Model:
    table = f"{path.parent.name}.{path.stem}"
    module = importlib.import_module(f"{path.parents[1].name}.{table}")
    header = _header(table, module.__doc__ or "")
    return Model(table, header, frozenset(module.READS), make=module.make)


def _header(table: str, text: str) -> Header:
    paragraphs = [p for p in re.split(r"\n\s*\n", text.strip()) if p.strip()]
    if len(paragraphs) != 3:
        raise BadModel(
            f"{table}: the header has {len(paragraphs)} paragraphs instead of three: "
            "what a row is, the columns, the promises"
        )
    columns: dict[str, str] = {}
    for line in paragraphs[1].splitlines():
        if line.startswith(" ") and columns:
            columns[next(reversed(columns))] += f" {line.strip()}"
        else:
            name, _, meaning = line.partition("  ")
            columns[name] = meaning.strip()
    if undescribed := [name for name, meaning in columns.items() if not meaning]:
        raise BadModel(f"{table}: say what {', '.join(undescribed)} means")
    promises = [p for line in paragraphs[2].splitlines() for p in _promises(table, line)]
    stated = re.search(r"^key:(.*)$", paragraphs[2], re.MULTILINE)
    if stated is None:
        raise BadModel(f"{table}: the promises begin with a key")
    key = tuple(name.strip() for name in stated.group(1).split(","))
    return Header(" ".join(paragraphs[0].split()), columns, key, promises)


def _promises(table: str, line: str) -> Iterator[Promise]:
    kind, _, what = line.partition(":")
    names = [name.strip() for name in what.split(",")]
    if kind in ("key", "never null"):
        for name in names:
            nulls = f"select * from {table} where {name} is null"
            yield Promise(f"never null: {name}", nulls)
        if kind == "key":
            listed = ", ".join(names)
            yield Promise(
                line.strip(),
                f"select {listed}, count(*) from {table} group by {listed} having count(*) > 1",
            )
    elif kind == "always":
        broken = f"select * from {table} where not ({what.strip()})"
        yield Promise(line.strip(), broken)
    else:
        raise BadModel(f"{table}: a promise is key, never null or always, not {line!r}")


def _reads(node: object) -> Iterator[str]:
    """The schema-qualified tables in DuckDB's own syntax tree; CTEs have no schema and drop out."""
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE" and node.get("schema_name"):
            yield f"{node['schema_name']}.{node['table_name']}"
        for value in node.values():
            yield from _reads(value)
    elif isinstance(node, list):
        for value in node:
            yield from _reads(value)


def quoted(text: str) -> str:
    """The text as a SQL string, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
