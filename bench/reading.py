"""What a built home gives: how quick it answers, how large it is, and what its ranks cost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb
import pyarrow as pa

from bench.homes import built, cloned, settings
from flows import pipeline
from flows.settings import ROOT
from warehouse.database import connect
from warehouse.models import build, read_models

TIMES = 11

QUERIES = {
    "gap_history": """
        select as_of, leader, runner_up, gap_1_2_pct, gap_1_10_pct, verdict
        from metrics.gap_history
        where board = 'bench/board-002'
        order by as_of""",
    "leaderboard": """
        select position, model, score
        from leaderboard_asof('bench/board-002', 'overall', '2024-12-30')""",
    "top_ten": """
        select board, position, model, score
        from core.entries
        semi join (
            select board, task, max(as_of) as as_of from metrics.gap_history group by board, task
        ) using (board, task, as_of)
        where current and position <= 10
        order by board, position""",
}
RANK_WINDOW = """
    create or replace temp table ranked as
    select
        snapshot_id,
        task,
        model,
        rank() over (partition by snapshot_id, task order by score desc) as rank,
        row_number() over (partition by snapshot_id, task order by score desc, model) as position
    from core.entries"""
AGREEMENT = "metrics.rank_agreement"
"""The table that holds Kendall's tau and RBO."""


def entries(size: str, data: Path) -> pa.Table:
    """The published entries, with the columns a publisher gives, as an Arrow table."""
    with _published(built(size, data)) as db:
        return db.sql(
            "select board, as_of, model, organization, score, ci_low, ci_high, n from core.entries"
        ).to_arrow_table()


def queries(size: str, data: Path, work: Path) -> dict[str, float]:
    """An analyst's questions, each on a connection of its own, opening it included: medians."""
    home = built(size, data)
    return {
        name: median(_ask(home, query) for _ in range(TIMES)) for name, query in QUERIES.items()
    }


def _ask(home: Path, query: str) -> float:
    started = perf_counter()
    with _published(home) as db:
        rows = db.execute(query).fetchall()
    took = perf_counter() - started
    if not rows:
        raise ValueError(f"no answer to {query}")
    return took


def file_size(size: str, data: Path, work: Path) -> dict[str, float]:
    """Bytes of the published file, and of its entries alone as zstd Parquet."""
    home = built(size, data)
    target = work / "entries.parquet"
    with _published(home) as db:
        db.execute(f"copy core.entries to '{target}' (format parquet, compression zstd)")
    return {
        "bytes": (home / "photofinish.duckdb").stat().st_size,
        "parquet_bytes": target.stat().st_size,
    }


def gaps_command(size: str, data: Path, work: Path) -> dict[str, float]:
    """`photofinish gaps` as a process, the interpreter's own start included, and that start alone."""
    environment = {**os.environ, "PHOTOFINISH_HOME": str(built(size, data))}
    command = [sys.executable, "-m", "flows", "gaps"]
    return {
        "seconds": median(_process(command, environment) for _ in range(TIMES)),
        "python": median(
            _process([sys.executable, "-c", "pass"], environment) for _ in range(TIMES)
        ),
    }


def _process(command: list[str], environment: dict[str, str]) -> float:
    started = perf_counter()
    subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True)  # noqa: S603
    return perf_counter() - started


def ranks(size: str, data: Path, work: Path) -> dict[str, float]:
    """Ranking every entry by a window, and Kendall's tau and RBO of every step."""
    here = settings(cloned(size, data, work / "home"))
    chosen = [m for m in read_models(pipeline.SQL, pipeline.STEPS) if m.table == AGREEMENT]
    with connect(here.build) as db:
        started = perf_counter()
        db.execute(RANK_WINDOW)
        ranked = perf_counter()
        build(db, chosen)
        return {"rank_window": ranked - started, "agreement": perf_counter() - ranked}


def _published(home: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home / "photofinish.duckdb"), read_only=True)
