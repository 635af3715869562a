"""The published tables alerts.*: the rules, and what the store keeps. No address is in either."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from flows.alerts.store import Store, StoreUnusable
from flows.settings import Settings
from warehouse.publish import Extra

Columns = Mapping[str, tuple[DataType | DataTypeClass, str]]

TEXT, COUNT, TIME = pl.String, pl.Int64, pl.Datetime("us")

RULES: Columns = {
    "rule": (TEXT, "name of the rule"),
    "severity": (TEXT, "info, warning or critical"),
    "metric": (TEXT, "what is watched"),
    "definition": (TEXT, "the whole rule, as JSON"),
}
STATES: Columns = {
    "rule": (TEXT, "name of the rule"),
    "board": (TEXT, "the board, or the id of a source"),
    "task": (TEXT, "task of the board"),
    "phase": (
        TEXT,
        "ok, pending, firing, ignored (crossed for a cause that the rule ignores), no_data",
    ),
    "since": (TIME, "observation with which the phase began, UTC"),
    "seen_at": (TIME, "last observation taken into account, UTC"),
    "snapshot_id": (TEXT, "the snapshot it was made on"),
    "value": (TEXT, "value then, as text: number, true, false, or a word"),
    "count": (COUNT, "consecutive observations beyond the threshold"),
    "settled": (TEXT, "last value before the crossing, as text"),
    "notified_at": (TIME, "when a message was last written, UTC"),
}
EVENTS: Columns = {
    "id": (TEXT, "the same whenever the same change is found again"),
    "rule": (TEXT, "name of the rule"),
    "severity": (TEXT, "info, warning or critical"),
    "board": (TEXT, "the board, or the id of a source"),
    "task": (TEXT, "task of the board"),
    "metric": (TEXT, "what was watched"),
    "status": (TEXT, "firing, resolved or no_data"),
    "observed_at": (TIME, "observation that made it so, UTC"),
    "value": (TEXT, "value then, as text: number, true, false, or a word"),
    "before": (TEXT, "value before, as text"),
    "threshold": (TEXT, "threshold of the rule then, as text"),
    "text": (TEXT, "the message"),
    "notify": (TEXT, "names of the channels, as a JSON list"),
    "facts": (TEXT, "more about the change, as JSON"),
    "found_at": (TIME, "time of the run that found it, UTC"),
    "told": (
        pl.Boolean,
        "false if the rule was silenced then, or a backfill found it: nothing is sent",
    ),
}
OUTBOX: Columns = {
    "event_id": (TEXT, "id in alerts.events"),
    "channel": (TEXT, "name of the channel; its address is kept nowhere"),
    "outcome": (TEXT, "waiting, sent or given up"),
    "created_at": (TIME, "time of the run that wrote it, UTC"),
    "tries": (COUNT, "runs that tried to send it"),
    "retry_at": (TIME, "not tried again before, UTC"),
    "sent_at": (TIME, "time of the run that sent it, UTC"),
    "reason": (TEXT, "why the last try failed"),
}
TABLES: Mapping[str, tuple[str, Columns]] = {
    "rules": ("One row per rule of alerts.toml at the time of publication.", RULES),
    "states": ("One row per rule, board and task: where the rule stands there.", STATES),
    "events": ("One row per crossing, recovery or silence of a board that a rule found.", EVENTS),
    "outbox": (
        "One row per event and channel: whether the message went out. Messages are sent after "
        "publication, so those of the last run still wait here.",
        OUTBOX,
    ),
}
VALUES = ("value", "settled", "before", "threshold")


def published(settings: Settings) -> list[Extra]:
    """The tables alerts.* as they are now; empty ones where alerting is off or its file unusable."""
    store = Store(settings.alerts_store)
    return [
        Extra(
            f"alerts.{name}",
            comment,
            {column: meaning for column, (_, meaning) in columns.items()},
            _frame(_rules(settings.rules) if name == "rules" else _kept(store, name), columns),
        )
        for name, (comment, columns) in TABLES.items()
    ]


def _kept(store: Store, name: str) -> Iterable[Mapping[str, Any]]:
    try:
        return store.rows(name)
    except StoreUnusable:
        # The run's report and `photofinish doctor` say so; the other tables are published all the same.
        return []


def _rules(path: Path | None) -> list[dict[str, Any]]:
    from flows.alerts.rules import BrokenRules, read_rules

    try:
        rules = read_rules(path).rules if path and path.exists() else ()
    except BrokenRules:
        return []
    return [
        {
            "rule": rule.name,
            "severity": rule.severity,
            "metric": rule.metric,
            "definition": rule.model_dump_json(by_alias=True),
        }
        for rule in rules
    ]


def _frame(rows: Iterable[Mapping[str, Any]], columns: Columns) -> pl.DataFrame:
    plain = [{name: _plain(name, row[name]) for name in columns} for row in rows]
    return pl.DataFrame(plain, schema={name: type_ for name, (type_, _) in columns.items()})


def _plain(name: str, value: Any) -> Any:
    if name in VALUES:
        value = json.loads(value)
        return value if value is None or isinstance(value, str) else json.dumps(value)
    if name == "told":
        return bool(value)
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
