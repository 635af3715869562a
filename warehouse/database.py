"""The pipeline's own database: what the journal and the archive say, as tables.

`load` brings the database up to the journal; a database that was deleted is loaded from the first line.
raw.* mirrors the journal, parsed.* holds what the parsers made of each payload (not published): a row of
parsed.states is one board at one stated date in one payload, and `reading` numbers it for parsed.rows, as
`name` numbers what a source calls a model and says of its maker and licence.
parsed.journal says how far each file of the journal has been taken over, parsed.marks changes with a table.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from warehouse import layout
from warehouse.layout import NotADatabase
from warehouse.load import load
from warehouse.parsed import Parsed, Parser, Refused
from warehouse.raw_tables import RAW_TABLES

__all__ = ["NotADatabase", "Parsed", "Parser", "Refused", "connect", "load"]


def connect(path: Path, renewed: Callable[[str], None] | None = None) -> duckdb.DuckDBPyConnection:
    """Open the build database, making it and its raw tables where they are missing.

    With `renewed` one of an older layout is emptied, and `renewed` is told so. Raises NotADatabase if the
    file is something else or another process writes it, NewerHome or OlderHome if another version of
    photofinish laid it out.
    """
    db = layout.connect(path, RAW_TABLES, renewed)
    db.execute("set preserve_insertion_order = false")
    return db
