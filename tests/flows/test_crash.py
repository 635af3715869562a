"""Killed at any moment: nothing that was journalled is lost, nothing is doubled, analysts never see a half.

PHOTOFINISH_SOAK=1 kills a hundred times and more, and the real commands too; PHOTOFINISH_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from time import monotonic

import duckdb
import pytest

from flows import pipeline
from flows.settings import ROOT
from tests.flows.crashing import Worker, worker, write_boards, write_recordings
from tests.flows.hashes import contents
from warehouse.archive import Archive
from warehouse.models import read_models
from warehouse.promises import BrokenPromise
from warehouse.promises import check as check_promises

pytestmark = pytest.mark.slow

# Read here: the fixtures of every test take settings of the outside away.
SOAK = os.environ.get("PHOTOFINISH_SOAK") == "1"
SEED = os.environ.get("PHOTOFINISH_SEED") or secrets.token_hex(4)

KILLS = {"run": 3, "backfill": 3, "rebuild": 2, "publish": 2}
TIMES = 13 if SOAK else 1
COMMANDS = 5 if SOAK else 0
KEYS = {
    "raw.fetches": "fetch_id",
    "raw.payloads": "sha256",
    "raw.quarantine": "sha256, source, url",
    "parsed.payloads": "sha256, source, url",
    "parsed.states": "sha256, source, url, board, stated_as_of",
    "parsed.rows": "reading, task, name",
}


@dataclass
class Scene:
    """A command, the home it starts from, and the whole versions that analysts may see."""

    command: str
    start: Path
    before: dict[str, str]
    after: dict[str, str]
    lines: int
    seconds: float
    files: dict[str, dict[str, str]] = field(default_factory=dict)

    def version(self, published: Path) -> dict[str, str]:
        """What the published file holds; the same bytes are read once."""
        digest = sha256(published.read_bytes()).hexdigest()
        if digest not in self.files:
            self.files[digest] = contents(published)
        return self.files[digest]


@pytest.fixture(scope="module")
def work() -> Iterator[Worker]:
    with worker() as made:
        yield made


@pytest.fixture(scope="module")
def scenes(work: Worker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """For each command a home with two days of boards, where the command brings two days more."""
    folder = tmp_path_factory.mktemp("crash")
    # All homes lie beside the same boards, whose paths are part of what is kept.
    first = folder / "first"
    write_boards(folder / "boards", range(1, 3))
    assert work("run", first).error == ""
    before = contents(first / "photofinish.duckdb")
    write_boards(folder / "boards", range(2, 5))
    write_recordings(folder / "recordings", folder / "boards")
    made = {}
    for command in KILLS:
        start = shutil.copytree(first, folder / command)
        if command == "rebuild":
            assert work("land_all", start).error == ""
        if command == "publish":
            assert work("backfill", start).error == ""
            shutil.copy(first / "photofinish.duckdb", start)
        home = shutil.copytree(start, folder / f"{command}-whole")
        ended = work(command, home, line=0)
        assert (ended.error, ended.killed) == ("", False)
        after = contents(home / "photofinish.duckdb")
        assert set(after) == set(before)
        assert after != before
        assert broken_promises(home / "photofinish.duckdb") == []
        made[command] = Scene(command, start, before, after, ended.lines, ended.seconds)
    return made


def broken_promises(published: Path) -> list[str]:
    """The promises of the models' headers that a published file breaks."""
    broken = []
    with duckdb.connect(str(published), read_only=True) as db:
        for model in read_models(pipeline.SQL, pipeline.STEPS):
            if not model.table.startswith("local."):
                try:
                    check_promises(db, model.table, model.header, model.table)
                except BrokenPromise as error:
                    broken.append(str(error))
    return broken


@pytest.mark.parametrize("command", KILLS)
def test_a_killed_command_loses_nothing_doubles_nothing_and_is_made_up_for(
    command: str, work: Worker, scenes: dict[str, Scene]
) -> None:
    """Some kills one after another on one home, at lines or after a time, then a whole run."""
    scene = scenes[command]
    dice = random.Random(f"{SEED} {command}")
    killed = 0
    for chain in range(10 * TIMES):
        if killed >= KILLS[command] * TIMES:
            break
        home = shutil.copytree(scene.start, scene.start.with_name(f"{command}-{chain}"))
        for _ in range(KILLS[command]):
            by_line = dice.random() < 0.6
            line = dice.randint(1, scene.lines) if by_line else -1
            seconds = None if by_line else dice.uniform(0, 0.8 * scene.seconds)
            ended = work(command, home, line, seconds)
            where = f"seed {SEED}, {command}, chain {chain}, line {line}, seconds {seconds}"
            assert ended.error == "", where
            killed += ended.killed
            check(scene, home, where)
        assert work(command, home).error == ""
        where = f"seed {SEED}, {command}, chain {chain}, the run after the kills"
        check(scene, home, where)
        assert scene.version(home / "photofinish.duckdb") == scene.after, where
        shutil.rmtree(home)
    assert killed >= KILLS[command] * TIMES, f"seed {SEED}: only {killed} kills hit"
    print(f"{command}: killed {killed} times, seed {SEED}")


def test_killed_at_any_line_of_landing_the_archive_is_whole_and_nothing_is_landed_twice(
    work: Worker, tmp_path: Path
) -> None:
    """At every line in turn, payloads and journal alone: no database is made."""
    write_boards(tmp_path / "boards", range(1, 2))
    write_recordings(tmp_path / "recordings", tmp_path / "boards")
    whole = work("land_all", tmp_path / "whole", line=0)
    expected = list(Archive(tmp_path / "whole" / "archive").fetches())
    assert (len(expected), whole.error) == (3, "")
    for line in range(1, whole.lines, 1 if SOAK else 9):
        home = tmp_path / str(line)
        assert work("land_all", home, line).killed
        archive = Archive(home / "archive")
        assert list(archive.verify()) == [], f"killed at line {line}"
        assert work("land_all", home).error == ""
        assert list(archive.fetches()) == expected, f"killed at line {line}"
        assert list(archive.verify()) == []


def test_killed_between_any_two_statements_of_loading_the_next_load_makes_up_for_it(
    work: Worker, tmp_path: Path
) -> None:
    """Before every statement in turn; the batch of payloads is all there or not at all."""
    write_boards(tmp_path / "boards", range(1, 2))
    write_recordings(tmp_path / "recordings", tmp_path / "boards")
    start = tmp_path / "start"
    assert work("land_all", start).error == ""
    shutil.copytree(start, tmp_path / "whole")
    whole = work("load", tmp_path / "whole", statement=0)
    expected = contents(tmp_path / "whole" / "build" / "photofinish.duckdb")
    assert whole.error == ""
    assert expected["parsed.rows"].startswith("8 ")
    for statement in range(1, whole.statements + 1, 1 if SOAK else 8):
        home = tmp_path / str(statement)
        shutil.copytree(start, home)
        assert work("load", home, statement=statement).killed
        assert work("load", home).error == ""
        found = contents(home / "build" / "photofinish.duckdb")
        assert found == expected, f"killed before statement {statement} of {whole.statements}"


def check(scene: Scene, home: Path, where: str) -> None:
    """What holds after any kill: the archive is whole, nothing is doubled, the published file complete."""
    archive = Archive(home / "archive")
    assert list(archive.verify()) == [], where
    journalled = {fetch.fetch_id for fetch in archive.fetches()}
    assert scene.version(home / "photofinish.duckdb") in (scene.before, scene.after), where
    with duckdb.connect(str(home / "build" / "photofinish.duckdb"), read_only=True) as db:
        for table, key in KEYS.items():
            doubled = f"select {key} from {table} group by all having count(*) > 1"
            assert db.sql(doubled).fetchall() == [], f"{table}: {where}"
        known = {row[0] for row in db.sql("select fetch_id from raw.fetches").fetchall()}
        assert known <= journalled, f"the database knows what the journal does not: {where}"


@pytest.mark.skipif(not SOAK, reason="PHOTOFINISH_SOAK=1 kills the real commands too")
def test_the_real_commands_are_made_up_for_too(scenes: dict[str, Scene]) -> None:
    dice = random.Random(f"{SEED} commands")
    # 3: the one source that runs has a file that is refused.
    for command, args, code in (
        ("rebuild", ["rebuild"], 0),
        ("run", ["run", "--source", "tidy", "--as-of", "2026-01-10T06:17:00"], 3),
    ):
        scene = scenes[command]
        killed = 0
        home = shutil.copytree(scene.start, scene.start.with_name(f"{command}-timed"))
        begun = monotonic()
        assert photofinish(args, home, None) == code
        took = monotonic() - begun
        # The whole command also sends alerts, so its own undisturbed version is the one to equal.
        scene = replace(scene, after=contents(home / "photofinish.duckdb"), files={})
        home = shutil.copytree(scene.start, scene.start.with_name(f"{command}-real"))
        while killed < COMMANDS:
            seconds = dice.uniform(0.2 * took, took)
            killed += photofinish(args, home, seconds) == -signal.SIGKILL
            check(scene, home, f"seed {SEED}, photofinish {command}, {seconds} s")
        assert photofinish(args, home, None) == code
        check(scene, home, f"seed {SEED}, photofinish {command} after the kills")
        assert scene.version(home / "photofinish.duckdb") == scene.after
        print(f"photofinish {command}: killed {killed} times, seed {SEED}")


def photofinish(args: list[str], home: Path, seconds: float | None) -> int:
    """Run a command, killed after some seconds; returns how it ended. Prefect's server goes with it."""
    settings = {"PHOTOFINISH_HOME": str(home), "PHOTOFINISH_TIDY": str(home.parent / "boards")}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows", *args],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
