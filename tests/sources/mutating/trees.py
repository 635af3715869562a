"""Damage to JSON and YAML: keys deleted, renamed and retyped, lists doubled, emptied and filled."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from tests.sources.mutating.odd import ODD, PLAIN

Made = tuple[str, bytes]
LARGEST = 200_000
"""Characters of a value that is put into a list hundreds of times."""


def damaged_json(value: Any, chance: random.Random) -> Made:
    damaged = json.loads(json.dumps(value))
    done = [_damage(damaged, chance, ODD) for _ in range(chance.choice((1, 1, 1, 2, 4)))]
    if chance.random() < 0.02:
        damaged, done = chance.choice(ODD), ["another document"]
    return "; ".join(done), json.dumps(damaged, ensure_ascii=chance.random() < 0.5).encode()


def damaged_lines(values: list[Any], chance: random.Random) -> Made:
    damaged = json.loads(json.dumps(values))
    done = _damage(damaged, chance, ODD)
    return done, "\n".join(json.dumps(value) for value in damaged).encode()


def damaged_yaml(records: Any, chance: random.Random) -> Made:
    damaged = json.loads(json.dumps(records, default=str))
    done = [_damage(damaged, chance, PLAIN) for _ in range(chance.choice((1, 1, 2)))]
    return "; ".join(done), yaml.safe_dump(damaged, allow_unicode=True).encode()


def _damage(value: Any, chance: random.Random, odd: Sequence[Any]) -> str:
    """Damage one place in a value, in place. Places near the root are as likely as deep ones."""
    containers = _containers(value)
    if not containers:
        return "nothing"
    near = containers[min(int(chance.expovariate(0.3)), len(containers) - 1)]
    at = chance.choice((near, chance.choice(containers)))
    strange = chance.choice(odd)
    if isinstance(at, dict):
        what, key = chance.choice(list(IN_OBJECTS)), chance.choice(list(at))
        IN_OBJECTS[what](at, key, strange, chance)
        return f"{what} {key[:40]!r} {str(strange)[:20]!r}"
    what, place = chance.choice(list(IN_LISTS)), chance.randrange(len(at))
    IN_LISTS[what](at, place, strange, chance)
    return f"{what} [{place}] {str(strange)[:20]!r}"


def _containers(value: Any) -> list[Any]:
    found, level = [], [value]
    while level:
        level = [v for v in level if isinstance(v, dict | list) and v]
        found += level
        level = [child for v in level for child in (v.values() if isinstance(v, dict) else v)]
    return found


def _rename(at: dict[str, Any], key: str, odd: Any, chance: random.Random) -> None:
    at[str(chance.choice((key.upper(), f"{key}_2", "", odd)))[:200]] = at.pop(key)


def _retype(at: Any, place: Any, odd: Any, chance: random.Random) -> None:
    at[place] = odd


def _swap(at: dict[str, Any], key: str, odd: Any, chance: random.Random) -> None:
    other = chance.choice(list(at))
    at[key], at[other] = at[other], at[key]


def _wrap(at: dict[str, Any], key: str, odd: Any, chance: random.Random) -> None:
    at[key] = chance.choice(([at[key]], {"value": at[key]}, str(at[key])))


def _many(at: list[Any], place: int, odd: Any, chance: random.Random) -> None:
    if len(json.dumps(at[place])) < LARGEST:
        at.extend([at[place]] * 300)


IN_OBJECTS: dict[str, Callable[[dict[str, Any], str, Any, random.Random], object]] = {
    "delete": lambda at, key, odd, chance: at.pop(key),
    "rename": _rename,
    "retype": _retype,
    "put": _retype,
    "replace": _retype,
    "swap": _swap,
    "wrap": _wrap,
}
IN_LISTS: dict[str, Callable[[list[Any], int, Any, random.Random], object]] = {
    "delete": lambda at, place, odd, chance: at.pop(place),
    "retype": _retype,
    "double": lambda at, place, odd, chance: at.insert(place, json.loads(json.dumps(at[place]))),
    "shuffle": lambda at, place, odd, chance: chance.shuffle(at),
    "empty": lambda at, place, odd, chance: at.clear(),
    "many": _many,
}
