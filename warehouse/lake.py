"""A warehouse that several machines share: DuckLake, a catalog in PostgreSQL or SQLite over Parquet files.

Two catalogs lie side by side. `published` has the tables that analysts read, under the very URL of the
setting; `landing` has what the parsers made of each payload, which several workers write at once. They are
apart because a landing is private (it holds prompts and outputs of your own) and needs no past.
"""

from __future__ import annotations

import importlib
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import duckdb

from warehouse.place import Lake
from warehouse.quoting import quoted

Area = Literal["published", "landing"]
TRIES = 20
"""How often a transaction that met another one is begun again."""

S3 = {
    "key_id": "AWS_ACCESS_KEY_ID",
    "secret": "AWS_SECRET_ACCESS_KEY",  # nosec B105 # the name of a variable
    "session_token": "AWS_SESSION_TOKEN",  # nosec B105 # the same
    "region": "AWS_REGION",
}
T = TypeVar("T")


class ScaleMissing(Exception):
    """The DuckDB extensions are not installed. Names the way to get them."""


class LakeUnreachable(Exception):
    """The catalog or the files behind it cannot be opened. Holds no password."""


class NothingThere(LakeUnreachable):
    """Nothing has been published there yet."""


class LakeBusy(Exception):
    """Somebody else holds the lock."""


def attach(db: duckdb.DuckDBPyConnection, lake: Lake, area: Area, write: bool = False) -> None:
    """Attach one of the lake's catalogs under the name of its area, making it if it may be written.

    Raises ScaleMissing, LakeUnreachable (also if it is not there and may not be made).
    """
    for name in ("ducklake", f"{lake.kind}_scanner", *(["httpfs"] if _remote(lake) else ())):
        load_extension(db, name)
    secrets(db, lake)
    options = [
        f"create_if_not_exists {str(write).lower()}",
        f"data_path {quoted(_data(lake, area))}",
    ]
    if lake.kind == "postgres":
        schema = "public" if area == "published" else "photofinish_landing"
        options += [f"metadata_schema {quoted(schema)}", "meta_secret 'photofinish_catalog'"]
    else:
        options += ["meta_journal_mode 'wal'", "meta_busy_timeout 10000"]
        if not write and not Path(_file(lake, area)).exists():
            raise NothingThere(f"{lake} is not there yet")
    if not write:
        options.append("read_only")
    target = _file(lake, area) if lake.kind == "sqlite" else lake.catalog
    if write and lake.kind == "sqlite":
        Path(target).parent.mkdir(parents=True, exist_ok=True)
    statement = (
        f"attach {quoted(f'ducklake:{lake.kind}:{target}')} as {area} ({', '.join(options)})"
    )
    try:
        again(lambda: db.execute(statement))
    except duckdb.Error as error:
        kind = (
            NothingThere if "creating a new DuckLake is explicitly disabled" in str(error) else None
        )
        raise (kind or LakeUnreachable)(
            f"{lake} cannot be opened: {_first_line(error, lake)}"
        ) from None
    db.execute("set ducklake_max_retry_count = 100")


def _remote(lake: Lake) -> bool:
    return "://" in lake.data


def _data(lake: Lake, area: Area) -> str:
    return f"{lake.data.rstrip('/')}/{area}/"


def _file(lake: Lake, area: Area) -> str:
    path = Path(lake.catalog)
    return str(path if area == "published" else path.with_name(f"{path.stem}.landing{path.suffix}"))


def load_extension(db: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load a DuckDB extension from its wheel. Raises ScaleMissing."""
    db.execute(f"load {quoted(str(_extension(name)))}")


def _extension(name: str) -> Path:
    """The file inside the extension's wheel. DuckDB loads it as it is: nothing is fetched at run time."""
    wheel = f"duckdb_extension_{name}"
    try:
        folder = Path(next(iter(importlib.import_module(wheel).__path__)))
    except ModuleNotFoundError as error:
        raise ScaleMissing(
            f"a ducklake: warehouse needs the DuckDB extension {name}: "
            "install it with `pip install 'photofinish[scale]'`"
        ) from error
    file = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not file.exists():
        raise ScaleMissing(
            f"the extension {name} is not for DuckDB {duckdb.__version__}: "
            "`pip install 'photofinish[scale]'` brings the two that fit"
        )
    return file


def secrets(db: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """What must not stand in an address: DuckDB quotes addresses in errors, never secrets."""
    if lake.kind == "postgres":
        password = f", password {quoted(lake.password)}" if lake.password else ""
        db.execute(f"create or replace secret photofinish_catalog (type postgres{password})")
    if lake.data.startswith("s3://"):
        given = {name: os.environ.get(variable, "") for name, variable in S3.items()}
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        if endpoint:
            given["endpoint"] = endpoint.partition("://")[2].rstrip("/")
            given["url_style"] = "path"
            given["use_ssl"] = str(endpoint.startswith("https:")).lower()
        told = "".join(f", {name} {quoted(value)}" for name, value in given.items() if value)
        db.execute(f"create or replace secret photofinish_files (type s3{told})")


def _first_line(error: Exception, lake: Lake) -> str:
    text = str(error).splitlines()[0]
    return text.replace(lake.password, "***") if lake.password else text


def opened(lake: Lake) -> duckdb.DuckDBPyConnection:
    """The published tables, read-only and as they stood when they were opened, whatever is published
    meanwhile. Raises ScaleMissing, LakeUnreachable, NothingThere."""
    db = duckdb.connect()
    try:
        db.execute("set timezone = 'UTC'")
        attach(db, lake, "published")
        _show(db, lake)
        db.execute("begin")
    except BaseException:
        db.close()
        raise
    return db


def _show(db: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Views over the tables, under their names.

    A lake's table has a hidden column snapshot_id (DuckLake's own), on account of which a join of three
    tables `using (snapshot_id)` is ambiguous. A view shows the columns that the table was made with.
    """
    tables = db.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'published'"
    ).fetchall()
    if not tables:
        raise NothingThere(f"{lake} has no tables yet")
    for schema, table in tables:
        db.execute(f'create schema if not exists "{schema}"')
        db.execute(f'create view "{schema}"."{table}" as from published."{schema}"."{table}"')
    # Macros are looked up in the lake.
    db.execute("set search_path = 'memory.main,published.main'")


def again(attempt: Callable[[], T]) -> T:
    """Try until it is not a conflict, with growing, uneven pauses."""
    for tries in range(TRIES):
        try:
            return attempt()
        except duckdb.Error as error:
            if tries == TRIES - 1 or not _met_another(error):
                raise
            time.sleep(random.uniform(0.5, 1) * min(2.0, 0.05 * 2**tries))  # noqa: S311 # nosec B311 # no secret, a pause
    raise AssertionError


def _met_another(error: duckdb.Error) -> bool:
    text = str(error).lower()
    signs = ("conflict", "database is locked", "could not serialize", "deadlock", "already exists")
    return any(sign in text for sign in signs) or "duplicate key" in text
