"""Feeding mutants to a parser, under a clock: what came of each."""

from __future__ import annotations

import csv
import gzip
import importlib
import signal
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import pytest

from sources import Source, SourceChanged
from sources.contract import LONGEST_REASON
from tests.sources.mutating import Mutant, mutants
from tests.sources.promises import broken, broken_items

FIXTURES = Path(__file__).parent.parent / "fixtures"
TOO_LONG = 5.0
"""Seconds of processor time for one payload; not of the wall clock, as the machine may be busy."""


class Good(NamedTuple):
    """A payload that its parser reads: what mutants are made of."""

    name: str
    payload: bytes
    captured_at: datetime
    url: str


@dataclass
class Tally:
    """What came of the mutants of one source."""

    parsed: int = 0
    refused: int = 0
    slowest: float = 0.0
    defects: Counter[str] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        return self.parsed + self.refused + self.defects.total()


class Hang(BaseException):
    """A parser that took too long; no Exception, so that nothing swallows it."""


def lifted(source: Source, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The source without lower bounds on rows: small fixtures pass, and mutants get deep."""
    module = importlib.import_module(f"sources.{source.id}")
    boards = tuple(replace(board, min_rows=1) for board in source.card.boards)
    card = replace(source.card, boards=boards, min_rows=1)
    monkeypatch.setattr(module, "CARD", card)
    return replace(source, card=card)


def fixtures_of(source: Source) -> list[Good]:
    """The small payloads written by hand that parse."""
    cases = tomllib.loads((FIXTURES / source.id / "cases.toml").read_text())["case"]
    return [
        Good(
            f"{source.id}/{case['file']}@{number}",
            (FIXTURES / source.id / case["file"]).read_bytes(),
            case["captured_at"],
            case.get("url", ""),
        )
        for number, case in enumerate(cases)
        if "expected" in case
    ]


def recordings_of(source: Source, folder: Path, most: int = 4) -> list[Good]:
    """The newest recording of each of up to `most` files; none of a source that is not recorded."""
    index = folder / source.id / "index.csv"
    newest: dict[str, dict[str, str]] = {}
    if index.exists():
        with index.open(newline="") as file:
            for row in csv.DictReader(file):
                newest[row["path"].split("/")[0]] = row
    return [
        Good(
            f"{source.id}/{name}",
            gzip.decompress((index.parent / row["path"]).read_bytes()),
            datetime.fromisoformat(row["captured_at"]).astimezone(UTC),
            row["upstream_url"],
        )
        for name, row in list(newest.items())[-most:]
    ]


def fuzzed(source: Source, goods: list[Good], count: int) -> Tally:
    """Try `count` mutants in all, spread over the payloads."""
    tally = Tally()
    for number, good in enumerate(goods):
        share = count // len(goods) + (number < count % len(goods))
        for mutant in mutants(good.payload, good.name, share):
            try_one(source, good, mutant, tally)
    return tally


def try_one(source: Source, good: Good, mutant: Mutant, tally: Tally) -> None:
    """Parse one mutant, and note what came of it."""
    began = time.process_time()
    try:
        with time_limit(TOO_LONG):
            rows = source.parse(mutant.payload, good.captured_at, url=good.url)
            wrong = broken(source, rows, good.captured_at)
            if source.items and not wrong:
                wrong = broken_items(source.items(mutant.payload, good.captured_at, url=good.url))
    except SourceChanged as refusal:
        tally.refused += 1
        wrong = unfit(str(refusal))
    # Whatever else comes out is what we are looking for; polars panics with a BaseException.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        tally.defects[
            f"{type(error).__name__}: {error!s:.150} ({mutant.name}: {mutant.what:.80})"
        ] += 1
        return
    else:
        tally.parsed += 1
    tally.slowest = max(tally.slowest, time.process_time() - began)
    if wrong:
        tally.defects[f"{wrong:.150} ({mutant.name}: {mutant.what:.80})"] += 1


def unfit(reason: str) -> str:
    """Why a refusal's sentence is not fit to be shown; empty if it is."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        return f"the reason has {len(reason)} characters"
    return "" if reason.isprintable() else f"the reason steers the terminal: {reason!r}"


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises Hang inside after so many seconds of processor time."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
