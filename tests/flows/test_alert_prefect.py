"""Alerts and Prefect: events that an Automation acts on, addresses in blocks, no secret in a run's traces."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import requests

from flows.alerts.channels import DeliveryFailed, send
from flows.alerts.names import variable
from flows.alerts.store import Store
from flows.settings import ROOT
from tests.conftest import scored, tidy_csv
from tests.flows.alerts import NOW, an_event
from tests.flows.machine import photofinish
from tests.flows.prefect_server import Server, until
from tests.flows.server import Told, serving
from tests.flows.test_alert_run import RULES

pytestmark = pytest.mark.slow
SECRET = "sEcReT-mArKeR-7f3a"


@pytest.fixture
def receiver() -> Iterator[Told]:
    with serving() as told:
        yield told


def test_each_event_is_one_prefect_event_and_the_documented_automation_acts_on_it(
    prefect: Server, receiver: Told, tmp_path: Path
) -> None:
    from flows.alerts.announce import announce

    text = (ROOT / "docs" / "automations.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(code.replace("https://example.com/page", receiver.url), {})
    store = Store(tmp_path / "alerts.sqlite")
    paged = an_event(severity="critical", board="arena/text", text="Photo finish on arena/text.")
    store.save([], [paged, an_event(), an_event(status="no_data", severity="critical")], NOW)
    # An Automation is at work some moments after it was made.
    sleep(5)
    assert announce(store) == 3
    assert announce(store) == 0, "each once"
    (found,) = until(
        lambda: [e for e in prefect.events("photofinish.alert.firing") if e["id"] == paged.id]
    )
    assert found["resource"]["photofinish.severity"] == "critical"
    assert found["resource"]["prefect.resource.id"] == "photofinish.board.arena/text"
    assert found["resource"]["photofinish.rule"] == "close"
    assert found["payload"]["text"] == "Photo finish on arena/text."
    until(lambda: receiver.bodies)
    sleep(2)
    assert [body.decode() for body in receiver.bodies] == ["Photo finish on arena/text."]


def test_an_event_announced_again_after_a_crash_is_kept_once(
    prefect: Server, tmp_path: Path
) -> None:
    from flows.alerts.announce import announce

    class Dies(Store):
        def mark_announced(self, *_: Any) -> None:
            raise KeyboardInterrupt

    store = Store(tmp_path / "alerts.sqlite")
    store.save([], [an_event(rule="twice", status="resolved")], NOW)
    with pytest.raises(KeyboardInterrupt):
        announce(Dies(store.path))
    announce(store)

    def kept() -> list[dict[str, Any]]:
        every = prefect.events("photofinish.alert.resolved")
        return [e for e in every if e["resource"]["photofinish.rule"] == "twice"]

    until(kept)
    sleep(2)
    assert len(kept()) == 1


def test_an_address_may_be_in_a_secret_block(prefect: Server, receiver: Told) -> None:
    from prefect.blocks.system import Secret

    Secret(value=f"{receiver.url}/{SECRET}").save("photofinish-hook", overwrite=True)
    send("hook", "t", "b", [an_event()], {variable("hook"): "prefect-block:photofinish-hook"})
    assert receiver.paths == [f"/{SECRET}"]
    with pytest.raises(DeliveryFailed, match="no Secret block nowhere"):
        send("hook", "t", "b", [an_event()], {variable("hook"): "prefect-block:nowhere"})


def test_a_run_whose_deliveries_fail_ends_well_and_leaves_no_secret_anywhere(
    prefect: Server, receiver: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 500
    (tmp_path / "rules.toml").write_text(RULES.replace('"hook"', '["hook", "form", "dead"]'))
    boards = tmp_path / "boards"
    boards.mkdir()
    place = receiver.url.removeprefix("http://")
    for name, value in {
        "PHOTOFINISH_TIDY": str(boards),
        "PHOTOFINISH_ALERTS": str(tmp_path / "rules.toml"),
        variable("hook"): f"{receiver.url}/{SECRET}",
        variable("form"): f"form://{place}/{SECRET}",
        variable("dead"): f"http://{SECRET}.invalid/{SECRET}",
    }.items():
        monkeypatch.setenv(name, value)

    def asked(day: str, gap: float) -> list[str]:
        """The arguments of a run, for which the board is written."""
        (boards / "board.csv").write_bytes(
            tidy_csv(scored(ada=100 + gap, bea=100), day, {"board": "test/board"})
        )
        return ["run", "--source", "tidy", "--as-of", day, "--json"]

    # Nothing is sent yet; so it need not be a process of its own.
    assert photofinish(tmp_path / "home", *asked("2025-03-01", 2)).code == 0
    environ = {
        **os.environ,
        "PREFECT_API_URL": prefect.api,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PHOTOFINISH_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }
    failed = subprocess.run(
        [sys.executable, "-m", "flows", "--debug", *asked("2025-03-02", 0.5)],
        env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert failed.returncode == 0, failed.stderr
    assert json.loads(failed.stdout)[0]["outcome"] == "new"
    assert "channel hook: HTTP 500, waiting" in failed.stderr
    assert "channel dead: the webhook cannot be reached" in failed.stderr
    assert any(SECRET in path for path in receiver.paths), "it was used"
    (told,) = until(
        lambda: [
            e
            for e in prefect.events("photofinish.alert.firing")
            if e["resource"]["prefect.resource.id"] == "photofinish.board.test/board"
            and e["occurred"] > "2025"
            and e["payload"]["observed_at"].startswith("2025-03-02")
        ]
    )
    assert told["payload"]["value"] == pytest.approx(0.5)
    artifact = requests.get(f"{prefect.api}/artifacts/photofinish-gaps/latest", timeout=10).json()
    assert "## Alerts" in artifact["data"]
    # Flow runs, logs, artifacts and events are in the server's database; its log of writes beside it.
    traces = [*prefect.home.rglob("*"), *tmp_path.rglob("*")]
    kept = {path for path in traces if path.is_file()}
    assert any(path.suffix == ".db" for path in kept)
    assert [path for path in kept if SECRET.lower().encode() in path.read_bytes().lower()] == []
    assert SECRET.lower() not in (failed.stdout + failed.stderr).lower()
