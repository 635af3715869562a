"""The forms of tables: columns as DuckDB knows them, virtual ones that reading works out, and views."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from warehouse.headers import BadModel
from warehouse.model_files import Model


def lay_out(db: duckdb.DuckDBPyConnection, model: Model, table: str) -> None:
    """Make `table` empty, with the columns that the query of `model` makes and its virtual ones after them.

    Raises BadModel where a virtual column has no macro.
    """
    columns = [
        f'"{name}" {kind}' for name, kind, *_ in db.execute(f"describe {model.query}").fetchall()
    ]
    for column, macro in model.header.virtual.items():
        body = macro_body(db, macro)
        if body is None:
            raise BadModel(f"{model.table}: {column} is made by {macro}, which is no macro")
        columns.append(f'"{column}" generated always as ({body}) virtual')
    db.execute(f"create or replace table {table} ({', '.join(columns)})")


def macro_body(db: duckdb.DuckDBPyConnection, macro: str) -> str | None:
    """The expression that a macro stands for; None unless there is one macro of this name."""
    told = db.execute(
        "select macro_definition from duckdb_functions() where function_name = ?", [macro]
    ).fetchall()
    return told[0][0] if len(told) == 1 else None


def like(db: duckdb.DuckDBPyConnection, model: Model, head: str) -> None:
    """Make a table empty by `head` (create table NAME), with the columns of the model's own."""
    told = db.execute(
        "select sql from duckdb_tables() where database_name <> 'published' "
        "and schema_name || '.' || table_name = ?",
        [model.table],
    ).fetchall()
    _, _, columns = told[0][0].partition("(")
    db.execute(f"{head} ({columns}")


def make_view(db: duckdb.DuckDBPyConnection, model: Model, catalog: str = "") -> None:
    """Keep the query of `model` as a view (of an attached `catalog`, whose tables it will read)."""
    name = f"{catalog}.{model.table}" if catalog else model.table
    db.execute(f"create or replace view {name} as {model.query}")


def kinds(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What there is in the database, by schema.table: table or view."""
    rows = db.execute(
        """
        select schema_name || '.' || table_name, 'table' from duckdb_tables()
        where database_name = current_catalog()
        union all
        select schema_name || '.' || view_name, 'view' from duckdb_views()
        where database_name = current_catalog()
        """
    ).fetchall()
    return dict(rows)


def drop_others(db: duckdb.DuckDBPyConnection, models: Iterable[Model]) -> None:
    """Drop tables that are to be views, and views that are to be tables."""
    there = kinds(db)
    for model in models:
        kind = there.get(model.table, model.header.kind)
        if kind != model.header.kind:
            db.execute(f"drop {kind} {model.table}")
