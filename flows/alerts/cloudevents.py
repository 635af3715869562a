"""An event as CloudEvents 1.0 in JSON, structured mode (CloudEvents core and JSON format, v1.0.2)."""

from __future__ import annotations

from typing import Any

from flows.alerts.model import Event
from warehouse.archive import utc

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SOURCE = "/photofinish"


def type_of(event: Event) -> str:
    """photofinish.alert.firing, .resolved or .no_data: also the name of the Prefect event."""
    return f"photofinish.alert.{event.status}"


def as_cloudevent(event: Event) -> dict[str, Any]:
    """The body of a webhook. `id` is the same whenever the same event is sent again."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": SOURCE,
        "type": type_of(event),
        "subject": f"{event.board}/{event.task}",
        "time": utc(event.observed_at).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data_of(event),
    }


def data_of(event: Event) -> dict[str, Any]:
    """What is known about an event, as plain JSON. Who is notified stays at home."""
    return {
        "rule": event.rule,
        "severity": event.severity,
        "board": event.board,
        "task": event.task,
        "metric": event.metric,
        "status": event.status,
        "observed_at": utc(event.observed_at).isoformat().replace("+00:00", "Z"),
        "value": event.value,
        "before": event.before,
        "threshold": event.threshold,
        "text": event.text,
        "facts": event.facts,
    }
