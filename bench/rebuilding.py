"""Making things: the archive, the built home that other measurements start from, and a full rebuild."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from bench.generate import cached
from bench.homes import built, limit_memory, linked, settings
from bench.source import sources
from flows import pipeline


def generate(size: str, data: Path, work: Path) -> dict[str, float]:
    """Make the archive, if it is not there."""
    cached(size, data)
    return {}


def prepare(size: str, data: Path, work: Path) -> dict[str, float]:
    """Build the home that other measurements copy, if it is not there."""
    built(size, data)
    return {}


def rebuild(size: str, data: Path, work: Path) -> dict[str, float]:
    """From the archive to the published file, every metric; and how long each phase took."""
    home = linked(size, data, work / "home")
    limit_memory(size)
    ended: dict[str, float] = {}

    def progress(what: str, done: int, total: int) -> None:
        ended[what] = perf_counter()

    every = sources()
    started = perf_counter()
    pipeline.rebuild(settings(home), every, progress)
    finished = perf_counter()
    loaded, made = ended["reading payloads"], ended["making tables"]
    return {
        "seconds": finished - started,
        "load": loaded - started,
        "tables": made - loaded,
        "publish": finished - made,
    }
