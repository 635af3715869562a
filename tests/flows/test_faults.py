"""Faults of servers: one source is sick, the others land, its cause is told, and the next run heals it.

Every fault of the mirror once, on one source after the other. `PHOTOFINISH_SOAK=1 pytest -s
tests/flows/test_faults.py` injects every fault into every source, before and after a good run, measures
memory, and prints the figures of docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.settings import ROOT, Settings
from sources import load_sources
from tests.conftest import SHARED, SOAK
from tests.flows.faulty import (
    FAILED,
    FAULTS,
    HARMLESS,
    REFUSED,
    Held,
    half_written,
    held,
    loaded,
    newest,
    pulled,
)
from tests.flows.server import serving
from warehouse.database import connect

RECORDINGS = Path(os.environ.get("PHOTOFINISH_RECORDINGS", SHARED / "recordings"))
# The mirror cuts no answer off that it gives as 304, so that fault is the first thing to happen.
RECORDED = newest(RECORDINGS)
SMALL = [id_ for id_ in RECORDED if id_ not in ("livecodebench", "arena_catalog", "arena_daily")]
ONCE = [
    (fault, SMALL[i % len(SMALL)], fault != "truncate")
    for i, fault in enumerate(FAULTS)
    if fault != "bomb"  # the mirror packs 1 GiB for each; test_four_bombs has smaller ones
]
EVERY = [
    (fault, source, begun)
    for fault in FAULTS
    for source in RECORDED
    for begun in ((False, True) if fault in REFUSED else (fault != "truncate",))
]
COMPANION = "lean_eval"
"""A small source that is well in every case (nyt_connections where it is itself the sick one)."""

LIMIT_MB = 1000


def cases() -> list[Any]:
    if not RECORDED:
        return [
            pytest.param("500", "none", True, marks=pytest.mark.skip(f"nothing in {RECORDINGS}"))
        ]
    return EVERY if SOAK else ONCE


@pytest.fixture
def at_mirror(settings: Settings, mirror: Any) -> Iterator[Settings]:
    mirror.server.handle_error = lambda request, address: None
    yield settings.model_copy(update={"mirror": mirror.url})
    mirror.state["faults"].clear()


def inject(mirror: Any, fault: str, source: str, moment: datetime) -> str:
    """The fault in every place where the first file of a source may be. Returns its usual address."""
    choices = load_sources()[source].card.requests(moment.date())[0]
    for url in choices:
        mirror.fault(fault, times=50, match=url.split("://")[1])
    return choices[0]


@pytest.mark.parametrize(("fault", "source", "begun"), cases())
def test_one_sick_source_is_told_and_heals_and_the_others_land(
    fault: str, source: str, begun: bool, at_mirror: Settings, mirror: Any
) -> None:
    moment, second = RECORDED[source], timedelta(seconds=1)
    mirror.clock(moment.isoformat())
    clean = at_mirror.model_copy(update={"home": at_mirror.home.with_name("clean")})
    # Some files of a card are not recorded, so they fail in every run here.
    never = pulled(clean, source, moment).failures
    loaded(clean)
    if begun:
        assert pulled(at_mirror, source, moment).failures == never
        loaded(at_mirror)
    before = held(at_mirror, source) if begun else Held({}, {})

    inject(mirror, fault, source, moment)
    patience = {"read_timeout": 0.4} if fault == "timeout" else {}
    sick = pulled(at_mirror.model_copy(update=patience), source, moment + second)
    well = "nyt_connections" if source == COMPANION else COMPANION
    mirror.clock(RECORDED[well].isoformat())
    assert not pulled(at_mirror, well, RECORDED[well]).failures
    loaded(at_mirror)

    now = held(at_mirror, source)
    told = [failure for failure in sick.failures if failure not in never]
    assert sum(held(at_mirror, well).rows.values()) > 0
    assert half_written(at_mirror) == []
    assert [FAILED[fault] in failure for failure in told] == [True] * (fault in FAILED)
    assert fault in REFUSED or before.payloads.items() <= now.payloads.items()
    reasons = refusals(at_mirror, source)
    assert [REFUSED[fault] in reason for reason in reasons] == [True] * (fault in REFUSED)
    assert fault not in HARMLESS or now == held(clean, source)

    mirror.state["faults"].clear()
    mirror.clock(moment.isoformat())
    assert pulled(at_mirror, source, moment + 2 * second).failures == never
    loaded(at_mirror)
    healed = held(at_mirror, source)
    assert healed == held(clean, source)
    assert sum(healed.rows.values()) > 0


def refusals(settings: Settings, source: str) -> list[str]:
    with closing(connect(settings.build)) as db:
        found = db.execute(
            "select reason from raw.quarantine where source = ?", [source]
        ).fetchall()
    return [row[0] for row in found]


def in_a_process(settings: Settings, chosen: dict[str, datetime]) -> dict[str, Any]:
    """What tests.flows.faulty says of pulling these sources in a process of its own."""
    pairs = [f"{source}={moment.isoformat()}" for source, moment in chosen.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.faulty", str(settings.home), *pairs],
        cwd=ROOT,
        env={
            **os.environ,
            "PHOTOFINISH_MIRROR": settings.mirror or "",
            "PHOTOFINISH_READ_TIMEOUT": "8",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def test_four_bombs_at_once_stay_within_the_memory(settings: Settings) -> None:
    """Every file of four sources unpacks to more than is allowed, and four threads pull them."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(pack.compress(b" " * 1024**2) for _ in range(200)) + pack.flush()
    sources = dict.fromkeys(
        ("aider", "bfcl", "bigcodebench", "swebench"), datetime(2025, 6, 1, tzinfo=UTC)
    )
    with serving() as server:
        server.body, server.headers = bomb, {"Content-Encoding": "gzip"}
        told = in_a_process(settings.model_copy(update={"mirror": server.url}), sources)
    assert told["failures"] == {"aider": 3, "bfcl": 4, "bigcodebench": 2, "swebench": 1}
    assert set(told["causes"]) == {"the answer is larger than 64 MiB"}
    assert told["peak_mb"] < LIMIT_MB


soak_only = pytest.mark.skipif(not SOAK, reason="PHOTOFINISH_SOAK=1 runs it")


@soak_only
@pytest.mark.parametrize("fault", ["none", *FAULTS])
def test_every_source_sick_at_once_stays_within_the_memory(
    fault: str, at_mirror: Settings, mirror: Any
) -> None:
    mirror.clock(max(RECORDED.values()).isoformat())
    for source, moment in RECORDED.items() if fault != "none" else ():
        inject(mirror, fault, source, moment)
    told = in_a_process(at_mirror, RECORDED)
    print(f"\npeak memory, all sources, {fault}: {told['peak_mb']} MB")
    assert told["peak_mb"] < LIMIT_MB


@soak_only
def test_through_the_whole_flow(at_mirror: Settings, mirror: Any) -> None:
    """Every fault at once, each on another source, then none: as a schedule would run it."""
    chosen = [id_ for id_ in SMALL if id_ not in ("livebench", "livecodebench", "llm_prices")]
    sick = dict(zip(FAULTS, chosen, strict=False))
    moment = datetime.now(UTC)
    for fault, source in sick.items():
        inject(mirror, fault, source, moment)
    first, peak = whole_run(at_mirror, chosen)
    print(f"\npeak memory of a whole run with {len(sick)} faults: {peak} MB")
    for fault, source in sick.items():
        assert first[source]["outcome"] == (
            "failed" if fault in FAILED else "quarantined" if fault in REFUSED else "new"
        )
        assert {**FAILED, **REFUSED}.get(fault, "") in first[source]["problem"]
    assert {first[s]["outcome"] for s in set(chosen) - set(sick.values())} == {"new"}
    assert peak < LIMIT_MB
    mirror.state["faults"].clear()
    second, _ = whole_run(at_mirror, chosen)
    assert {source: second[source]["problem"] for source in chosen} == dict.fromkeys(chosen, "")


def whole_run(settings: Settings, chosen: list[str]) -> tuple[dict[str, dict[str, Any]], int]:
    """`photofinish run` as a process: what it reports by source, and the most memory of a process."""
    options = [word for source in chosen for word in ("--source", source)]
    done = subprocess.run(
        [sys.executable, "-m", "flows", "run", "--json", *options],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PHOTOFINISH_MIRROR": settings.mirror or "",
            "PHOTOFINISH_RETRIES": "1",
            "PHOTOFINISH_RETRY_DELAY": "0",
            "PHOTOFINISH_READ_TIMEOUT": "8",
            "PREFECT_HOME": str(settings.home.parent / "prefect"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    assert done.returncode in (0, 1), done.stderr
    return {row["source"]: row for row in json.loads(done.stdout)}, peak
