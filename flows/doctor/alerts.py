"""Messages of alerts that did not go out."""

from __future__ import annotations

from collections.abc import Iterator

from flows.alerts.names import variable
from flows.alerts.store import Store, StoreUnusable, undelivered
from flows.doctor.finding import Finding
from flows.settings import Settings


def undelivered_messages(settings: Settings) -> Iterator[Finding]:
    """Messages of alerts that did not go out, by channel and reason."""
    try:
        rows = Store(settings.alerts_store).rows("outbox")
    except StoreUnusable as error:
        yield Finding("alerts", str(error), "until then no alert is evaluated or sent")
        return
    for channel, outcome, reason, count in undelivered(rows):
        yield Finding(
            "alerts",
            f"{count} to the channel {channel} {outcome}: {reason}",
            f"see that {variable(channel)} is right and its receiver answers; "
            + ("these are lost" if outcome == "given up" else "a later run tries again"),
        )
