"""Which payloads there are: the journal, read as anybody would read it."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import orjson


class Change(NamedTuple):
    """A board, the day from which it showed something new, and the file that holds it."""

    board: str
    day: date
    path: Path

    def read(self) -> bytes:
        return gzip.decompress(self.path.read_bytes())


def changes(home: Path) -> list[Change]:
    """Every change in the archive of JSON payloads, by board and day."""
    found = []
    for journal in sorted((home / "archive" / "journal").glob("*.ndjson")):
        for line in journal.read_bytes().splitlines():
            fetch = orjson.loads(line)
            if fetch["outcome"] == "new":
                sha256 = fetch["payload_sha256"]
                board = "bench/" + fetch["url"].rsplit("/", 1)[1].removesuffix(".json")
                day = datetime.fromisoformat(fetch["captured_at"]).date()
                path = home / "archive" / sha256[:2] / f"{sha256}.gz"
                found.append(Change(board, day, path))
    return sorted(found)
