"""Politeness: how many requests a host gets at once, how far apart, and what its Retry-After does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from flows.fetch import FetchFailed, get
from flows.politeness import FOREVER, Gates, LeftAlone, gates, retry_after
from flows.settings import Settings
from tests.flows.server import Told, serving

NOW = datetime(2025, 3, 1, 6, 17, tzinfo=UTC)


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> Iterator[Told]:
    gates.cache_clear()
    with serving() as server:
        yield server


def ask(polite: Gates, host: str = "a.org") -> None:
    with polite.asking(host):
        pass


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("9" * 500, FOREVER),
        ("Sat, 01 Mar 2025 06:17:30 GMT", 30),
        ("Sat, 01 Mar 2025 06:17:30", 30),
        ("Sat, 01 Mar 2025 07:17:30 +0100", 30),
        ("Sat, 01 Mar 2025 06:00:00 GMT", 0),
        ("Sat, 99 Mar 2025 06:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_requests_to_one_host_start_a_pause_apart_and_other_hosts_do_not_wait(clock: Clock) -> None:
    polite = Gates(2, 0.5, 60, clock, clock.sleep)
    started = []
    for host in ("a.org", "a.org", "b.org", "a.org"):
        with polite.asking(host):
            started.append((host, clock.now - 1000))
    assert started == [("a.org", 0), ("a.org", 0.5), ("b.org", 0.5), ("a.org", 1)]


def test_no_more_than_two_threads_are_inside_at_once() -> None:
    polite = Gates(2, 0, 60)
    inside, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with polite.asking("a.org"):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_a_pause_that_is_asked_for_is_kept(clock: Clock) -> None:
    polite = Gates(2, 0, 60, clock, clock.sleep)
    assert polite.hold("a.org", 20)
    ask(polite, "b.org")
    assert clock.slept == []
    ask(polite)
    assert clock.slept == [20]


def test_a_host_that_asks_for_too_long_is_not_asked_and_nobody_waits(clock: Clock) -> None:
    polite = Gates(2, 0, 60, clock, clock.sleep)
    assert not polite.hold("a.org", 3600)
    with pytest.raises(LeftAlone, match=r"a\.org was not asked: .* for 3600 s"):
        ask(polite)
    assert clock.slept == []
    clock.now += 3600
    ask(polite)


def test_asking_for_short_pauses_again_and_again_does_not_hang_a_run(clock: Clock) -> None:
    """The bound is on all pauses since the last good answer, not on each."""
    polite = Gates(2, 0, 60, clock, clock.sleep)
    waits = 0
    while polite.hold("a.org", 25):
        ask(polite)
        waits += 1
    assert (waits, sum(clock.slept)) == (2, 50)
    with pytest.raises(LeftAlone):
        ask(polite)


def test_a_good_answer_and_a_long_silence_each_begin_a_new_account(clock: Clock) -> None:
    polite = Gates(2, 0, 60, clock, clock.sleep)
    assert polite.hold("a.org", 50)
    ask(polite)
    polite.answered("a.org")
    assert polite.hold("a.org", 50)
    assert not polite.hold("a.org", 70)
    clock.now += 200
    ask(polite)
    assert polite.hold("a.org", 50)


def test_two_threads_told_the_same_pause_count_it_once(clock: Clock) -> None:
    polite = Gates(2, 0, 60, clock, clock.sleep)
    assert polite.hold("a.org", 40)
    assert polite.hold("a.org", 40)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_next_request_waits_as_a_429_asks(told: Told, settings: Settings, form: str) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    told.status, told.headers = 429, {"Retry-After": "1" if form == "seconds" else soon}
    with pytest.raises(FetchFailed, match=r"HTTP 429, asks to wait \d s") as caught:
        get(told.url, None, settings)
    assert not caught.value.permanent
    told.status, told.headers, began = 200, {}, time.monotonic()
    assert get(f"{told.url}/another", None, settings).payload == b"hello"
    assert 0.7 <= time.monotonic() - began < 3


def test_a_malicious_retry_after_ends_the_source_with_its_cause(
    told: Told, settings: Settings
) -> None:
    told.status, told.headers = 503, {"Retry-After": "9" * 300}
    with pytest.raises(FetchFailed, match="PHOTOFINISH_RETRY_AFTER_MAX allows 60 s") as caught:
        get(told.url, None, settings)
    assert caught.value.permanent
    told.status, told.headers, began = 200, {}, time.monotonic()
    with pytest.raises(FetchFailed, match="was not asked: it wants to be left alone"):
        get(told.url, None, settings)
    assert len(told.asked) == 1
    assert time.monotonic() - began < 1


def test_the_pause_and_the_number_are_settings(told: Told, settings: Settings) -> None:
    slow = settings.model_copy(update={"host_pause": 0.3})
    began = time.monotonic()
    for _ in range(3):
        get(told.url, None, slow)
    assert 0.6 <= time.monotonic() - began < 3
    assert (Settings().host_requests, Settings().retry_after_max) == (2, 60)


def test_a_redirect_passes_the_gate_too(told: Told, settings: Settings) -> None:
    told.status, told.headers = 302, {"Location": "/again"}
    began = time.monotonic()
    with pytest.raises(FetchFailed, match="circle"):
        get(told.url, None, settings.model_copy(update={"host_pause": 0.1}))
    assert len(told.asked) == 6
    assert time.monotonic() - began >= 0.5
