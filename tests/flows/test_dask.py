"""A backfill whose sources are read by the workers of a Dask cluster."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.settings import Settings
from tests.conftest import scored, tidy_csv
from tests.flows.handmade import record
from tests.flows.prefect_server import Server
from tests.warehouse.lakes import on_lake
from warehouse.reader import reader

pytestmark = pytest.mark.slow


def test_a_backfill_fans_out_over_a_dask_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect: Server
) -> None:
    distributed = pytest.importorskip("distributed", reason="prefect-dask is in the extra `scale`")
    home = on_lake(tmp_path / "home")
    monkeypatch.setenv("PHOTOFINISH_WAREHOUSE", home.warehouse.get_secret_value())
    days = ["2025-01-01", "2025-01-02"]
    boards = {day: (f"file:///{day}.csv", tidy_csv(scored(ada=2, bob=1), day, {})) for day in days}
    record(tmp_path / "recordings", "tidy", boards)
    record(tmp_path / "recordings", "aider", {days[0]: ("https://example.org/a.yml", b"no board")})
    # The workers of the cluster are processes of their own.
    monkeypatch.setenv("PREFECT_API_URL", prefect.api)
    from flows.backfill import backfill
    from flows.runners import task_runner

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        runner = task_runner(f"dask:{cluster.scheduler_address}")
        done = backfill.with_options(task_runner=runner)(tmp_path / "recordings", ["aider", "tidy"])
        with distributed.Client(cluster) as client:
            executed = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert (done.landed, done.parsed) == (3, 3)
    assert sum(executed.values()) >= 2, "the sources were read by the cluster"
    with reader(home.published) as db:
        assert db.sql("select count(*) from core.snapshots").fetchall() == [(2,)]
        assert db.sql("select count(*) from raw.quarantine").fetchall() == [(1,)]


def test_another_runner_is_refused() -> None:
    with pytest.raises(ValidationError, match="threads, dask or dask:ADDRESS"):
        Settings(runner="spark")


def test_without_dask_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import runners

    monkeypatch.setattr(runners.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(runners.NoDask, match=r"pip install 'photofinish\[scale\]'"):
        runners.task_runner("dask")
