"""prefect.yaml on a real server with a real worker: a scheduled run fires by itself and leaves its traces."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import requests
import yaml
from filelock import FileLock

from flows.settings import ROOT
from tests.conftest import scored, tidy_csv
from tests.flows.prefect_server import Server

pytestmark = pytest.mark.slow
PREFECT = [sys.executable, "-m", "prefect"]


@dataclass(frozen=True)
class Served:
    """The tests' Prefect server with the deployments of prefect.yaml and a worker."""

    api: str
    home: Path
    """the home of photofinish in which the runs work"""
    output: Path

    def post(self, path: str, each: list[Any] | None = None, **body: Any) -> Any:
        answer = requests.post(f"{self.api}/{path}", json=each or body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.api}/{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def deployment(self, name: str) -> dict[str, Any]:
        found = self.post("deployments/filter", deployments={"name": {"any_": [name]}})
        assert len(found) == 1, name
        one: dict[str, Any] = found[0]
        return one

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """Its runs that are not merely planned, oldest first."""
        wanted = {"id": {"any_": [self.deployment(deployment)["id"]]}}
        found = self.post("flow_runs/filter", deployments=wanted, sort="EXPECTED_START_TIME_ASC")
        return [run for run in found if run["state_type"] != "SCHEDULED"]

    def start(self, deployment: str) -> str:
        """Start a run of it, as a person does; returns its id. A server on SQLite may be busy for a while."""
        path = f"deployments/{self.deployment(deployment)['id']}/create_flow_run"
        return str(until(lambda: self.post(path), 30)["id"])

    def finished(self, deployment: str, seconds: float = 150) -> dict[str, Any]:
        """The first run of a deployment that was not cancelled, when it has ended."""
        ended = {"COMPLETED", "FAILED", "CRASHED"}
        found = until(
            lambda: [run for run in self.runs(deployment) if run["state_type"] in ended],
            seconds,
            lambda: self.output.read_text()[-3000:],
        )
        one: dict[str, Any] = found[0]
        return one


def until(holds: Callable[[], Any], seconds: float, told: Callable[[], str] = lambda: "") -> Any:
    end = monotonic() + seconds
    while True:
        try:
            if found := holds():
                return found
        except requests.RequestException:
            pass
        assert monotonic() < end, f"it did not happen in time\n{told()}"
        sleep(0.5)


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with this code and one word of its own."""
    folder = tmp_path_factory.mktemp("repository") / "photofinish"
    for name in ("flows", "sources", "sql", "warehouse"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("data", "__pycache__")
        )
    daily = folder / "flows" / "daily.py"
    daily.write_text(daily.read_text().replace("no card says", "the clone finds no card that says"))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "A copy"]):
        author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *author, *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def served(
    server: Server, tmp_path_factory: pytest.TempPathFactory, cloned: Path
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    boards = folder / "boards"
    boards.mkdir()
    rows = scored(**{"ada | <b>": 2.0, "bea": 1.0})
    (boards / "a.csv").write_bytes(tidy_csv(rows, "2025-01-01", {}))
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PHOTOFINISH_"))},
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": server.api,
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PHOTOFINISH_HOME": str(folder / "home"),
        "PHOTOFINISH_TIDY": str(boards),
        "PHOTOFINISH_CODE": str(ROOT),
        "PHOTOFINISH_REPOSITORY": str(cloned),
        "PHOTOFINISH_LOG": "json",
    }
    found = Served(server.api, folder / "home", folder / "output")
    with found.output.open("w") as out:
        worker = subprocess.Popen(
            [*PREFECT, "worker", "start", "--pool", "photofinish", "--type", "process"],
            env=environ, cwd=folder, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            until(lambda: found.get("work_pools/photofinish"), 120, found.output.read_text)
            deploy(environ, folder)
            yield found
        finally:
            worker.send_signal(signal.SIGINT)
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                worker.kill()


def deploy(environ: dict[str, str], folder: Path) -> None:
    """All of prefect.yaml; only that daily has one source, and a copy of hourly takes the clone."""
    written = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    deployments = {one["name"]: one for one in written["deployments"]}
    deployments["daily"]["parameters"]["sources"] = ["tidy"]
    from_clone = {**deployments["hourly"], "name": "cloned", "schedules": []}
    from_clone["pull"] = written["definitions"]["clone"]
    written["deployments"].append(from_clone)
    (folder / "prefect.yaml").write_text(yaml.safe_dump(written))
    done = subprocess.run(
        [*PREFECT, "--no-prompt", "deploy", "--all", "--prefect-file", str(folder / "prefect.yaml")],
        env=environ, cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_scheduled_run_fires_by_itself_and_another_beside_it_is_cancelled(served: Served) -> None:
    daily = served.deployment("daily")["id"]
    # The run waits for the home, so that another one comes while it is at work.
    served.home.mkdir()
    with FileLock(served.home / "run.lock"):
        due = datetime.now(UTC) + timedelta(seconds=8)
        schedule = {"interval": 3600, "anchor_date": due.isoformat()}
        each = [{"schedule": schedule, "active": True}]
        until(lambda: served.post(f"deployments/{daily}/schedules", each=each), 5)
        until(lambda: [run for run in served.runs("daily") if run["state_type"] == "RUNNING"], 90)
        second = served.start("daily")
        until(lambda: served.get(f"flow_runs/{second}")["state_type"] == "CANCELLED", 60)
    run = served.finished("daily")
    assert (run["state_type"], run["state"]["message"]) == (
        "COMPLETED",
        "1 of 1 sources landed; alerts: 0 new, 0 sent",
    ), served.output.read_text()[-5000:]
    assert run["auto_scheduled"]
    assert run["work_pool_name"] == "photofinish"
    assert (served.home / "photofinish.duckdb").exists()


def test_the_run_leaves_its_summary_its_steps_and_its_tables(served: Served) -> None:
    run = served.finished("daily")
    summary = served.get("artifacts/photofinish-run/latest")
    assert "| tidy | new | 2 | 2025-01-01 | " in summary["data"]
    gaps = served.get("artifacts/photofinish-gaps/latest")
    assert "| test/board | ada-\\|-&lt;b> | bea |" in gaps["data"]
    logs = served.post("logs/filter", logs={"flow_run_id": {"any_": [run["id"]]}}, limit=200)
    said = {line["message"] for line in logs if line["name"] == "photofinish"}
    assert {"pull tidy done", "load done", "transform done", "publish done"} <= said
    assert '"step":"load"' in served.output.read_text()

    def materialized() -> list[dict[str, Any]]:
        wanted = {"event": {"name": ["prefect.asset.materialization.succeeded"]}}
        events: list[dict[str, Any]] = served.post("events/filter", filter=wanted)["events"]
        return events

    events = until(materialized, 30)
    by_key = {event["resource"]["prefect.resource.id"]: event for event in events}
    told = by_key["photofinish://tables/metrics/gaps"]
    assert told["resource"]["prefect.asset.description"].startswith("One row per snapshot")
    assert {
        "prefect.resource.id": "photofinish://sources/tidy",
        "prefect.resource.role": "asset",
    } in told["related"]
    assert "photofinish://tables/local/losses" not in by_key, "what is not published is no asset"


def test_every_deployment_is_there_with_its_schedule_and_its_limit(served: Served) -> None:
    found = {name: served.deployment(name) for name in SCHEDULES}
    assert {
        name: (
            [
                (one["schedule"]["cron"], one["schedule"]["timezone"])
                for one in d["schedules"]
                if "cron" in one["schedule"]
            ],
            d["global_concurrency_limit"]["limit"],
            d["concurrency_options"]["collision_strategy"],
            d["work_pool_name"],
        )
        for name, d in found.items()
    } == {name: (*told, "photofinish") for name, told in SCHEDULES.items()}
    assert found["hourly"]["parameters"] == {"cadence": "hourly"}


SCHEDULES: dict[str, tuple[list[tuple[str, str]], int, str]] = {
    "daily": ([("15 6 * * *", "UTC")], 1, "CANCEL_NEW"),
    "hourly": ([("45 * * * *", "UTC")], 1, "CANCEL_NEW"),
    "verify": ([("30 8 * * 0", "UTC")], 1, "CANCEL_NEW"),
    "backfill": ([], 1, "ENQUEUE"),
    "publish": ([], 1, "ENQUEUE"),
}


def test_a_worker_can_take_the_code_from_git(served: Served) -> None:
    served.finished("daily")
    served.start("cloned")
    idle = served.finished("cloned")
    assert (idle["state_name"], idle["state"]["message"]) == (
        "Idle",
        "the clone finds no card that says hourly",
    )
