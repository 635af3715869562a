"""Where the tasks of a backfill run: threads of this process, or a Dask cluster."""

from __future__ import annotations

import importlib.util
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

WORKERS = 4


class NoDask(Exception):
    """Dask is asked for and not installed. Names the way to get it."""


def task_runner(runner: str) -> TaskRunner[Any]:
    """The task runner that a setting names.

    threads: of this process. dask: a cluster of this machine's processors, for the time of the flow.
    dask:ADDRESS: a cluster that is there, whose workers have this project, its settings and its home.
    Raises NoDask.
    """
    kind, _, address = runner.partition(":")
    if kind == "threads":
        return ThreadPoolTaskRunner(max_workers=WORKERS)
    if importlib.util.find_spec("prefect_dask") is None:
        raise NoDask(
            "PHOTOFINISH_RUNNER asks for Dask: install it with `pip install 'photofinish[scale]'`"
        )
    from prefect_dask.task_runners import DaskTaskRunner

    if address:
        return DaskTaskRunner(address=address)
    # One thread each: parsing holds the interpreter, so threads of one process would wait for each other.
    return DaskTaskRunner(cluster_kwargs={"threads_per_worker": 1, "dashboard_address": None})
