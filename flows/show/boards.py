"""Boards and gaps, for the terminal and as Markdown for the artifact of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from rich.markup import escape
from rich.table import Table

from flows.show.text import (
    VERDICT_STYLE,
    fixed,
    markdown_text,
    number,
    pair,
    percent,
    sparkline,
    tied,
    titled,
    verdict,
)
from warehouse.reader import SPARK_POINTS
from warehouse.rows import Row


def gaps_table(gaps: Sequence[Row]) -> Table:
    """Two lines a board: who leads whom, by how much, how sure, and which way it goes."""
    table = titled("How close the race is")
    table.add_column("board\n[dim]as of[/]", width=22, overflow="fold")
    table.add_column("leader\n[dim]runner-up[/]", overflow="ellipsis")
    fixed(table, "gap 1–2\n[dim]over time[/]", ["▁" * SPARK_POINTS], right=True)
    fixed(table, "gap 1–10", ["100.00%"], right=True)
    fixed(table, "verdict", VERDICT_STYLE)
    for row in gaps:
        table.add_row(
            f"{escape(row['board'])}\n[dim]{row['as_of']}[/]",
            pair(row["leader"], row["runner_up"], ("bold", "")),
            f"[bold]{percent(row['gap_1_2_pct'])}[/]\n[cyan]{sparkline(row['trend'])}[/]",
            percent(row["gap_1_10_pct"]),
            f"{verdict(row['verdict'])}\n{tied(row)}",
        )
    return table


def series_table(series: Sequence[Row], board: str, task: str) -> Table:
    """Two lines a date of one board."""
    table = titled(f"{board} · {task}")
    fixed(table, "as of", ["2025-01-01"])
    table.add_column("leader\n[dim]runner-up[/]", overflow="ellipsis")
    fixed(table, "gap 1–2", ["100.00%"], right=True)
    fixed(table, "gap 1–10", ["100.00%"], right=True)
    fixed(table, "models", ["1000"], right=True)
    fixed(table, "verdict", VERDICT_STYLE)
    for row in series:
        table.add_row(
            str(row["as_of"]),
            pair(row["leader"], row["runner_up"], ("", "dim")),
            percent(row["gap_1_2_pct"]),
            percent(row["gap_1_10_pct"]),
            str(row["n_models"]),
            f"{verdict(row['verdict'])}\n{tied(row)}",
        )
    return table


def notes(gaps: Iterable[Row]) -> Iterator[str]:
    """What is special about the snapshots, each sentence once with the dates it is said of."""
    said: dict[tuple[str, str], list[date]] = {}
    for row in gaps:
        if row["note"] is not None:
            said.setdefault((row["board"], row["note"]), []).append(row["as_of"])
    for (board, note), days in said.items():
        when = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} dates"
        yield f"{board} ({when}): {note}"


def leaderboard_table(entries: Sequence[Row], board: str, task: str) -> Table:
    """The entries of one snapshot, best first; the tie with the leader is marked."""
    table = titled(f"{board} · {task} · as of {entries[0]['as_of']}")
    fixed(table, "rank", ["100"], right=True)
    table.add_column("model", overflow="fold")
    table.add_column("organization", overflow="ellipsis")
    fixed(table, "score", ["1234.56"], right=True)
    fixed(table, "95% interval", ["1234 to 1234"], right=True)
    fixed(table, "n", ["100,000"], right=True)
    for row in entries:
        style = "bold yellow" if row["tied_with_leader"] else ""
        table.add_row(
            "–" if row["rank"] is None else str(row["rank"]),
            escape(row["model"]),
            escape(row["organization"] or ""),
            number(row["score"]),
            _interval(row),
            "" if row["n"] is None else f"{row['n']:,}",
            style=style,
        )
    return table


def as_known(day: date) -> str:
    """The line under a table that is not told as it is known today."""
    return f"As it was known at the end of {day:%Y-%m-%d}, UTC."


def _interval(row: Row) -> str:
    if row["ci_low"] is not None and row["ci_high"] is not None:
        return f"{number(row['ci_low'])} to {number(row['ci_high'])}"
    if row["sd"] is not None:
        return f"± {1.96 * row['sd']:.1f}"
    return ""


def gaps_markdown(gaps: Sequence[Row]) -> str:
    """The gaps as a Markdown table, with the notes under it; names are escaped so that they stay text."""
    lines = [
        "| board | leader | runner-up | gap 1-2 | gap 1-10 | verdict | as of |",
        "|---|---|---|---:|---:|---|---|",
    ]
    for row in gaps:
        cells = (
            row["board"],
            row["leader"],
            row["runner_up"] or "–",
            percent(row["gap_1_2_pct"]),
            percent(row["gap_1_10_pct"]),
            row["verdict"] or "",
            str(row["as_of"]),
        )
        lines.append(f"| {' | '.join(markdown_text(cell) for cell in cells)} |")
    special = [f"- {markdown_text(note)}" for note in notes(gaps)]
    return "\n".join(lines + (["", *special] if special else []))
