"""The payload behind a table, for the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from flows.show.text import moment

FIRST_BYTES = 1000


def bytes_command(told: Mapping[str, Any], home: Path) -> str:
    """The command line that shows how the payload of a trace begins."""
    path = shlex.quote(str(home / told["payload_path"]))
    return f"gzip -dc {path} | head -c {FIRST_BYTES}"


def print_trace(console: Console, told: Mapping[str, Any], home: Path) -> None:
    """Source, times, hash, place and credit of the payload; lines are not wrapped, so they can be copied."""
    listed_as = f" (there {told['listed_as']})" if told["listed_as"] != told["board"] else ""
    lines = {
        "snapshot": told["snapshot_id"],
        "source": f"{told['source']}{listed_as}",
        "url": told["url"],
        "captured": f"{moment(told['captured_at'])} UTC",
        "last seen": f"{moment(told['last_seen_at'])} UTC",
        "sha256": told["payload_sha256"],
        "archived": told["payload_path"],
        "licence": told["licence"] or "not stated",
        "credit": told["credit"] or "not stated",
    }
    console.print("\nEvery score above comes from one payload:")
    for name, value in lines.items():
        console.print(f"  [dim]{name:<9}[/]  {escape(value)}", soft_wrap=True, highlight=False)
    if (home / told["payload_path"]).exists():
        console.print("Its bytes begin with what this shows:")
        console.print(f"  {escape(bytes_command(told, home))}", soft_wrap=True, highlight=False)
    else:
        console.print(
            f"It is not in {escape(str(home))}: the file was made in another home, or the archive has "
            "lost it.",
            soft_wrap=True,
        )
