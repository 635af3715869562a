"""Telling Prefect: each event of an alert is a Prefect event, on which an Automation can act."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from uuid import UUID

from flows.alerts.cloudevents import data_of, type_of
from flows.alerts.model import Event
from flows.alerts.store import Store

TIMEOUT = 30.0


def announce(store: Store) -> int:
    """Emit a Prefect event for each event that has had none yet, and mark it. Returns how many.

    The ids are those of the events, and Prefect keeps one of each id: a repetition changes nothing.
    Raises what Prefect's client raises, OSError and TimeoutError among it, if it cannot be reached.
    """
    events = store.unannounced()
    if events:
        # In a thread of its own: whoever called the flow may have an event loop running in this one.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(copy_context().run, asyncio.run, _emit(events)).result()
        store.mark_announced(events)
    return len(events)


async def _emit(events: Sequence[Event]) -> None:
    from prefect.events import Event as PrefectEvent
    from prefect.events import get_events_client

    async with asyncio.timeout(TIMEOUT):
        # A checkpoint for each: emit returns when the server has it.
        async with get_events_client(reconnection_attempts=1, checkpoint_every=1) as client:
            for event in events:
                await client.emit(
                    PrefectEvent(
                        event=type_of(event),
                        resource={
                            "prefect.resource.id": f"photofinish.board.{event.board}",
                            "prefect.resource.name": event.board,
                            "photofinish.rule": event.rule,
                            "photofinish.severity": event.severity,
                            "photofinish.task": event.task,
                        },
                        payload=data_of(event),
                        id=UUID(event.id),
                    )
                )
