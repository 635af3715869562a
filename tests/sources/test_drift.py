"""What publishers do next: the newest recording of each file, changed in ways that will come."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from sources import Source, SourceChanged, load_sources

SOURCES = {
    id_: s
    for id_, s in load_sources().items()
    if id_ not in ("tidy", "local", "arena", "openrouter")
}
Newest = list[tuple[str, bytes, datetime]]


@cache
def newest_of(index: Path) -> Newest:
    """The newest payload of up to four files of a source."""
    found: dict[str, dict[str, str]] = {}
    with index.open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["path"].split("/")[0]] = row
    return [
        (
            row["upstream_url"],
            gzip.decompress((index.parent / row["path"]).read_bytes()),
            datetime.fromisoformat(row["captured_at"]).astimezone(UTC),
        )
        for row in list(found.values())[-4:]
    ]


@pytest.fixture(params=SOURCES)
def newest(request: pytest.FixtureRequest, recordings: Path) -> tuple[Source, Newest]:
    """A source, and what it published last."""
    source = SOURCES[request.param]
    return source, newest_of(recordings / source.id / "index.csv")


def result(
    source: Source, payload: bytes, at: datetime, url: str
) -> list[tuple[object, ...]] | str:
    try:
        return source.parse(payload, at, url=url).rows()
    except SourceChanged as error:
        assert str(error)
        return "refused"


@cache
def plain(source_id: str, payload: bytes, at: datetime, url: str) -> list[tuple[object, ...]] | str:
    """The result of a payload as it is, which several tests compare with."""
    return result(SOURCES[source_id], payload, at, url)


@pytest.mark.parametrize(
    "harmless",
    [
        lambda payload: b"\xef\xbb\xbf" + payload,
        lambda payload: payload.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        lambda payload: payload + b"\n\n",
    ],
    ids=["byte order mark", "CRLF", "blank lines at the end"],
)
def test_another_way_to_write_the_same_reads_the_same(
    newest: tuple[Source, Newest], harmless: Callable[[bytes], bytes]
) -> None:
    source, payloads = newest
    for url, payload, at in payloads:
        assert result(source, harmless(payload), at, url) == plain(source.id, payload, at, url)


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"\n",
        b"<!doctype html><title>Sign in</title><p>Please sign in",
        b"{}",
        b"[]",
        b"null",
        b"404: Not Found",
        b'{"message": "API rate limit exceeded"}',
        bytes(range(256)) * 8,
        b"\x1f\x8b\x08\x00",
        b"[" * 100_000,
        b"a: &a [*a, *a]\n",
    ],
)
def test_something_else_altogether_is_refused(newest: tuple[Source, Newest], other: bytes) -> None:
    source, payloads = newest
    for url, _, at in payloads:
        found = result(source, other, at, url)
        assert found in ("refused", []), found


def test_a_damaged_payload_parses_within_the_contract_or_is_refused(
    newest: tuple[Source, Newest],
) -> None:
    """Cut, spliced, doubled and scribbled over: nothing but SourceChanged ever comes out."""
    source, payloads = newest
    chance = random.Random(source.id)
    for url, payload, at in payloads:
        for _ in range(10):
            damaged = bytearray(payload)
            here, there = sorted(chance.randrange(len(damaged)) for _ in range(2))
            match chance.randrange(5):
                case 0:
                    del damaged[here:]
                case 1:
                    del damaged[here : min(there, here + 200)]
                case 2:
                    damaged[here:here] = damaged[here : min(there, here + 400)]
                case 3:
                    word = chance.choice(
                        [b"NaN", b"1e999", b"-1", b"null", b'"x"', b"99999999", b"%"]
                    )
                    damaged[here : here + len(word)] = word
                case 4:
                    for _ in range(20):
                        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            result(source, bytes(damaged), at, url)
