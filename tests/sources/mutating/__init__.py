"""Payloads as they might come one day: good ones, damaged in every way that could matter to a parser.

`mutants(payload, seed, count)` gives the same mutants for the same seed on every machine, and each is made
from its own number alone, so that one that did harm can be made again by itself.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import polars as pl
import yaml

from tests.sources.mutating import parquet, raw, tables, trees

Made = tuple[str, bytes]


class Mutant(NamedTuple):
    """A damaged payload: which one it is, what was done to it."""

    name: str
    what: str
    payload: bytes


def mutants(payload: bytes, seed: str, count: int) -> Iterator[Mutant]:
    """`count` damaged copies of a payload: of its bytes, and of its structure where it has one."""
    structured = _structure(payload)
    for number in range(count):
        name = f"{seed}#{number}"
        chance = random.Random(name)
        of_bytes = structured is None or chance.random() < 0.3
        damage = partial(raw.damaged, payload) if of_bytes or not structured else structured
        yield Mutant(name, *damage(chance))


def _structure(payload: bytes) -> Callable[[random.Random], Made] | None:
    """How to damage the structure of a payload, by what it is; None for what has none."""
    if payload[:4] == b"PAR1":
        return partial(parquet.damaged, pl.read_parquet(io.BytesIO(payload)))
    try:
        text = payload.decode("utf-8-sig")
        return partial(trees.damaged_json, json.loads(text))
    except UnicodeDecodeError:
        return None
    except ValueError:
        return _structure_of_text(text)


def _structure_of_text(text: str) -> Callable[[random.Random], Made] | None:
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith("{"):
        return partial(trees.damaged_lines, [json.loads(line) for line in lines])
    if text.lstrip().startswith("- "):
        return partial(trees.damaged_yaml, yaml.safe_load(text))
    if sum(line.lstrip().startswith("|") for line in lines) > 2:
        return partial(tables.damaged_markdown, text)
    table = list(csv.reader(io.StringIO(text)))
    return partial(tables.damaged_csv, table) if len(table) > 1 and len(table[0]) > 1 else None
