"""Pulling sources that are sick: the cases of test_faults, and a process that says how much memory it took.

python -m tests.flows.faulty HOME SOURCE=MOMENT...     pull (4 threads), load, print the peak in MB
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from flows import pipeline
from flows.pull import Pulled, pull
from flows.settings import Settings
from sources import load_sources
from warehouse.archive import Archive
from warehouse.database import connect

FAILED = {
    "500": "HTTP 500",
    "503": "HTTP 503",
    "429": "HTTP 429, asks to wait 1 s",
    "403": "HTTP 403",
    "404": "HTTP 404",
    "timeout": "the server stopped sending",
    "truncate": "the answer was cut off",
    "empty": "the answer is empty",
    "redirect-loop": "the server redirects in a circle",
    "bomb": "the answer is larger than 64 MiB",
}
REFUSED = {"html": "HTML page", "garbage": "not"}
"""What comes with status 200 is archived as it came, and refused by the parser."""
HARMLESS = ("slow",)
FAULTS = (*FAILED, *REFUSED, *HARMLESS)


def newest(recordings: Path) -> dict[str, datetime]:
    """The recorded sources, each with a moment just after its last recording."""
    found = {}
    for index in sorted(recordings.glob("*/index.csv")):
        with index.open(newline="") as file:
            last = max(datetime.fromisoformat(row["captured_at"]) for row in csv.DictReader(file))
        found[index.parent.name] = last.astimezone(UTC) + timedelta(minutes=1)
    return found


@dataclass(frozen=True)
class Held:
    """What a home holds of a source: its payload by URL, and how many rows of those were read."""

    payloads: dict[str, str | None]
    rows: dict[str, int]


def pulled(settings: Settings, source: str, moment: datetime) -> Pulled:
    return pull(load_sources()[source], settings, "run", lambda: moment)


def loaded(settings: Settings) -> None:
    pipeline.load_journal(settings, load_sources())


def held(settings: Settings, source: str) -> Held:
    latest = Archive(settings.archive).latest()
    with closing(connect(settings.build)) as db:
        rows = db.execute(
            "select url, rows from parsed.payloads where (url, sha256) in "
            "(select (unnest($urls), unnest($hashes)))",
            {"urls": list(latest), "hashes": [f.payload_sha256 for f in latest.values()]},
        ).fetchall()
    of_source = {url: f.payload_sha256 for url, f in latest.items() if f.source == source}
    return Held(of_source, {url: n for url, n in rows if url in of_source})


def half_written(settings: Settings) -> list[str]:
    """What a run should not leave behind: unfinished files, cut lines, payloads that cannot be read."""
    archive = Archive(settings.archive)
    wrong = [str(path) for path in settings.home.rglob("*.tmp")] + archive.cut_lines()
    for fetch in archive.fetches():
        if fetch.payload_sha256:
            archive.read(fetch.payload_sha256)
    return wrong


def main(home: str, chosen: Sequence[str]) -> None:
    settings = Settings(home=Path(home))
    moments = dict(pair.split("=") for pair in chosen)
    each: Callable[[str], Pulled] = partial(_pull, settings, moments)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(each, moments))
    loaded(settings)
    peak = _peak_mb()
    causes = [failure.split(": ", 1)[1] for p in found for failure in p.failures]
    failures = {p.source: len(p.failures) for p in found}
    print(json.dumps({"peak_mb": peak, "failures": failures, "causes": causes}))


def _peak_mb() -> int:
    """The most memory that this program took. The system's `ru_maxrss` begins with that of who started it."""
    status = Path("/proc/self/status").read_text()
    return (
        int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
        // 1024
    )


def _pull(settings: Settings, moments: dict[str, str], source: str) -> Pulled:
    return pulled(settings, source, datetime.fromisoformat(moments[source]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
