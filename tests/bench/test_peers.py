"""The peers do the same job: on a small archive their numbers are ours, worked out by other means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bench.boards import SIZES
from bench.generate import generate
from bench.homes import limit_memory, settings
from bench.peers import dlt_peer, floors, pandas_script, plain_sql
from bench.peers.changes import changes
from bench.source import sources
from flows import pipeline

GAPS = ("board", "as_of", "k", "top_model", "kth_model", "gap", "gap_pct", "z", "verdict")
RANKS = ("board", "as_of", "model", "rank", "position")
COUNTED = ("n_common", "entrants", "exits", "leader_changed", "mean_abs_rank_change")
AGREEMENT = ("kendall_tau", "rbo")

Table = Callable[[str], pl.DataFrame]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate("T", tmp_path_factory.mktemp("bench") / "home")


@pytest.fixture(scope="module")
def ours(home: Path) -> Path:
    """The published file."""
    here = settings(home)
    assert pipeline.rebuild(here, sources()) == len(changes(home))
    return here.published


@pytest.fixture(scope="module")
def script(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Table:
    out = tmp_path_factory.mktemp("pandas")
    pandas_script.run(home, out)
    return lambda name: pl.read_parquet(out / f"{name}.parquet")


@pytest.fixture(scope="module", params=["plain_sql", "dlt objects", "dlt arrow"])
def queries(
    request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Table:
    out = tmp_path_factory.mktemp("peer")
    if request.param == "plain_sql":
        plain_sql.run(home, out)
        return lambda name: query(out / "plain.duckdb", f"from {name}")
    pytest.importorskip("dlt", reason="the extra `bench` is not installed")
    (dlt_peer.run if request.param == "dlt objects" else dlt_peer.run_arrow)(home, out)
    return lambda name: query(out / "dlt.duckdb", f"from public.{name}")


def test_nothing_of_the_archive_is_quarantined(ours: Path) -> None:
    assert query(ours, "from raw.quarantine").is_empty()
    days = {change.day for change in changes(ours.parent)}
    assert set(query(ours, "from core.snapshots")["as_of"]) == days
    assert query(ours, "from core.snapshots").height == 0.4 * 20 * SIZES["T"].boards


def test_the_gaps_of_the_pandas_script_are_ours(ours: Path, script: Table) -> None:
    same(query(ours, "from metrics.gaps"), script("gaps"), GAPS, "as_of", "board", "k")


def test_the_ranks_of_the_pandas_script_are_ours(ours: Path, script: Table) -> None:
    same(query(ours, "from core.entries"), script("entries"), RANKS, "board", "as_of", "model")


def test_the_ties_of_the_pandas_script_are_ours(ours: Path, script: Table) -> None:
    columns = ("board", "as_of", "leader", "n_tied")
    same(query(ours, "from metrics.ties"), script("ties"), columns, "board", "as_of")


def test_the_churn_of_the_pandas_script_is_ours(ours: Path, script: Table) -> None:
    columns = ("board", "as_of", "prev_as_of", *COUNTED, *AGREEMENT)
    same(query(ours, "from metrics.rank_churn"), script("churn"), columns, "board", "as_of")


def test_the_gaps_and_ranks_of_plain_queries_are_ours(ours: Path, queries: Table) -> None:
    same(query(ours, "from metrics.gaps"), queries("gaps"), GAPS, "board", "as_of", "k")
    same(query(ours, "from core.entries"), queries("entries"), RANKS, "board", "as_of", "model")


def test_the_churn_that_plain_queries_count_is_ours(ours: Path, queries: Table) -> None:
    columns = ("board", "as_of", "prev_as_of", *COUNTED)
    same(query(ours, "from metrics.rank_churn"), queries("churn"), columns, "board", "as_of")


def test_the_floors_take_some_time(home: Path, ours: Path, tmp_path: Path) -> None:
    rows = query(ours, "from core.entries").to_arrow()
    measured = (floors.read(home), floors.unzip(home), floors.parse(home))
    assert min(*measured, floors.insert(rows, tmp_path)) > 0
    assert query(tmp_path / "floor.duckdb", "from entries").height == rows.num_rows


def test_only_the_large_archive_is_given_a_memory_limit(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = pipeline.connect  # type: ignore[attr-defined]
    monkeypatch.setattr(pipeline, "connect", plain)
    limit_memory("M")
    assert pipeline.connect is plain  # type: ignore[attr-defined]
    limit_memory("L", "512MiB")
    with pipeline.connect(tmp_path / "limited.duckdb") as db:  # type: ignore[attr-defined]
        assert db.sql("select current_setting('memory_limit')").fetchall() == [("512.0 MiB",)]


def same(ours: pl.DataFrame, theirs: pl.DataFrame, columns: tuple[str, ...], *key: str) -> None:
    """That both have the same rows, numbers but for their last bits."""
    wanted = ours.select(columns).sort(key)
    found = theirs.select(pl.col(name).cast(wanted.schema[name]) for name in columns).sort(key)
    assert wanted.height > 0
    assert_frame_equal(found, wanted, check_exact=False, rel_tol=1e-9, abs_tol=1e-12)


def query(path: Path, text: str) -> pl.DataFrame:
    with duckdb.connect(str(path), read_only=True) as db:
        return db.sql(text).pl()
