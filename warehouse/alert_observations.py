"""What the rules of alerts look at: one metric as a series per board and task, or per source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import duckdb

from warehouse.alert_metrics import Metric
from warehouse.alert_queries import of_boards
from warehouse.alert_source_queries import QUARANTINED, STALENESS
from warehouse.rows import Row, Value, rows


class NotThere(Exception):
    """A metric needs a table that the published file does not have. Names it."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One value of a metric. Times are UTC.

    at: the date of the snapshot, for a source the moment. captured_at: when it became known.
    seen_until: the state was last seen then, unchanged. noise: standard error of the value, in its
    unit. z: for a metric of a step, the change in standard errors. cause: as in metrics.gap_changes.
    """

    board: str
    task: str
    at: datetime
    snapshot_id: str
    captured_at: datetime
    seen_until: datetime
    value: float | bool | str
    noise: float | None = None
    z: float | None = None
    cause: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def observations(
    db: duckdb.DuckDBPyConnection,
    metric: Metric,
    boards: Sequence[str],
    tasks: Sequence[str],
    now: datetime,
) -> list[Observation]:
    """Every known value of a metric on the boards and tasks that match one of the globs, by time.

    A date has one value, of the latest vintage; a date without a value has no row. For a metric of a
    source `boards` are globs of source ids. staleness_hours has one value per source, at `now`.
    Raises NotThere.
    """
    values: dict[str, Value] = {"boards": list(boards)}
    if metric.of == "source":
        query = STALENESS if metric.name == "staleness_hours" else QUARANTINED
        if metric.name == "staleness_hours":
            values["now"] = now.astimezone(UTC).replace(tzinfo=None)
    else:
        values["tasks"] = list(tasks)
        query = of_boards(metric.name)
        if metric.name.startswith("frontier_"):
            _check_frontier(db)
        else:
            values["k"] = metric.k
    found = [_observation(row) for row in rows(db, query, **values)]
    return sorted(found, key=lambda one: (one.board, one.task, one.at))


def without_noise(
    db: duckdb.DuckDBPyConnection, metric: Metric, boards: Sequence[str], tasks: Sequence[str]
) -> list[str]:
    """The boards, and tasks other than overall, on whose latest date the noise is not known.

    Raises NotThere.
    """
    latest = {}
    for one in observations(db, metric, boards, tasks, datetime.now(UTC)):
        latest[one.board, one.task] = one
    unknown = [key for key, one in latest.items() if one.noise is None and one.z is None]
    return [board if task == "overall" else f"{board} {task}" for board, task in unknown]


def _check_frontier(db: duckdb.DuckDBPyConnection) -> None:
    found = db.execute(
        "select 1 from duckdb_tables() where schema_name = 'metrics' and table_name = 'frontier'"
    ).fetchall()
    if not found:
        raise NotThere("the table metrics.frontier is not there, so its gaps cannot be watched")


FIELDS = (
    "board",
    "task",
    "snapshot_id",
    "captured_at",
    "seen_until",
    "value",
    "noise",
    "z",
    "cause",
)


def _observation(row: Row) -> Observation:
    at = row.pop("at")
    moment = at if isinstance(at, datetime) else datetime.combine(at, time())
    known = {name: row.pop(name) for name in FIELDS if name in row}
    for name in ("captured_at", "seen_until"):
        known[name] = known[name].replace(tzinfo=UTC)
    facts = {name: _plain(value) for name, value in row.items()}
    return Observation(at=moment.replace(tzinfo=UTC), facts=facts, **known)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
