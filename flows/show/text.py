"""Words, numbers and table parts that every view uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

BARS = "▁▂▃▄▅▆▇█"
VERDICT_STYLE = {"lead": "green", "photo finish": "bold yellow", "unknown": "dim"}
T = TypeVar("T")


def sparkline(values: Sequence[float | None]) -> str:
    """The values as bars from the lowest to the highest; a gap where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join(
        " " if value is None else BARS[round((value - low) / span * (len(BARS) - 1))]
        for value in values
    )


def percent(value: float | None) -> str:
    """A gap in percent with two decimals, or a dash."""
    return "–" if value is None else f"{value:.2f}%"


def number(value: float | None) -> str:
    """A score with as many decimals as it needs, at most two; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def moment(value: datetime | None) -> str:
    """A time in UTC to the minute, or never."""
    return f"{value:%Y-%m-%d %H:%M}" if value else "never"


def verdict(said: str | None) -> str:
    """The verdict in its colour."""
    return f"[{VERDICT_STYLE[said]}]{said}[/]" if said else ""


def tied(row: dict[str, Any]) -> str:
    """How many models share a lead that is a photo finish."""
    shared = row["verdict"] == "photo finish" and row["n_tied"] and row["n_tied"] > 1
    return f"[dim]{row['n_tied']} tied[/]" if shared else ""


def counted(n: int, what: str) -> str:
    """1 case, 2 cases."""
    return f"{n} {what}{'' if n == 1 else 's'}"


def ending(rows: Sequence[T], count: int) -> Sequence[T]:
    """The last `count` of the rows."""
    return rows[-count or len(rows) :]


def listed(names: Sequence[str], most: int) -> str:
    """The first `most` names, and how many more there are: a, b and 3 more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    escaped = " ".join(text.split())
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for mark in "|*_`[]#":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped


def print_json(console: Console, rows: Iterable[dict[str, Any]]) -> None:
    """The rows as JSON, one document, dates in ISO form."""
    console.file.write(orjson.dumps(list(rows), option=_JSON, default=_plain).decode() + "\n")


_JSON = orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def titled(title: str) -> Table:
    """A table under a title, which may hold names and is shown as it is."""
    return Table(
        title=escape(title),
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def fixed(table: Table, name: str, widest: Iterable[str], right: bool = False) -> None:
    """A column that keeps its width on a narrow terminal: the names beside it give way."""
    width = max(map(len, widest), default=0)
    table.add_column(name, min_width=width, no_wrap=True, justify="right" if right else "left")


def pair(leader: str, runner_up: str | None, styles: tuple[str, str]) -> Text:
    """Leader above runner-up, cut rather than wrapped on a narrow terminal."""
    return Text.assemble(
        (leader, styles[0]), "\n", (runner_up or "–", styles[1]), no_wrap=True, overflow="ellipsis"
    )
