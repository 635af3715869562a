"""Quarantine, for the terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from flows.settings import Settings
from flows.show.text import counted, moment
from flows.show.trace import bytes_command
from warehouse.archive import Archive
from warehouse.rows import Row

if TYPE_CHECKING:
    from flows.quarantine import Retried

SHOWN = 20


def facts(refused: Sequence[Row], archive: Path) -> Iterator[dict[str, Any]]:
    """One object per refused payload, with the path of its bytes."""
    for row in refused:
        yield {**row, "path": str(Archive(archive).path(row["sha256"]))}


def print_quarantine(console: Console, refused: Sequence[Row], settings: Settings) -> None:
    """Per payload: source, time and size, why it was refused, and the command that shows its bytes."""
    for row in refused[:SHOWN]:
        size = "size not known" if row["bytes"] is None else counted(row["bytes"], "byte")
        _line(console, f"[bold]{row['source']}[/], {moment(row['captured_at'])} UTC, {size}")
        _line(console, f"  {escape(row['reason'])}")
        if row["detail"]:
            _line(console, f"  [dim]{escape(row['detail'])}[/]")
        _line(console, f"  [dim]{escape(row['url'])}[/]")
        path = Archive(settings.archive).path(row["sha256"]).relative_to(settings.home)
        _line(console, f"  {escape(bytes_command({'payload_path': path}, settings.home))}\n")
    if len(refused) > SHOWN:
        _line(console, f"and {len(refused) - SHOWN} more; --json has all")
    if not refused:
        _line(console, "Nothing is in quarantine.")
    else:
        _line(
            console,
            f"{counted(len(refused), 'payload')} in quarantine; their boards keep the last good "
            "state. After a parser is mended: `photofinish quarantine retry`.",
        )


def retried_facts(done: Retried, archive: Path) -> Iterator[dict[str, Any]]:
    """One object per payload: outcome landed or refused, and what is known of it."""
    for row in done.landed:
        yield {"outcome": "landed", **row}
    for row in facts(done.refused, archive):
        yield {"outcome": "refused", **row}


def print_retried(console: Console, done: Retried) -> None:
    """What landed, with its boards, and what is still refused, with the reason."""
    for row in done.landed[:SHOWN]:
        boards = f" ({', '.join(row['boards'])})" if row["boards"] else ""
        _line(console, f"landed: {row['source']}, {counted(row['rows'], 'row')}{escape(boards)}")
    for row in done.refused[:SHOWN]:
        _line(console, f"still refused: {row['source']}: {escape(row['reason'])}")
    for sentence in done.lost:
        _line(console, escape(sentence))
    _line(
        console,
        f"{len(done.landed)} landed, {len(done.refused)} still in quarantine. Next: "
        + ("`photofinish quarantine list`." if done.refused else "`photofinish gaps`."),
    )


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
