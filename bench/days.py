"""What a day costs: the steps of the daily flow as it runs them, without Prefect and the network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from time import perf_counter

from bench.boards import SIZES
from bench.generate import SITE, board_name
from bench.homes import after, cloned, settings
from bench.source import sources
from flows import pipeline
from flows.alerts.run import evaluate_and_save
from flows.settings import Settings
from warehouse.archive import Archive, Fetch


def one_more(size: str, data: Path, work: Path) -> dict[str, float]:
    """The day after the last: two boards in five have changed."""
    home = cloned(size, data, work / "home")
    changed = {path.stem: path.read_bytes() for path in (home / "next").glob("*.json")}
    return _day(size, home, changed)


def unchanged(size: str, data: Path, work: Path) -> dict[str, float]:
    """A day on which every board is as it was."""
    return _day(size, cloned(size, data, work / "home"), {})


def _day(size: str, home: Path, changed: dict[str, bytes]) -> dict[str, float]:
    here, every, now = settings(home), sources(), after(size)
    started = perf_counter()
    _land(here, changed, SIZES[size].boards, now)
    landed = perf_counter()
    with pipeline.kept_open(here):
        pipeline.load_journal(here, every)
        loaded = perf_counter()
        pipeline.make_tables(here, every)
        made = perf_counter()
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
