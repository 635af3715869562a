"""What alerting remembers between runs: states, events, messages to send, silences; in SQLite.

States cannot be worked out from the archive again (what was told when is no fact of a board), so they do
not live in the database that `photofinish rebuild` replaces. The states, the events and the messages
about them are written in one transaction; a run that is cut off leaves all of it or nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from flows.alerts.file import StoreUnusable, insert, opened, times_read, written
from flows.alerts.model import Event, State
from flows.alerts.names import as_channel
from warehouse.archive import utc

__all__ = ["Sending", "Store", "StoreUnusable", "Waiting"]

Outcome = Literal["waiting", "sent", "given up"]

TRIES = 12
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=12)
"""Less than a day, so that a daily run a few seconds early does not pass over a message."""

STATE_VALUES = ("value", "settled")
EVENT_VALUES = ("value", "before", "threshold", "facts", "notify")


@dataclass(frozen=True)
class Waiting:
    """A message that one channel has not had yet."""

    event: Event
    channel: str
    tries: int


@dataclass(frozen=True)
class Sending:
    """How far one message to one channel has got. `reason` is why the last try failed, redacted."""

    event_id: str
    channel: str
    outcome: Outcome
    created_at: datetime
    tries: int
    retry_at: datetime | None
    sent_at: datetime | None
    reason: str | None


class Store:
    """The file alerts.sqlite of a home; made when something is first written or asked.

    Every call opens and closes it, so that threads and processes may share a path. Every call raises
    StoreUnusable for a file that is not such a database.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load_states(self) -> list[State]:
        """Where every rule stood last."""
        with opened(self.path) as db:
            rows = db.execute("select * from states order by rule, board, task")
            return [State(**_read(row, STATE_VALUES)) for row in rows]

    def save(
        self, states: Sequence[State], events: Sequence[Event], now: datetime, quiet: bool = False
    ) -> None:
        """Write states, events and the messages to send about them, all or nothing.

        An event that is known already changes nothing. No messages come of an event of a silenced
        rule, nor of any if `quiet` (a backfill).
        """
        with opened(self.path) as db:
            for state in states:
                insert(db, "insert or replace", "states", _kept(vars(state), STATE_VALUES))
            for found in events:
                # The id is made of the time, so it must be the time that is read back.
                event = replace(
                    found,
                    observed_at=utc(found.observed_at),
                    notify=tuple(dict.fromkeys(map(as_channel, found.notify))),
                )
                told = not (quiet or _silenced(db, event.rule, now))
                row = _kept(vars(event), EVENT_VALUES)
                row |= {"id": event.id, "found_at": written(now)}
                row |= {"told": told, "announced": not told}
                if insert(db, "insert or ignore", "events", row) and told:
                    for channel in event.notify:
                        row = {"event_id": event.id, "channel": channel}
                        insert(db, "insert", "outbox", row | {"created_at": written(now)})

    def due(self, now: datetime) -> list[Waiting]:
        """The messages to send now, by channel, oldest first.

        Once one message of a channel is due, all that wait there are: the channel is asked again
        anyway, and "resolved" must not arrive before "firing".
        """
        with opened(self.path) as db:
            rows = db.execute(
                """
                select events.*, channel, tries
                from outbox join events on events.id = outbox.event_id
                where outcome = 'waiting' and channel in (
                    select channel from outbox
                    where outcome = 'waiting' and (retry_at is null or retry_at <= ?)
                )
                order by channel, outbox.rowid
                """,
                [written(now)],
            )
            return [Waiting(_event(row), row["channel"], row["tries"]) for row in rows]

    def mark_sent(self, event_id: str, channel: str, now: datetime) -> None:
        """The channel has taken the message."""
        with opened(self.path) as db:
            db.execute(
                """
                update outbox
                set outcome = 'sent', tries = tries + 1, sent_at = ?, retry_at = null, reason = null
                where event_id = ? and channel = ? and outcome = 'waiting'
                """,
                [written(now), event_id, channel],
            )

    def mark_failed(self, event_id: str, channel: str, reason: str, now: datetime) -> None:
        """The channel has not taken it: it is due again after a pause that doubles, up to TRIES times."""
        with opened(self.path) as db:
            for row in db.execute(
                "select tries from outbox where event_id = ? and channel = ? and outcome = 'waiting'",
                [event_id, channel],
            ).fetchall():
                tries = row["tries"] + 1
                over = tries >= TRIES
                outcome = "given up" if over else "waiting"
                retry_at = None if over else written(now + pause(tries))
                db.execute(
                    "update outbox set outcome = ?, tries = ?, retry_at = ?, reason = ? "
                    "where event_id = ? and channel = ?",
                    [outcome, tries, retry_at, reason, event_id, channel],
                )

    def sendings(self) -> list[Sending]:
        """How far every message has got, latest first."""
        with opened(self.path) as db:
            rows = db.execute("select * from outbox order by rowid desc")
            return [Sending(**times_read(dict(row))) for row in rows]

    def events(self) -> list[Event]:
        """Every event, latest first."""
        with opened(self.path) as db:
            rows = db.execute("select * from events order by observed_at desc, rowid desc")
            return [_event(row) for row in rows]

    def unannounced(self) -> list[Event]:
        """The events that Prefect has not been told of and should be, oldest first."""
        with opened(self.path) as db:
            rows = db.execute("select * from events where not announced order by rowid")
            return [_event(row) for row in rows]

    def mark_announced(self, events: Iterable[Event]) -> None:
        """Prefect has been told of these events."""
        with opened(self.path) as db:
            ids = [(event.id,) for event in events]
            db.executemany("update events set announced = true where id = ?", ids)

    def silence(self, rule: str, until: datetime) -> None:
        """Send nothing about a rule until a moment; one in the past ends a silence."""
        with opened(self.path) as db:
            row = {"rule": rule, "until": written(until)}
            insert(db, "insert or replace", "silences", row)

    def silenced(self, rule: str, now: datetime) -> bool:
        """Whether nothing is sent about a rule now."""
        with opened(self.path) as db:
            return _silenced(db, rule, now)

    def silences(self, now: datetime) -> dict[str, datetime]:
        """The rules that are silenced now, and until when."""
        with opened(self.path) as db:
            rows = db.execute(
                "select rule, until from silences where until > ? order by rule", [written(now)]
            )
            return {row["rule"]: datetime.fromisoformat(row["until"]) for row in rows}

    def live_since(self, now: datetime) -> datetime:
        """When alerting was first switched on; that is now if it never was."""
        with opened(self.path) as db:
            db.execute("insert or ignore into meta values ('live_since', ?)", [written(now)])
            found = db.execute("select value from meta where name = 'live_since'").fetchone()
            return datetime.fromisoformat(found["value"])

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table (states, events or outbox) as it is kept, times read; empty if there is no file."""
        if not self.path.exists():
            return []
        with opened(self.path) as db:
            # The name is one of ours (flows/alerts/tables.py), and a name cannot be a parameter.
            rows = db.execute(f"select * from {table}")
            return [times_read(dict(row)) for row in rows]


def undelivered(outbox: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str, int]]:
    """Of the rows of the outbox those that failed last: channel, outcome, reason, and how many."""
    kinds = Counter(
        (row["channel"], row["outcome"], row["reason"])
        for row in outbox
        if row["reason"] and row["outcome"] != "sent"
    )
    return [(*kind, count) for kind, count in sorted(kinds.items())]


def pause(tries: int) -> timedelta:
    """How long to wait after so many failed tries: 5 minutes, 10, 20, ... up to 12 hours."""
    return min(FIRST_PAUSE * (1 << min(tries - 1, 16)), LONGEST_PAUSE)


def _silenced(db: sqlite3.Connection, rule: str, now: datetime) -> bool:
    found = db.execute(
        "select 1 from silences where rule = ? and until > ?", [rule, written(now)]
    ).fetchone()
    return found is not None


def _kept(values: dict[str, Any], as_json: Sequence[str]) -> dict[str, Any]:
    row = {k: written(v) if isinstance(v, datetime) else v for k, v in values.items()}
    return row | {name: json.dumps(values[name]) for name in as_json}


def _read(row: sqlite3.Row, as_json: Sequence[str]) -> dict[str, Any]:
    values = times_read(dict(row))
    return values | {name: json.loads(values[name]) for name in as_json}


def _event(row: sqlite3.Row) -> Event:
    values = _read(row, EVENT_VALUES)
    values["notify"] = tuple(values["notify"])
    return Event(**{field.name: values[field.name] for field in fields(Event)})
