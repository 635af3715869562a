"""Delivery: the messages of the outbox, one after another on each channel, the channels side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from queue import Empty, Queue
from time import monotonic, sleep

from flows.alerts.channels import Channel, DeliveryFailed, open_channel
from flows.alerts.model import Event
from flows.alerts.store import Store
from flows.show.text import listed

TRIES = 3
"""Within one run; the outbox tries again in later ones."""
FIRST_PAUSE = 1.0
TOTAL_TIMEOUT = 60.0
LONGEST_TEXT = 600


@dataclass(frozen=True)
class Delivered:
    """What a delivery came to: messages taken, and for each channel that failed, why."""

    sent: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)


def deliver(
    store: Store,
    now: datetime,
    run_id: str,
    *,
    environ: Mapping[str, str] = os.environ,
    timeout: float = TOTAL_TIMEOUT,
    first_pause: float = FIRST_PAUSE,
) -> Delivered:
    """Send what is due and mark it, within `timeout` seconds in all.

    A message is marked sent after the channel took it: if the process dies between the two, the next
    run sends it again with the same id. A channel that hangs is left behind and its messages fail.
    Raises StoreUnusable.
    """
    attempt = _Attempt(run_id, environ, first_pause, monotonic() + timeout)
    due = {
        channel: [waiting.event for waiting in group]
        for channel, group in groupby(store.due(now), lambda waiting: waiting.channel)
    }
    for channel, events in due.items():
        # A daemon, so that a hanging one does not keep the process from ending.
        threading.Thread(
            target=copy_context().run, args=(attempt.serve, channel, events), daemon=True
        ).start()
    untold = {(channel, event.id) for channel, events in due.items() for event in events}
    sent, failed = 0, dict[str, str]()
    while untold:
        try:
            result = attempt.results.get(timeout=max(0.0, attempt.deadline - monotonic()))
        except Empty:
            break
        untold.discard((result.channel, result.event_id))
        if result.reason:
            store.mark_failed(result.event_id, result.channel, result.reason, now)
            failed[result.channel] = result.reason
        else:
            store.mark_sent(result.event_id, result.channel, now)
            sent += 1
    for channel, event_id in sorted(untold):
        failed[channel] = f"not taken within {timeout:g} seconds"
        store.mark_failed(event_id, channel, failed[channel], now)
    return Delivered(sent, failed)


@dataclass(frozen=True)
class _Result:
    channel: str
    event_id: str
    reason: str
    """Why it was not taken; empty where it was."""


@dataclass(frozen=True)
class _Attempt:
    """One delivery: what the threads of its channels share."""

    run_id: str
    environ: Mapping[str, str]
    first_pause: float
    deadline: float
    results: Queue[_Result] = field(default_factory=Queue)

    def serve(self, name: str, events: Sequence[Event]) -> None:
        """Send the events of one channel, and say of each what came of it."""
        left = list(events)
        try:
            for group, reason in self._outcomes(name, events):
                for event in group:
                    left.remove(event)
                    self.results.put(_Result(name, event.id, reason))
        # Whatever it is, it may quote the address; and the other channels go on.
        except Exception as error:  # noqa: BLE001
            for event in left:
                self.results.put(_Result(name, event.id, f"failed with {type(error).__name__}"))

    def _outcomes(
        self, name: str, events: Sequence[Event]
    ) -> Iterator[tuple[Sequence[Event], str]]:
        """Groups of events that went out together, and why they did not."""
        try:
            channel = open_channel(name, self.environ)
        except DeliveryFailed as error:
            yield events, str(error)
            return
        size = len(events) if channel.together else 1
        for start in range(0, len(events), size):
            group = events[start : start + size]
            try:
                self._patiently(channel, group)
            except DeliveryFailed as error:
                if not error.permanent:
                    # The channel is down: the rest would fail too, and must not overtake this one.
                    yield events[start:], str(error)
                    return
                yield group, str(error)
            else:
                yield group, ""

    def _patiently(self, channel: Channel, events: Sequence[Event]) -> None:
        """Try up to TRIES times with pauses that double. Raises the last DeliveryFailed."""
        title, body = title_of(events), body_of(events, self.run_id)
        for tried in range(1, TRIES + 1):
            try:
                return channel.send(title, body, events)
            except DeliveryFailed as error:
                wait = self.first_pause * 2 ** (tried - 1)
                if error.permanent or tried == TRIES or monotonic() + wait > self.deadline:
                    raise
            sleep(wait)
        return None


def title_of(events: Sequence[Event]) -> str:
    """What a message is about, in one line: "2 alerts: arena/text, aider/polyglot"."""
    boards = list(dict.fromkeys(event.board for event in events))
    named = listed(boards, 3)
    if len(events) == 1:
        return f"{_word(events[0])}: {events[0].rule}, {named}"
    return f"{len(events)} alerts: {named}"


def body_of(events: Sequence[Event], run_id: str) -> str:
    """A line for each event, with the beginning of its id, by which a repeated message is known."""
    lines = [f"{_word(e)} ({e.severity}): {_short(e.text)} [{e.id[:8]}]" for e in events]
    return "\n".join([*lines, f"photofinish, run {run_id}"])


def _word(event: Event) -> str:
    return event.status.replace("_", " ").capitalize()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"
