"""Shared fixtures: where the recordings are, a mirror over them, and small warehouses made by hand."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import hypothesis
import polars as pl
import pytest
from xdist.scheduler import LoadFileScheduling

from flows import pipeline
from flows.reference import make_reference
from flows.settings import ROOT, Settings
from sources import load_sources
from tests.small import EVERY_THREAD, one_thread
from warehouse import forms
from warehouse.archive import Archive, Fetch
from warehouse.database import connect, load
from warehouse.models import Model, build, read_models

SHARED = ROOT.parent / "shared"
# A loaded machine is no failure; tests that must not hang measure processor time themselves.
hypothesis.settings.register_profile("photofinish", deadline=None)
hypothesis.settings.load_profile("photofinish")
SOAK = os.environ.get("PHOTOFINISH_SOAK") == "1"
"""Whether to run the deep tests at full length (docs/reliability.md)."""

SERVER = "tests.flows.prefect_server"
MODELS = read_models(pipeline.SQL, pipeline.STEPS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: at the end no processor waits for one of them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


class OneServer(LoadFileScheduling):
    """A worker takes a file as a whole, and together all that talk to a Prefect server: so there is one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return SERVER if SERVER in _source(ROOT / file) else file


@cache
def _source(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneServer:
    """Deal out the tests by OneServer."""
    return OneServer(config, log)


def remembered(look: Callable[..., str | None]) -> Callable[..., str | None]:
    """`look`, but once for each macro: it is found among three thousand functions, which would be a
    tenth of the time of a small build."""
    known: dict[str, str | None] = {}

    def macro_body(db: duckdb.DuckDBPyConnection, macro: str) -> str | None:
        known[macro] = known.get(macro) or look(db, macro)
        return known[macro]

    return macro_body


@pytest.fixture(autouse=True, scope="session")
def small_databases() -> Iterator[None]:
    """What tests build is small, and of the same models and macros; `every_thread` is for much data."""
    read = cache(read_models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "macro_body", remembered(forms.macro_body))
        patch.setattr(duckdb, "connect", one_thread)
        patch.setattr(pipeline, "read_models", lambda sql, steps, db=None: read(sql, steps))
        yield


@pytest.fixture
def every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB as it is outside of tests."""
    monkeypatch.setattr(duckdb, "connect", EVERY_THREAD)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see no setting of the machine they run on, and work in a folder of their own."""
    for name in [name for name in os.environ if name.startswith("PHOTOFINISH_")]:
        if name != "PHOTOFINISH_RECORDINGS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PHOTOFINISH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PHOTOFINISH_HOST_PAUSE", "0")
    # The page has tests of its own; it would cost every test of a run some seconds.
    monkeypatch.setenv("PHOTOFINISH_PAGE", "false")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", retry_delay=0, lock_wait=0)


@pytest.fixture(scope="session")
def recordings() -> Path:
    folder = Path(os.environ.get("PHOTOFINISH_RECORDINGS", SHARED / "recordings"))
    if not folder.is_dir():
        pytest.skip(f"no recordings in {folder}; PHOTOFINISH_RECORDINGS names another folder")
    return folder


@pytest.fixture
def mirror(one_mirror: Mirror) -> Mirror:
    """A server over the recordings; `mirror.url`, `mirror.clock(iso)`, `mirror.fault(kind, ...)`."""
    one_mirror.begin()
    return one_mirror


@pytest.fixture(scope="session")
def one_mirror(recordings: Path) -> Iterator[Mirror]:
    """It, for all tests: to read what is recorded costs more than to answer for it."""
    script = SHARED / "tools" / "mirror.py"
    if not script.exists():
        pytest.skip(f"no mirror at {script}")
    served = Mirror(_module(script), recordings)
    yield served
    served.close()


class Mirror:
    def __init__(self, module: ModuleType, recordings: Path) -> None:
        self.server = module.serve(recordings)
        self.state = self.server.RequestHandlerClass.state
        self.moment = module.moment
        self.now = self.state["now"]
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def begin(self) -> None:
        """As it was at the start."""
        self.state["now"] = self.now
        self.state["faults"].clear()
        self.state["log"].clear()

    def clock(self, now: str) -> None:
        self.state["now"] = self.moment(now)

    def fault(self, kind: str, times: int = 1, match: str = "") -> None:
        self.state["faults"].append([kind, times, match])

    def log(self) -> list[dict[str, Any]]:
        """The requests since the last call."""
        seen = list(self.state["log"])
        self.state["log"].clear()
        return seen

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Rows = Sequence[Mapping[str, Any]]
MakeWarehouse = Callable[..., duckdb.DuckDBPyConnection]


@pytest.fixture
def models() -> Sequence[Model]:
    """The models that `warehouse` makes."""
    return MODELS


def made_of(tables: Iterable[str]) -> Sequence[Model]:
    """The models of these tables, and all that they are made of: mostly a third of all."""
    named = set(tables)
    # Parents come first, so that from the end on each has been asked for before it comes.
    for model in reversed(MODELS):
        if model.table in named:
            named |= model.reads
    return [model for model in MODELS if model.table in named]


@pytest.fixture
def warehouse(settings: Settings, models: Sequence[Model]) -> Iterator[MakeWarehouse]:
    """Make a warehouse from boards written by hand: `warehouse({"2025-01-01": rows, ...}, **facts)`.

    Each date is one tidy CSV payload, landed, loaded and built by the real code. A row is a mapping
    with model_raw and score; board defaults to test/board. Facts (scale, higher_is_better ...) go in
    every row. Returns the build database.
    """
    opened = []

    def make(
        states: Mapping[str, Rows], stated: bool = True, **facts: object
    ) -> duckdb.DuckDBPyConnection:
        archive = Archive(settings.archive)
        fetches = []
        for day, rows in states.items():
            payload = tidy_csv(rows, day if stated else None, facts)
            moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
            fetches.append(landed(archive, payload, moment, url=f"file:///{len(fetches)}.csv"))
        archive.append(fetches)
        opened.append(db := built(settings, models))
        return db

    yield make
    for db in opened:
        db.close()


def landed(archive: Archive, payload: bytes, at: datetime, url: str, source: str = "tidy") -> Fetch:
    return Fetch(
        run_id="test",
        source=source,
        url=url,
        captured_at=at,
        outcome="new",
        payload_sha256=archive.store(payload),
        bytes=len(payload),
    )


def built(settings: Settings, models: Sequence[Model] = MODELS) -> duckdb.DuckDBPyConnection:
    """The build database, brought up to the journal with these tables made."""
    sources = load_sources()
    db = connect(settings.build)
    load(db, Archive(settings.archive), pipeline.parsers(sources))
    make_reference(db, sources)
    build(db, models)
    return db


def tidy_csv(rows: Rows, as_of: str | None, facts: Mapping[str, object]) -> bytes:
    stated = {"as_of": as_of} if as_of else {}
    full = [{"board": "test/board", **stated, **facts, **row} for row in rows]
    written = [{k: _text(v) for k, v in row.items()} for row in full]
    table = pl.from_dicts(written, infer_schema_length=None)
    return table.write_csv().encode()


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def scored(**scores: float | None) -> list[dict[str, Any]]:
    """Rows from model=score."""
    return [{"model_raw": model, "score": score} for model, score in scores.items()]


def one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The one row of a query as a dict."""
    rows = db.sql(query).pl().to_dicts()
    assert len(rows) == 1, rows
    return rows[0]


LandPrices = Callable[..., None]


@pytest.fixture
def prices(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> LandPrices:
    """Land a price list of one day: `prices("2025-01-01", ("ada", "harbour", 1, 5), ...)`.

    An offer is (model, provider, USD per million tokens read, written), with a dict of further facts
    in LiteLLM's words at the end if there are any. `source` is litellm_prices or genai_prices.
    """
    lift_price_bounds(monkeypatch)
    return partial(land_prices, settings)


def lift_price_bounds(patch: pytest.MonkeyPatch) -> None:
    """Let lists of a few prices be read."""
    for id_ in ("litellm_prices", "genai_prices"):
        module = importlib.import_module(f"sources.{id_}")
        patch.setattr(module, "CARD", replace(module.CARD, min_rows=0))


def land_prices(settings: Settings, day: str, *offers: Any, source: str = "litellm_prices") -> None:
    """What `prices` does."""
    archive = Archive(settings.archive)
    payload = litellm(offers) if source == "litellm_prices" else genai(offers)
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    archive.append([landed(archive, payload, moment, f"file:///{source}", source)])


def litellm(offers: Sequence[Any]) -> bytes:
    """A LiteLLM price map. Its keys are names, so a model's further providers get a maker's prefix."""
    listed: dict[str, dict[str, Any]] = {"embed": {"mode": "embedding", "litellm_provider": "x"}}
    for model, provider, read, written, *facts in offers:
        names = (model, f"openai/{model}", f"anthropic/{model}", f"mistral/{model}")
        listed[next(name for name in names if name not in listed)] = {
            "litellm_provider": provider,
            "mode": "chat",
            "input_cost_per_token": None if read is None else read / 1e6,
            "output_cost_per_token": None if written is None else written / 1e6,
            **(facts[0] if facts else {}),
        }
    return json.dumps(listed).encode()


def genai(offers: Sequence[Any]) -> bytes:
    """A genai-prices list; further facts are left out."""
    sold: dict[str, list[dict[str, Any]]] = {}
    for model, provider, read, written, *_ in offers:
        asked = {"input_mtok": read, "output_mtok": written}
        sold.setdefault(provider, []).append({"id": model, "prices": asked})
    return json.dumps([{"id": id_, "models": models} for id_, models in sold.items()]).encode()
