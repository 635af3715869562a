"""Runs that are killed: a process that forks a child for each, so that one costs what it does and no start.

The child does what a command does, without Prefect, on a home of a few made payloads. It kills itself at a
line of the modules that write, or before a statement to DuckDB, or is killed after some seconds.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb

from flows import pipeline
from flows.alerts.run import evaluate_and_save
from flows.landing import land
from flows.pull import pull
from flows.recordings import read_recordings, recorded
from flows.settings import ROOT, Settings
from flows.trouble import sentence
from sources import load_sources
from tests.conftest import scored, tidy_csv
from tests.flows.forking import Forks, forks, serve
from tests.small import one_thread
from warehouse.archive import Archive, fingerprint

NOW = datetime(2026, 1, 10, 6, 17, tzinfo=UTC)
WRITING = {
    str(ROOT / path)
    for path in (
        "warehouse/archive.py",
        "warehouse/database.py",
        "warehouse/delta.py",
        "warehouse/layout.py",
        "warehouse/load.py",
        "warehouse/publish.py",
        "warehouse/transaction.py",
        "flows/pipeline.py",
        "flows/pull.py",
        "flows/guard.py",
        "flows/landing.py",
        "flows/lock.py",
        "flows/alerts/file.py",
        "flows/alerts/store.py",
    )
}
LATE = ("pandas", "pyarrow.dataset", "scipy.special", "flows.alerts.rules", "flows.alerts.watch")
"""What a run imports on its way, DuckDB pandas where it is installed; no child does it anew."""


def run(settings: Settings) -> None:
    """What `photofinish run` does, on the folder of one's own boards."""
    with pipeline.only_run(settings, "a run"):
        pull(load_sources()["tidy"], settings, "run", lambda: NOW)
        _bring_up_to_date(settings, quiet=False)


def backfill(settings: Settings) -> None:
    """What `photofinish backfill --recordings` does, on the recordings beside the home."""
    with pipeline.only_run(settings, "a backfill"):
        land_all(settings)
        _bring_up_to_date(settings, quiet=True)


def land_all(settings: Settings) -> None:
    """Only the first step of a backfill: what it leaves if it is killed then."""
    versions = recorded(settings.home.parent / "recordings", ["tidy"], None, None)
    land(versions, read_recordings, Archive(settings.archive), "backfill")


def load(settings: Settings) -> None:
    """Only the second step: from the journal to raw.* and parsed.*."""
    pipeline.load_journal(settings, load_sources())


def rebuild(settings: Settings) -> None:
    with pipeline.only_run(settings, "a rebuild"):
        pipeline.rebuild(settings, load_sources())


def publish(settings: Settings) -> None:
    with pipeline.only_run(settings, "a publication"):
        pipeline.publish_tables(settings)


COMMANDS: dict[str, Callable[[Settings], None]] = {
    one.__name__: one for one in (run, backfill, land_all, load, rebuild, publish)
}


def _bring_up_to_date(settings: Settings, quiet: bool) -> None:
    sources = load_sources()
    with pipeline.kept_open(settings):
        pipeline.load_journal(settings, sources)
        pipeline.make_tables(settings, sources)
        with pipeline.merged_meanwhile(settings):
            evaluate_and_save(settings, NOW, quiet)
        pipeline.publish_tables(settings)


def write_boards(folder: Path, days: range) -> None:
    """A folder of dated CSVs, one file a board and day, and one file that is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    for day in days:
        for board in ("crash/one", "crash/two"):
            rows = scored(ada=10.0 + day, bea=12.0 - day % 3, cleo=9.0 + day / 2, dora=7.0)
            facts = {"board": board, "scale": "points"}
            payload = tidy_csv(rows, f"2026-01-{day:02}", facts)
            (folder / f"{board.replace('/', '_')}_{day:02}.csv").write_bytes(payload)
    (folder / "refused.csv").write_text("board,model_raw,score\ncrash/three,ada,not a number\n")


def write_recordings(folder: Path, boards: Path) -> None:
    """The files of a folder of boards as recordings with an index."""
    import gzip

    (folder / "tidy").mkdir(parents=True)
    lines = ["path,upstream_url,captured_at,sha256"]
    for number, path in enumerate(sorted(boards.glob("*.csv"))):
        payload = path.read_bytes()
        (folder / "tidy" / f"{number}.gz").write_bytes(gzip.compress(payload))
        moment = f"2026-01-09T{number // 60:02}:{number % 60:02}:00Z"
        lines.append(f"{number}.gz,file:///past/{path.name},{moment},{fingerprint(payload)}")
    (folder / "tidy" / "index.csv").write_text("\n".join(lines) + "\n")


@dataclass(frozen=True)
class Ended:
    """How a child ended: by SIGKILL or not, what it passed, seconds, and what it said of an error."""

    killed: bool
    lines: int
    statements: int
    seconds: float
    error: str


@dataclass(frozen=True)
class Worker:
    """The process that forks."""

    fork: Forks

    def __call__(
        self,
        command: str,
        home: Path,
        line: int = -1,
        seconds: float | None = None,
        statement: int = -1,
        largest_file: int | None = None,
    ) -> Ended:
        """Run a command on a home; 0 as line or statement only counts them.

        A file may be made `largest_file` bytes long.
        """
        asked = {"command": command, "home": str(home), "line": line}
        asked |= {"statement": statement, "largest_file": largest_file}
        ended = self.fork(asked, seconds)
        told = ended.answer or {"lines": 0, "statements": 0, "error": ""}
        return Ended(killed=ended.killed, seconds=ended.seconds, **told)


@contextmanager
def worker() -> Iterator[Worker]:
    with forks("tests.flows.crashing") as fork:
        yield Worker(fork)


def _asked(asked: dict[str, Any]) -> dict[str, Any]:
    """Do the command: how many lines and statements it passed, and what went wrong."""
    if asked["largest_file"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest_file"],) * 2)
    home = Path(asked["home"])
    settings = Settings(home=home, tidy=home.parent / "boards", lock_wait=0)
    error = ""
    passed = _trace(asked["line"]) if asked["line"] >= 0 else [0]
    said = _listen(asked["statement"]) if asked["statement"] >= 0 else [0]
    try:
        COMMANDS[asked["command"]](settings)
    except (OSError, duckdb.Error) as caught:
        error = sentence(caught)
    except Exception:  # noqa: BLE001
        error = traceback.format_exc()
    sys.settrace(None)
    sys.setprofile(None)
    return {"lines": passed[0], "statements": said[0], "error": error}


def _trace(last: int) -> list[int]:
    """Count the lines of WRITING that are executed, and die at line `last`."""
    lines = count(1)
    passed = [0]

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename not in WRITING:
            return None
        if event == "line":
            passed[0] = next(lines)
            if passed[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    return passed


def _listen(last: int) -> list[int]:
    """Count the statements that are given to DuckDB, and die before statement `last`."""
    said = [0]

    def profile(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and getattr(called, "__name__", "") == "execute":
            said[0] += 1
            if said[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(profile)
    return said


def _prepare() -> None:
    # The models are the same for every child. Its connection is closed, and with it DuckDB's threads.
    pipeline.read_models = cache(pipeline.read_models)  # type: ignore[assignment]
    pipeline.read_models(pipeline.SQL, pipeline.STEPS)
    # One thread is quicker on so little data.
    duckdb.connect = one_thread
    for module in LATE:
        importlib.import_module(module)
    load_sources()


if __name__ == "__main__":
    _prepare()
    serve(_asked)
