"""The summary of a run as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flows.show.text import markdown_text


@dataclass(frozen=True)
class Line:
    """How one source fared in a run."""

    source: str
    outcome: str
    rows: int
    newest: date | None
    age_days: int | None
    seconds: float
    problem: str = ""


def summary_markdown(lines: Iterable[Line]) -> str:
    """A table with a row per source. What publishers wrote is escaped, so that it stays text."""
    head = [
        "| source | outcome | rows | newest snapshot | its age | time taken | problem |",
        "|---|---|---:|---|---:|---:|---|",
    ]
    return "\n".join(head + [_row(line) for line in lines])


def _row(line: Line) -> str:
    cells = (
        line.source,
        line.outcome,
        f"{line.rows:,}",
        str(line.newest or "–"),
        "–" if line.age_days is None else f"{line.age_days:,} d",
        f"{line.seconds:.1f} s",
        line.problem,
    )
    return f"| {' | '.join(markdown_text(cell) for cell in cells)} |"
