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
from typing import Any, NamedTuple

import polars as pl
import yaml


class Mutant(NamedTuple):
    """A damaged payload: which one it is, what was done to it."""

    name: str
    what: str
    payload: bytes


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "-",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "1e999",
    "null",
    "%",
    "abc",
    True,
    False,
    0,
    -1,
    -1.5,
    0.5,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    2**31,
    2**63,
    -(2**63) - 1,
    10**30,
    10**400,
    "9" * 400,
    "1" + "0" * 30,
    "1,024",
    "1,2,3",
    "１２",
    "٣",
    "0x10",
    "1_000",
    "2999-01-01",
    "0001-01-01",
    "9999-12-31",
    "2025-02-30",
    "20250230",
    "2025-13-01T99:99:99Z",
    "10000-01-01",
    "=1+1",
    "<b>",
    "[/]",
    "\u202e",
    "\u0000",
    "\x1b[31m",
    "a\nb",
    "\U0001f600",
    "x" * 100_000,
    "🦆" * 20_000,
    [],
    {},
    [[]],
    [1, "a", None],
    {"a": 1},
    nested(30),
    nested(600),
)


def mutants(payload: bytes, seed: str, count: int) -> Iterator[Mutant]:
    """`count` damaged copies of a payload: of its bytes, and of its structure where it has one."""
    structured = _structure(payload)
    for number in range(count):
        name = f"{seed}#{number}"
        chance = random.Random(name)
        if structured and chance.random() < 0.7:
            what, damaged = structured(chance)
        else:
            what, damaged = _bytes(payload, chance)
        yield Mutant(name, what, damaged)


# --- bytes ---------------------------------------------------------------------------------------


def _bytes(payload: bytes, chance: random.Random) -> tuple[str, bytes]:
    damaged = bytearray(payload)
    here, there = sorted(chance.randrange(max(len(damaged), 1)) for _ in range(2))
    what = chance.choice(
        ("cut", "head", "hole", "twice", "flip", "word", "encoding", "control", "glued")
    )
    match what:
        case "cut":
            del damaged[here:]
        case "head":
            del damaged[:here]
        case "hole":
            del damaged[here : min(there, here + 300)]
        case "twice":
            damaged[here:here] = damaged[here : min(there, here + 500)]
        case "flip":
            for _ in range(chance.choice((1, 1, 5, 50))):
                if damaged:
                    damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        case "word":
            word = chance.choice(
                (
                    b"NaN",
                    b"-Infinity",
                    b"1e999",
                    b"null",
                    b'"',
                    b",",
                    b"\n",
                    b"|",
                    b"{",
                    b"]",
                    b"&a *a",
                )
            )
            damaged[here : here + chance.choice((0, 1, len(word)))] = word
        case "encoding":
            text = payload.decode("utf-8", "replace")
            code = chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-7", "cp500", "utf-8-sig"))
            damaged = bytearray(text.encode(code, "replace"))
        case "control":
            damaged[here:here] = bytes([chance.choice((0, 8, 9, 11, 13, 27, 127, 0x85, 0xFF))])
        case "glued":
            damaged += payload
    return what, bytes(damaged)


# --- structures ----------------------------------------------------------------------------------

Made = tuple[str, bytes]


def _structure(payload: bytes) -> Callable[[random.Random], Made] | None:
    """How to damage the structure of a payload, by what it is; None for what has none."""
    if payload[:4] == b"PAR1":
        frame = pl.read_parquet(io.BytesIO(payload))
        return lambda chance: _parquet(frame, chance)
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    try:
        value = json.loads(text)
        return lambda chance: _json(value, chance)
    except ValueError:
        pass
    if text.lstrip().startswith("- "):
        records = yaml.safe_load(text)
        return lambda chance: _yaml(records, chance)
    if sum(line.lstrip().startswith("|") for line in text.splitlines()) > 2:
        return lambda chance: _markdown(text, chance)
    table = list(csv.reader(io.StringIO(text)))
    if len(table) > 1 and len(table[0]) > 1:
        return lambda chance: _csv(table, chance)
    return None


def _json(value: Any, chance: random.Random) -> Made:
    damaged = json.loads(json.dumps(value))
    done = [_damage(damaged, chance) for _ in range(chance.choice((1, 1, 1, 2, 4)))]
    if chance.random() < 0.02:
        damaged, done = chance.choice(ODD), ["another document"]
    return "; ".join(done), json.dumps(damaged, ensure_ascii=chance.random() < 0.5).encode()


def _yaml(records: Any, chance: random.Random) -> Made:
    damaged = json.loads(json.dumps(records, default=str))
    done = [_damage(damaged, chance, deep=False) for _ in range(chance.choice((1, 1, 2)))]
    return "; ".join(done), yaml.safe_dump(damaged, allow_unicode=True).encode()


def _containers(value: Any) -> list[Any]:
    found, level = [], [value]
    while level:
        level = [v for v in level if isinstance(v, dict | list) and v]
        found += level
        level = [child for v in level for child in (v.values() if isinstance(v, dict) else v)]
    return found


def _damage(value: Any, chance: random.Random, deep: bool = True) -> str:
    """Damage one place in a JSON value, in place. Shallow places are as likely as deep ones."""
    containers = _containers(value)
    if not containers:
        return "nothing"
    at = containers[min(int(chance.expovariate(0.3)), len(containers) - 1)]
    if chance.random() < 0.6:
        at = chance.choice(containers)
    odd = chance.choice(ODD if deep else [o for o in ODD if not isinstance(o, list | dict)])
    if isinstance(at, dict):
        key = chance.choice(list(at))
        what = chance.choice(("delete", "rename", "retype", "retype", "retype", "swap", "wrap"))
        match what:
            case "delete":
                del at[key]
            case "rename":
                at[str(chance.choice((key.upper(), key + "_2", "", odd)))[:200]] = at.pop(key)
            case "retype":
                at[key] = odd
            case "swap":
                other = chance.choice(list(at))
                at[key], at[other] = at[other], at[key]
            case "wrap":
                at[key] = chance.choice(([at[key]], {"value": at[key]}, str(at[key])))
        return f"{what} {key[:40]!r} {str(odd)[:20]!r}"
    place = chance.randrange(len(at))
    what = chance.choice(("delete", "retype", "double", "swap", "empty", "many"))
    match what:
        case "delete":
            del at[place]
        case "retype":
            at[place] = odd
        case "double":
            at.insert(place, json.loads(json.dumps(at[place])))
        case "swap":
            chance.shuffle(at)
        case "empty":
            at.clear()
        case "many":
            at.extend([at[place]] * 300)
    return f"{what} [{place}] {str(odd)[:20]!r}"


def _csv(table: list[list[str]], chance: random.Random) -> Made:
    damaged = [list(row) for row in table]
    done = [_damage_table(damaged, chance) for _ in range(chance.choice((1, 1, 1, 2, 4)))]
    file = io.StringIO()
    csv.writer(file, lineterminator=chance.choice(("\n", "\r\n"))).writerows(damaged)
    return "; ".join(done), file.getvalue().encode("utf-8", "replace")


def _damage_table(table: list[list[str]], chance: random.Random) -> str:
    column = chance.randrange(len(table[0])) if table and table[0] else 0
    row = chance.randrange(1, len(table)) if len(table) > 1 else 0
    odd = str(chance.choice([o for o in ODD if not isinstance(o, list | dict)] + [""]))
    kinds = ("drop column", "rename", "cell", "cell", "cell", "whole column", "swap columns")
    what = chance.choice(
        (*kinds, "double row", "drop row", "short row", "long row", "no rows", "wide")
    )
    match what:
        case "drop column":
            for cells in table:
                del cells[column : column + 1]
        case "rename":
            if table and table[0]:
                table[0][column] = chance.choice((table[0][column].upper(), table[0][0], "", odd))
        case "cell":
            if row and column < len(table[row]):
                table[row][column] = odd
        case "whole column":
            for cells in table[1:]:
                cells[column : column + 1] = [odd[:1000]]
        case "swap columns":
            other = chance.randrange(len(table[0])) if table and table[0] else 0
            for cells in table[1:]:
                if max(column, other) < len(cells):
                    cells[column], cells[other] = cells[other], cells[column]
        case "double row":
            table.insert(row, list(table[row]))
        case "drop row":
            del table[row]
        case "short row":
            del table[row][-1:]
        case "long row":
            table[row].append(odd)
        case "no rows":
            del table[1:]
        case "wide":
            for number, cells in enumerate(table):
                cells += [f"c{i}" if number == 0 else "" for i in range(500)]
    return f"{what} {column},{row} {odd[:20]!r}"


def _markdown(text: str, chance: random.Random) -> Made:
    lines = text.splitlines()
    rows = [i for i, line in enumerate(lines) if line.lstrip().startswith("|")]
    at = chance.choice(rows)
    odd = str(chance.choice([o for o in ODD if not isinstance(o, list | dict)]))
    what = chance.choice(("cell", "cell", "drop", "double", "split", "join", "header", "plain"))
    cells = lines[at].split("|")
    match what:
        case "cell":
            cells[chance.randrange(len(cells))] = odd
            lines[at] = "|".join(cells)
        case "drop":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "split":
            lines.insert(at, "")
        case "join":
            lines[at : at + 2] = ["".join(lines[at : at + 2])]
        case "header":
            lines.insert(at, lines[rows[0]])
        case "plain":
            place = chance.randrange(len(lines))
            lines[place] = odd
    return f"{what} line {at} {odd[:20]!r}", "\n".join(lines).encode("utf-8", "replace")


def _parquet(frame: pl.DataFrame, chance: random.Random) -> Made:
    column = chance.choice(frame.columns)
    kind = frame.schema[column]
    what = chance.choice(
        (
            "drop",
            "rename",
            "as text",
            "null",
            "odd",
            "odd",
            "double",
            "nothing",
            "odd dates",
            "list",
        )
    )
    here = chance.randrange(max(frame.height, 1))
    odd: Any = None
    match what:
        case "drop":
            frame = frame.drop(column)
        case "rename":
            frame = frame.rename({column: column + "_2"})
        case "as text":
            frame = frame.with_columns(pl.col(column).cast(pl.String))
        case "null":
            frame = frame.with_columns(pl.lit(None, dtype=kind).alias(column))
        case "odd":
            if kind.is_float():
                odd = chance.choice((float("nan"), float("inf"), 1e308, -1.0, 0.5, 0.0, None))
            elif kind.is_integer():
                odd = chance.choice((0, -1, 2**31 - 1))
            elif kind == pl.String:
                odd = chance.choice([o for o in ODD if isinstance(o, str)])
            put = pl.int_range(pl.len()) == here
            if odd is not None:
                value = pl.when(put).then(pl.lit(odd, dtype=kind)).otherwise(pl.col(column))
                frame = frame.with_columns(value.alias(column))
        case "double":
            frame = pl.concat([frame, frame.slice(here, 1)])
        case "nothing":
            frame = frame.clear()
        case "odd dates":
            for name, dtype in frame.schema.items():
                if dtype.is_temporal():
                    odd = chance.choice((-800_000, -1, 2_000_000, 0))
                    frame = frame.with_columns(pl.lit(odd).cast(pl.Int32).cast(pl.Date).alias(name))
        case "list":
            frame = frame.with_columns(pl.concat_list(pl.col(column)).alias(column))
    file = io.BytesIO()
    frame.write_parquet(file)
    return f"{what} {column} {str(odd)[:20]!r}", file.getvalue()
