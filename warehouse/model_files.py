"""Reading the model files: SQL, and steps in Python, in the order in which they can be made."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

import duckdb
import orjson
import polars as pl

from warehouse.headers import BadModel, Header, read_header
from warehouse.quoting import quoted

READ = re.compile(r'"schema_name":"(\w+)","table_name":"(\w+)"')
"""A table with its schema in a syntax tree, in which CTEs have no schema and texts escape their quotes."""


@dataclass(frozen=True)
class Model:
    """One table: its name and header, which tables it reads, and the query or step that makes it."""

    table: str
    header: Header
    reads: frozenset[str]
    text: str
    """What its rows depend on besides the tables: the query, or the code of the step."""
    query: str = ""
    needs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The columns that a step needs of each table; none named are all."""
    make: Callable[[Mapping[str, pl.DataFrame]], pl.DataFrame] | None = None


def read_models(sql: Path, steps: Path, db: duckdb.DuckDBPyConnection | None = None) -> list[Model]:
    """Every model, parents first: sql/<schema>/<table>.sql and <steps>/<schema>/<table>.py.

    DuckDB parses the queries, by the connection that is given or one of its own.
    Raises BadModel for a header that is not three paragraphs, a query the parser refuses, and a cycle.
    """
    with nullcontext(db) if db else duckdb.connect() as parser:
        found = [*_sql_models(sorted(sql.glob("*/*.sql")), parser)]
    found += [_step_model(path) for path in sorted(steps.glob("*/*.py")) if path.stem != "__init__"]
    by_table = {model.table: model for model in found}
    try:
        return [*_parents_first(by_table)]
    except CycleError as error:
        raise BadModel(f"the models read each other in a circle: {error.args[1]}") from error


def _parents_first(models: Mapping[str, Model]) -> Iterator[Model]:
    """An order to make them in. Models of one scope follow each other, as they share what they look at."""
    sorter = TopologicalSorter(
        {table: model.reads & set(models) for table, model in models.items()}
    )
    sorter.prepare()
    ready: set[str] = set()
    scope = "everything"
    while sorter.is_active():
        ready |= {*sorter.get_ready()}
        table = min(
            ready, key=lambda name: (models[name].header.scope not in ("everything", scope), name)
        )
        ready.remove(table)
        sorter.done(table)
        yield models[table]
        if models[table].header.scope != "everything":
            scope = models[table].header.scope


def _sql_models(paths: Sequence[Path], db: duckdb.DuckDBPyConnection) -> Iterator[Model]:
    told = [_split(path.read_text(encoding="utf-8")) for path in paths]
    trees = _trees(db, [query for _, query in told])
    for path, (header, query), tree in zip(paths, told, trees, strict=True):
        table = f"{path.parent.name}.{path.stem}"
        if tree.startswith('{"error":true'):
            raise BadModel(f"{path}: {orjson.loads(tree)['error_message']}")
        reads = frozenset(".".join(named) for named in READ.findall(tree))
        yield Model(table, read_header(table, header), reads, query, query=query)


def _split(text: str) -> tuple[str, str]:
    """The comment that a file begins with, and the query after it."""
    lines = text.splitlines()
    comment = list(takewhile(lambda line: line.startswith("--"), lines))
    header = "\n".join(line.removeprefix("--").removeprefix(" ") for line in comment)
    return header, "\n".join(lines[len(comment) :]).strip().rstrip(";")


def _trees(db: duckdb.DuckDBPyConnection, queries: Sequence[str]) -> list[str]:
    """DuckDB's own syntax tree of each query as JSON, all in one question."""
    if not queries:
        return []
    listed = ", ".join(map(quoted, queries))
    trees = db.execute(f"select json_serialize_sql(unnest([{listed}]), skip_empty := true)")
    return [tree for (tree,) in trees.fetchall()]


def _step_model(path: Path) -> Model:
    table = f"{path.parent.name}.{path.stem}"
    module = importlib.import_module(f"{path.parents[1].name}.{table}")
    header = read_header(table, module.__doc__ or "")
    needs = module.READS if isinstance(module.READS, dict) else dict.fromkeys(module.READS, ())
    text = path.read_text(encoding="utf-8")
    used = sorted(
        set(re.findall(rf"^from {path.parents[1].name}\.(\w+) import", text, re.MULTILINE))
    )
    text += "".join((path.parents[1] / f"{name}.py").read_text(encoding="utf-8") for name in used)
    return Model(table, header, frozenset(needs), text, needs=needs, make=module.make)
