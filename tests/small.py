"""DuckDB as it suits the few rows of tests. A module of its own, for the processes that tests start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

EVERY_THREAD = duckdb.connect


def one_thread(
    database: str | Path = ":memory:",
    read_only: bool = False,
    config: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """duckdb.connect with one thread: for a few rows, a second one costs a third more and gives nothing.

    Extensions are loaded unread: to hash one for its signature, 35 MB, costs more than most tests of a lake.
    """
    options = {"threads": 1, "allow_unsigned_extensions": True, **(config or {})}
    return EVERY_THREAD(database, read_only, options)
