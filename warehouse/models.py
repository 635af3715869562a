"""The model runner: one SQL file, one table, with its grain, columns and promises in its first comment.

What the comment says is in warehouse/headers.py. A polars step is a module in warehouse/<schema>/ with the
same three paragraphs as its docstring, READS (the tables it needs, or per table the columns) and
make(tables) -> DataFrame. Order comes from the tables each one reads.

A build makes only what follows from what has changed (warehouse/incremental.py), of a model whose header
states a scope only the boards and dates concerned (warehouse/scope.py). Otherwise it begins from nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import duckdb

from warehouse.forms import drop_others, kinds, lay_out, like, make_view
from warehouse.headers import BadModel, Scope
from warehouse.incremental import (
    Change,
    Changes,
    Everything,
    Some,
    Unchanged,
    content_marks,
    marks,
    note,
    replace_whole,
    write_marks,
)
from warehouse.model_files import Model, read_models
from warehouse.promises import BrokenPromise, check
from warehouse.quoting import quoted
from warehouse.scope import (
    ENTRIES,
    STATES,
    Parts,
    choose,
    gather,
    portions,
    replace_dates,
    seen_through_views,
    views,
)
from warehouse.transaction import transaction

__all__ = ["BadModel", "BrokenPromise", "Model", "build", "describe", "quoted", "read_models"]

FORM = "form of "
View = tuple[Parts, Scope]
"""What the views show: all that these parts follow from in this scope."""


def build(
    db: duckdb.DuckDBPyConnection,
    models: Iterable[Model],
    progress: Callable[[str], None] = lambda table: None,
    macros: str = "",
) -> None:
    """Bring every table up to what it is made of, and hold what is new to its promises.

    `macros` is the text of the macros that the queries use, which are there. Where anything but the contents
    of tables has changed since the last build (a query, a macro), or there is none, every table is made from
    nothing. Else the build is one transaction.
    Raises BadModel if the columns are not the documented ones, BrokenPromise otherwise.
    """
    made = list(models)
    last, now = marks(db), _marks(db, made, macros)
    number = int(last.get("build", 0)) + 1
    written = {**now, "build": str(number)}
    changed = {name for name in now if now[name] != last.get(name)}
    if any(name.startswith(FORM) for name in changed) or not _all_there(db, made):
        _build_from_nothing(db, made, number, written, progress)
    elif changed:
        read = {table for model in made for table in model.reads}
        with views(db, read, gathered=True), transaction(db):
            _build_what_changed(db, made, changed, number, progress)
            write_marks(db, written)


def _build_from_nothing(
    db: duckdb.DuckDBPyConnection,
    models: Sequence[Model],
    number: int,
    written: Mapping[str, str],
    progress: Callable[[str], None],
) -> None:
    # A build that is cut off here has no marks, so the next one begins from nothing too.
    write_marks(db, {})
    for schema in sorted({model.table.split(".")[0] for model in models}):
        db.execute(f"create schema if not exists {schema}")
    drop_others(db, models)
    parts: list[Parts] = []
    for model in models:
        progress(model.table)
        if model.header.kind == "view":
            make_view(db, model)
            continue
        _make_all(db, model, parts)
        _check_columns(db, model)
        check(db, model.table, model.header, model.table)
        if model.table == STATES:
            parts = portions(db)
    with transaction(db):
        db.execute("delete from built.changes")
        note(db, number, {model.table: None for model in kept(models)})
        write_marks(db, written)


def kept(models: Iterable[Model]) -> list[Model]:
    """The models whose rows are kept: all but views."""
    return [model for model in models if model.header.kind != "view"]


def _make_all(db: duckdb.DuckDBPyConnection, model: Model, parts: Sequence[Parts]) -> None:
    """Make a table from nothing, where its rows follow from single boards one of `parts` at a time."""
    if model.header.scope == "everything" or len(parts) < 2:
        return _make(db, model, model.table)
    with views(db, model.reads):
        for place, part in enumerate(parts):
            choose(db, part, "date")
            with seen_through_views(db) as home:
                _make(db, model, f"{home}.{model.table}", more=place > 0)
    return None


def _build_what_changed(
    db: duckdb.DuckDBPyConnection,
    models: Sequence[Model],
    changed: set[str],
    number: int,
    progress: Callable[[str], None],
) -> None:
    changes = Changes(db, {table: Everything() for table in changed})
    noted: dict[str, Parts | None] = {}
    view: View | None = None
    gathered: View | None = None
    for place, model in enumerate(models):
        progress(model.table)
        scoped = model.header.scope in ("date", "step")
        concerned = changes.concerning(model.reads, scoped, model.text)
        if model.header.kind == "view":
            changes.known[model.table] = concerned
            continue
        if isinstance(concerned, Some):
            if view != (concerned.parts, model.header.scope):
                view = (concerned.parts, model.header.scope)
                choose(db, *view)
            if ENTRIES in model.reads and gathered != view:
                gathered = view
                gather(db)
            _remake_part(db, model, concerned.parts)
        change: Change = concerned
        if isinstance(concerned, Everything):
            change = _remake_whole(db, model, place)
        changes.known[model.table] = change
        if not isinstance(change, Unchanged):
            noted[model.table] = change.parts if isinstance(change, Some) else None
    note(db, number, noted)


def _remake_whole(db: duckdb.DuckDBPyConnection, model: Model, place: int) -> Change:
    _make(db, model, "temp.made")
    check(db, model.table, model.header, "temp.made")
    if model.header.scope == "everything":
        return replace_whole(db, model.table, model.header, place)
    db.execute(f"delete from {model.table}")
    stored = model.header.stored
    db.execute(f"insert into {model.table} ({stored}) select {stored} from temp.made")
    return Everything()


def _remake_part(db: duckdb.DuckDBPyConnection, model: Model, parts: Parts) -> None:
    """Remake of a table the parts that the views show."""
    with seen_through_views(db):
        _make(db, model, "temp.made")
    replace_dates(db, model.table, model.header.stored, parts)
    check(db, model.table, model.header, "temp.made")


def _make(db: duckdb.DuckDBPyConnection, model: Model, table: str, more: bool = False) -> None:
    """Make `table` what the model's query or step gives, or add that to it where it is `more` of the same."""
    kind = "temp table" if table.startswith("temp.") else "table"
    into = f"create or replace {kind} {table.removeprefix('temp.')}"
    if model.header.virtual and not more:
        if kind == "table":
            lay_out(db, model, table)
        else:
            like(db, model, into)
    into = f"insert into {table}" if more or model.header.virtual else f"{into} as"
    if model.make is None:
        db.execute(f"{into} {model.query}")
    else:
        tables = {
            name: db.sql(f"select {', '.join(columns) or '*'} from {name}").pl()
            for name, columns in model.needs.items()
        }
        db.register("given", model.make(tables).to_arrow())
        db.execute(f"{into} from given")
        db.unregister("given")


def _check_columns(db: duckdb.DuckDBPyConnection, model: Model) -> None:
    made = [column[0] for column in db.execute(f"from {model.table} limit 0").description]
    if made != list(model.header.columns):
        raise BadModel(
            f"{model.table} makes the columns {', '.join(made)} "
            f"but documents {', '.join(model.header.columns)}: name them all, in this order"
        )


def _marks(db: duckdb.DuckDBPyConnection, models: Sequence[Model], macros: str) -> dict[str, str]:
    """A word for each thing that the tables are made of: contents of tables, and the forms of the models."""
    own = {model.table for model in models}
    roots = sorted({table for model in models for table in model.reads} - own)
    found = content_marks(db, roots)
    for model in models:
        found[FORM + model.table] = hashlib.sha256(
            repr((model.header, model.text)).encode()
        ).hexdigest()
    functions = repr((duckdb.__version__, macros))
    found[f"{FORM}functions"] = hashlib.sha256(functions.encode()).hexdigest()
    return found


def _all_there(db: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> bool:
    there = kinds(db)
    return all(there.get(model.table) == model.header.kind for model in models)


def describe(db: duckdb.DuckDBPyConnection, model: Model, catalog: str = "") -> None:
    """Write the header as comments on the table and its columns (of an attached `catalog`).

    Only the published tables have them: nobody reads those of the build database.
    """
    table = f"{catalog}.{model.table}" if catalog else model.table
    told = [f"comment on {model.header.kind} {table} is {quoted(model.header.grain)}"]
    told += [
        f'comment on column {table}."{column}" is {quoted(meaning)}'
        for column, meaning in model.header.columns.items()
    ]
    db.execute(";".join(told))
