"""What an alert is: where a rule stands on a board, and the event of its changing there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Phase = Literal["ok", "pending", "firing", "ignored", "no_data"]
"""pending: crossed, but not yet for as long as the rule asks. ignored: crossed for a cause that the rule
ignores; it stays so until it recovers."""

Status = Literal["firing", "resolved", "no_data"]

Value = float | bool | str | None

NAMESPACE = uuid.UUID("6f0c1f3e-2d2b-5c55-9a1b-0f5f6d1c7a10")


@dataclass(frozen=True, kw_only=True)
class State:
    """Where one rule stands on one board and task. Times are UTC."""

    rule: str
    board: str
    task: str
    phase: Phase
    since: datetime
    """The observation with which the phase began."""
    seen_at: datetime
    """The last observation taken into account; earlier ones never count again."""
    snapshot_id: str
    value: Value
    count: int = 0
    """Consecutive observations beyond the threshold."""
    settled: Value = None
    """The last value before the crossing: what a message compares with."""
    notified_at: datetime | None = None
    """When a message was last written, for repeat_every."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One change worth a message. Its id is the same whenever the same change is found again."""

    rule: str
    severity: str
    board: str
    task: str
    metric: str
    status: Status
    observed_at: datetime
    value: Value
    before: Value
    threshold: Value
    text: str
    notify: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    """For the body of a webhook: the parts of the gap's change, verdict, source, links. Plain JSON."""

    @property
    def id(self) -> str:
        told = (self.rule, self.board, self.task, self.status, self.observed_at.isoformat())
        return str(uuid.uuid5(NAMESPACE, "\n".join(told)))
