"""What a day costs: the steps of the daily flow as it runs them, without Prefect and the network."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.boards import FOLLOWING, SIZES
from bench.generate import SITE, board_name
from bench.homes import after, cloned, settings
from bench.source import sources
from flows import pipeline
from flows.alerts.run import evaluate_and_save
from flows.settings import Settings
from warehouse.archive import Archive, Fetch


def one_more(size: str, data: Path, work: Path) -> dict[str, float]:
    """The days after the last one after the other, each in a process of its own: medians, and the slowest.

    One day alone would say little: now and then DuckDB merges the rows of the days before.
    """
    home = cloned(size, data, work / "home")
    lived = [_in_a_process(size, home, place) for place in range(FOLLOWING)]
    numbers = {name: median(day[name] for day in lived) for name in lived[0]}
    return numbers | {"slowest": max(day["seconds"] for day in lived)}


def unchanged(size: str, data: Path, work: Path) -> dict[str, float]:
    """A day on which every board is as it was."""
    return _day(size, cloned(size, data, work / "home"), {}, after(size))


def following(size: str, home: Path, place: int) -> dict[str, float]:
    """One of the days after the last: two boards in five have changed."""
    payloads = (home / "next" / str(place)).glob("*.json")
    changed = {path.stem: path.read_bytes() for path in payloads}
    return _day(size, home, changed, after(size, place))


def _in_a_process(size: str, home: Path, place: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.days", size, str(home), str(place)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    numbers: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return numbers


def _day(size: str, home: Path, changed: dict[str, bytes], now: datetime) -> dict[str, float]:
    here, every = settings(home), sources()
    started = perf_counter()
    _land(here, changed, SIZES[size].boards, now)
    landed = perf_counter()
    with pipeline.kept_open(here):
        pipeline.load_journal(here, every)
        loaded = perf_counter()
        pipeline.make_tables(here, every)
        made = perf_counter()
        with pipeline.merged_meanwhile(here):
            evaluate_and_save(here, now)
        evaluated = perf_counter()
        pipeline.publish_tables(here)
    finished = perf_counter()
    return {
        "seconds": finished - started,
        "land": landed - started,
        "load": loaded - landed,
        "tables": made - loaded,
        "alerts": evaluated - made,
        "publish": finished - evaluated,
    }


def _land(here: Settings, changed: dict[str, bytes], boards: int, now: datetime) -> None:
    archive = Archive(here.archive)
    urls = {f"{SITE}/{name}.json": name for name in map(board_name, range(boards))}
    latest = archive.latest(urls.keys())
    fetches = []
    for url, name in urls.items():
        payload = changed.get(name)
        sha256 = latest[url].payload_sha256 if payload is None else archive.store(payload)
        fetches.append(
            Fetch(
                run_id="bench-next",
                source="bench",
                url=url,
                captured_at=now,
                outcome="not_modified" if payload is None else "new",
                http_status=304 if payload is None else 200,
                payload_sha256=sha256,
                bytes=None if payload is None else len(payload),
            )
        )
    archive.append(fetches)


if __name__ == "__main__":
    # As in bench/measure.py: DuckDB would import pandas where it is installed.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    print(json.dumps(following(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
