"""Damage to bytes, whatever they mean."""

from __future__ import annotations

import random
from collections.abc import Callable

WORDS = (b"NaN", b"-Infinity", b"1e999", b"null", b'"', b",", b"\n", b"|", b"{", b"]", b"&a *a")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-7", "cp500", "utf-8-sig")
CONTROLS = (0, 8, 9, 11, 13, 27, 127, 0x85, 0xFF)


def damaged(payload: bytes, chance: random.Random) -> tuple[str, bytes]:
    """What was done, and the payload it was done to."""
    what = chance.choice(list(DAMAGES))
    return what, bytes(DAMAGES[what](payload, chance))


def _span(payload: bytes, chance: random.Random, most: int) -> tuple[int, int]:
    here, there = sorted(chance.randrange(len(payload) + 1) for _ in range(2))
    return here, min(there, here + most)


def _hole(payload: bytes, chance: random.Random) -> bytes:
    here, there = _span(payload, chance, 300)
    return payload[:here] + payload[there:]


def _twice(payload: bytes, chance: random.Random) -> bytes:
    here, there = _span(payload, chance, 500)
    return payload[:there] + payload[here:]


def _flipped(payload: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(payload or b"\0")
    for _ in range(chance.choice((1, 1, 5, 50))):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _word(payload: bytes, chance: random.Random) -> bytes:
    here, word = chance.randrange(len(payload) + 1), chance.choice(WORDS)
    return payload[:here] + word + payload[here + chance.choice((0, 1, len(word))) :]


def _encoded(payload: bytes, chance: random.Random) -> bytes:
    return payload.decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace")


def _control(payload: bytes, chance: random.Random) -> bytes:
    here = chance.randrange(len(payload) + 1)
    return payload[:here] + bytes([chance.choice(CONTROLS)]) + payload[here:]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut off": lambda payload, chance: payload[: chance.randrange(len(payload) + 1)],
    "beginning lost": lambda payload, chance: payload[chance.randrange(len(payload) + 1) :],
    "hole": _hole,
    "part twice": _twice,
    "bits flipped": _flipped,
    "word": _word,
    "encoding": _encoded,
    "control character": _control,
    "glued": lambda payload, chance: payload + payload,
}
