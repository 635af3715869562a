"""Two at once: one run at a time on a home, and analysts who read while runs publish."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import pipeline
from flows.lock import at_work
from flows.settings import ROOT, Settings
from tests.flows.crashing import worker, write_boards
from tests.flows.hashes import contents

pytestmark = pytest.mark.slow

HOLDER = """
import signal, sys
from pathlib import Path
from flows.lock import only_run
from flows.settings import Settings
with only_run(Settings(home=Path(sys.argv[1])), "the daily run 7"):
    print("held", flush=True)
    signal.pause()
"""
READER = """
import json, sys
from pathlib import Path
from time import sleep
import duckdb
from tests.flows.hashes import contents_of
published, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen, errors, times, known = [], [], 0, None
def state():
    file = published.stat()
    return file.st_ino, file.st_mtime_ns, file.st_size
print("reading", flush=True)
while not stop.exists() or times == 0:
    try:
        with duckdb.connect(str(published), read_only=True) as db:
            opened = state()
            sleep(0.1)
            now = state()
            if now != opened and now[0] == opened[0]:
                errors.append("a file that was open has been written to")
            if opened != known:
                found = contents_of(db)
                if found not in seen:
                    seen.append(found)
                known = opened
    except Exception as error:
        errors.append(repr(error))
    times += 1
print(json.dumps({"seen": seen, "errors": errors, "times": times}))
"""
"""Has the file open nearly always, and reads all of each new one: the runs need the processor too."""


def python(code: str, *args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def holder(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    process = python(HOLDER, settings.home)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_says_who_is_at_work_and_leaves(
    settings: Settings, holder: subprocess.Popen[str]
) -> None:
    with (
        pytest.raises(
            pipeline.Busy, match=f"the daily run 7, process {holder.pid}, since"
        ) as caught,
        pipeline.only_run(settings, "another"),
    ):
        pass
    assert "nothing was done. Wait for it, or raise PHOTOFINISH_LOCK_WAIT" in str(caught.value)
    assert f"process {holder.pid}" in str(at_work(settings))


def test_a_second_process_waits_as_long_as_it_is_told(
    settings: Settings, holder: subprocess.Popen[str]
) -> None:
    patient = settings.model_copy(update={"lock_wait": 30})
    begun = time.monotonic()
    # The holder dies while the other waits.
    waiting = subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -9 {holder.pid}"])
    with pipeline.only_run(patient, "another"):
        assert time.monotonic() - begun > 0.4
        assert "another, process" in (settings.home / "run.holder").read_text()
    waiting.wait()


def test_a_killed_holder_leaves_no_lock(settings: Settings, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    assert (settings.home / "run.holder").exists()
    assert at_work(settings) is None
    with pipeline.only_run(settings, "the next run"):
        assert at_work(settings) is not None
    assert not (settings.home / "run.holder").exists()


def test_a_run_that_fails_leaves_no_note_of_itself(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), pipeline.only_run(settings, "a run"):
        raise ZeroDivisionError
    assert not (settings.home / "run.holder").exists()


def test_analysts_who_open_the_file_anew_all_the_time_see_whole_versions_only(
    tmp_path: Path,
) -> None:
    home, stop = tmp_path / "home", tmp_path / "stop"
    published = home / "photofinish.duckdb"
    with worker() as work:
        write_boards(tmp_path / "boards", range(1, 3))
        assert work("run", home).error == ""
        versions = [contents(published)]
        reader = python(READER, published, stop)
        assert reader.stdout
        assert reader.stdout.readline() == "reading\n"
        for day in range(3, 5):
            write_boards(tmp_path / "boards", range(day, day + 1))
            assert work("run", home).error == ""
            versions.append(contents(published))
        stop.touch()
        told = json.loads(reader.stdout.read())
        reader.wait()
    assert told["errors"] == []
    assert [found for found in told["seen"] if found not in versions] == []
    assert len(told["seen"]) >= 2, "the reader saw the file change"
