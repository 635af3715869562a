"""Text that a spreadsheet would take for a formula, made text again.

A cell of a CSV file that begins with =, +, -, @, a tab or a carriage return is run as a formula when the
file is opened in Excel, LibreOffice or Google Sheets (OWASP, "CSV Injection"), and names of models are
strangers' text. An apostrophe before it makes it text; it is shown by programs that do not know it.
"""

from __future__ import annotations

import polars as pl

FORMULA = r"^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]"
"""The line feed and the full-width signs are taken for the others by some programs."""

TEXTS = (pl.String, pl.Categorical, pl.Enum)


def defused(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before each text that begins like a formula.

    Columns of numbers, dates and booleans are left as they are (a negative number is no formula); text
    columns come back as strings, nulls as nulls.
    """
    texts = [name for name, kind in frame.schema.items() if kind in TEXTS]
    return frame.with_columns(
        pl.col(texts).cast(pl.String).str.replace(rf"({FORMULA})", "'${1}") if texts else ()
    )
