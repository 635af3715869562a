"""Schedules kept by one process: what runs when, and that nothing a run does ends the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Timer
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from flows import pipeline, serve
from flows.commands import serve as command
from flows.commands.common import Stop
from flows.schedule import BadSchedule, Planned, planned
from flows.serve import HUNG, STOPPED, Ran, keep, run_photofinish
from flows.settings import ROOT, Settings
from tests.conftest import MakeWarehouse, scored

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def plan(name: str, cron: str, zone: str = "UTC") -> Planned:
    return Planned(name, (name,), cron, ZoneInfo(zone))


def test_the_schedules_are_those_of_the_deployments() -> None:
    assert [(p.name, p.arguments, p.cron) for p in planned(ROOT / "prefect.yaml")] == [
        ("daily", ("run",), "15 6 * * *"),
        ("hourly", ("run", "--cadence", "hourly"), "45 * * * *"),
        ("verify", ("verify",), "30 8 * * 0"),
    ]


def test_a_time_is_that_of_the_zone_also_when_the_clock_changes() -> None:
    berlin = plan("daily", "15 6 * * *", "Europe/Berlin")
    before = datetime(2026, 3, 28, 5, 15, tzinfo=UTC)
    assert berlin.after(before - MINUTE) == before
    assert berlin.after(before) == datetime(2026, 3, 29, 4, 15, tzinfo=UTC)


GOOD = """
deployments:
  - name: some
    entrypoint: flows/daily.py:daily
    parameters: {sources: [aider, arena_csv], as_of: null}
    schedules:
      - {cron: "0 6 * * *", timezone: Europe/Berlin}
      - {cron: "0 7 * * *", active: false}
  - name: manual
    entrypoint: flows/backfill.py:backfill
    schedules: []
  - name: off
    paused: true
    entrypoint: flows/daily.py:daily
    schedules: [{cron: "0 6 * * *"}]
"""


def test_parameters_become_options_and_what_is_inactive_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(GOOD)
    assert planned(file) == [
        Planned(
            "some",
            ("run", "--source", "aider", "--source", "arena_csv"),
            "0 6 * * *",
            ZoneInfo("Europe/Berlin"),
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0 6 * * *", "0 26 * * *", "some: '0 26 \\* \\* \\*' is no time by cron"),
        ("0 6 * * *", "0 0 30 2 *", "some: '0 0 30 2 \\*' is no time by cron"),
        ("Europe/Berlin", "Europe/Atlantis", "some: 'Europe/Atlantis' is no timezone"),
        ('cron: "0 6 * * *", t', "interval: 60, t", "some: serve keeps schedules by cron only"),
        ("daily.py:daily", "backfill.py:backfill", "some: serve has no command for"),
        ("as_of: null", "as_of: now", "serve cannot give as_of to `photofinish run`"),
        (GOOD, "deployments: 3", "no deployments that can be read"),
        (GOOD, "a: [", "no deployments that can be read"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(BadSchedule, match=said):
        planned(file)
    done = CliRunner().invoke(command.serve, ["--file", str(file)])
    assert getattr(done.exception, "code", None) == 2


class Clock(Event):
    """A clock that goes on while it is waited for, and stops everything at an hour."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.now, self.until = START, until

    def wait(self, timeout: float | None = None) -> bool:
        self.go_on(timedelta(seconds=timeout or 0))
        return self.is_set()

    def go_on(self, passed: timedelta) -> None:
        self.now += passed
        if self.now >= self.until:
            self.set()


def kept(
    *plans: Planned,
    hours: float,
    at_once: bool = False,
    takes: Callable[[str], timedelta] = lambda name: MINUTE,
    code: int = 0,
) -> list[str]:
    """What was run when, with a run of each plan taking its time."""
    clock = Clock(START + timedelta(hours=hours))
    ran = []

    def run(one: Planned) -> int:
        ran.append(f"{one.name} {clock.now:%H:%M}")
        clock.go_on(takes(one.name))
        return code

    keep(plans, run, clock, lambda *_: None, lambda: clock.now, at_once)
    return ran


DAILY, HOURLY = plan("daily", "15 6 * * *"), plan("hourly", "45 * * * *")


def test_each_runs_at_its_times() -> None:
    assert kept(DAILY, HOURLY, hours=3) == [
        "daily 06:15", "hourly 06:45", "hourly 07:45", "hourly 08:45",
    ]  # fmt: skip
    assert kept(DAILY, HOURLY, hours=0.5, at_once=True) == [
        "daily 06:00", "hourly 06:01", "daily 06:15",
    ]  # fmt: skip


def test_runs_that_fail_do_not_end_it() -> None:
    assert len(kept(HOURLY, hours=24, code=3)) == 24


def test_a_time_that_passes_during_another_run_is_made_up_for_once() -> None:
    slow = plan("slow", "0 6 * * *")
    times = {"slow": 3 * 60 * MINUTE, "hourly": MINUTE}
    ran = kept(slow, HOURLY, hours=4, at_once=True, takes=lambda name: times[name])
    assert ran == ["slow 06:00", "hourly 09:00", "hourly 09:45"], "not once for each hour missed"


def test_it_says_what_runs_next_and_how_the_last_ended() -> None:
    from flows.show.serve import next_line, ran_line

    clock, said = Clock(START + timedelta(hours=2)), []

    def say(one: Planned, due: datetime, ran: Ran | None) -> None:
        said.append(ran_line(ran, clock.now)) if ran else None
        said.append(next_line(one, due, clock.now))

    keep([DAILY, HOURLY], lambda one: 1, clock, say, lambda: clock.now)
    assert said[:3] == [
        "[bold]Next[/] daily at 2026-03-01 06:15 UTC, in 15 min",
        "2026-03-01 06:15 UTC daily: [yellow]something is not well[/]; `photofinish status` says what (0 s)",
        "[bold]Next[/] hourly at 2026-03-01 06:45 UTC, in 30 min",
    ]


@pytest.fixture
def stubborn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """In the place of Python a program that ignores Ctrl-C and has started another; a file has their ids."""
    ids, program = tmp_path / "ids", tmp_path / "stubborn"
    program.write_text(
        f"#!/bin/sh\ntrap '' INT\nsleep 60 &\necho $$ $! > {ids}.new\nmv {ids}.new {ids}\nwait\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(serve.sys, "executable", str(program))
    yield ids


def left(ids: Path) -> list[int]:
    """The processes that are still there; a killed one may take a moment to go."""
    end = monotonic() + 5
    while (found := alive(ids)) and monotonic() < end:
        sleep(0.05)
    return found


def alive(ids: Path) -> list[int]:
    found = []
    for id_ in map(int, ids.read_text().split()):
        stat = Path(f"/proc/{id_}/stat")
        if stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z":
            found.append(id_)
    return found


def test_a_run_that_hangs_is_ended_with_all_that_it_started(stubborn: Path) -> None:
    code = run_photofinish(["run"], Event(), limit=timedelta(seconds=2), grace=0.2)
    assert code == HUNG
    assert left(stubborn) == []


def test_a_run_is_ended_when_serve_is_stopped(stubborn: Path) -> None:
    stop = Event()
    Timer(1, stop.set).start()
    assert run_photofinish(["run"], stop, grace=0.2) == STOPPED
    assert left(stubborn) == []


SCHEDULES = """
deployments:
  - name: wrong
    entrypoint: flows/daily.py:daily
    parameters: {sources: [nope]}
    schedules: [{cron: "0 5 1 1 *"}]
  - name: verify
    entrypoint: flows/upkeep.py:verify
    schedules: [{cron: "0 6 1 1 *"}]
  - name: hourly
    entrypoint: flows/daily.py:daily
    parameters: {cadence: hourly}
    schedules: [{cron: "45 * * * *"}]
"""


@pytest.mark.slow
def test_serve_survives_a_failing_run_runs_the_next_and_stops_cleanly(
    tmp_path: Path, settings: Settings, warehouse: MakeWarehouse
) -> None:
    warehouse({"2025-01-01": scored(ada=2.0, bea=1.0)}).close()
    pipeline.publish_tables(settings)
    (tmp_path / "prefect.yaml").write_text(SCHEDULES)
    environ = {**os.environ, "PHOTOFINISH_HOME": str(settings.home), "PYTHONPATH": str(ROOT)}
    started = [sys.executable, "-u", "-m", "flows", "serve", "--now", "--file", "prefect.yaml"]
    said = tmp_path / "said"
    with said.open("w") as out:
        process = subprocess.Popen(
            started, env=environ, cwd=tmp_path, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            end = monotonic() + 120
            while "Next wrong at " not in said.read_text():
                assert monotonic() < end and process.poll() is None, said.read_text()
                sleep(0.3)
            with pytest.raises(Stop, match="another serve"), command._only_one(settings):
                pass
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
    text = said.read_text()
    assert "hourly: `photofinish run --cadence hourly` at 45 * * * * (UTC): no card says so" in text
    assert "no source nope; there are" in text
    assert "wrong: ended with 2" in text
    assert "published tables are what the archive gives" in text
    assert "verify: all good" in text
    assert text.endswith("Stopped. What was begun, the next run completes.\n")
