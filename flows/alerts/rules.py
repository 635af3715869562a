"""The rules of alerts.toml: a wrong one is refused with its line, and the others still work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.alerts.rule import Rule, Wrong, nearest
from flows.settings import ROOT

RULES = ROOT / "alerts.toml"


class BrokenRules(Exception):
    """The file of rules cannot be read at all. Names the place and what would be right."""


@dataclass(frozen=True)
class RefusedRule:
    """A rule that is not written right: its line in the file and what would be right."""

    name: str
    line: int
    reason: str


@dataclass(frozen=True)
class Written:
    """What a file holds: the rules that can be used, in its order, and those that cannot."""

    rules: Sequence[Rule] = ()
    refused: Sequence[RefusedRule] = ()


@dataclass
class Place:
    """Where a table stands in the file: the line of its header, and of each of its keys."""

    line: int
    keys: dict[str, int] = field(default_factory=dict)


def read_rules(path: Path = RULES) -> Written:
    """Every [[rule]] of a file. Raises BrokenRules if it cannot be read or is no TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise BrokenRules(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenRules(f"{path} is not TOML: {error}") from error
    written = document.pop("rule", [])
    top, places = find_places(text)
    refused = [
        RefusedRule("", top.keys.get(key, 1), f"there is no {key}; a file of rules has [[rule]]")
        for key in document
    ]
    if not isinstance(written, list) or len(places) != len(written):
        line = top.keys.get("rule", 1)
        return Written((), [*refused, RefusedRule("", line, "write each rule under [[rule]]")])
    rules: list[Rule] = []
    lines: dict[str, int] = {}
    for table, place in zip(written, places, strict=True):
        read = _read(table, place, lines)
        if isinstance(read, RefusedRule):
            refused.append(read)
        else:
            rules.append(read)
            lines[read.name] = place.line
    return Written(rules, refused)


def _read(table: dict[str, Any], place: Place, lines: dict[str, int]) -> Rule | RefusedRule:
    name = str(table.get("name", ""))
    try:
        rule = Rule.model_validate(table)
    except ValidationError as error:
        wrong = list(_wrong(error, place))
        return RefusedRule(name, wrong[0][0], "; ".join(reason for _, reason in wrong))
    if name in lines:
        line = place.keys.get("name", place.line)
        reason = f"name: line {lines[name]} has a rule {name!r} already; name this one otherwise"
        return RefusedRule(name, line, reason)
    return rule


def _wrong(error: ValidationError, place: Place) -> Iterator[tuple[int, str]]:
    """The line and the reason of each mistake, in the order of the file; one for each key."""
    found: dict[str, str] = {}
    for one in error.errors():
        cause = one.get("ctx", {}).get("error")
        key = cause.key if isinstance(cause, Wrong) else str(one["loc"][0])
        found.setdefault(key, _reason(key, one))
    for key in sorted(found, key=lambda key: place.keys.get(key, place.line)):
        yield place.keys.get(key, place.line), found[key]


def _reason(key: str, error: Any) -> str:
    fields = [f.alias or name for name, f in Rule.model_fields.items()]
    if error["type"] == "extra_forbidden":
        return f"there is no key {key!r}; perhaps {nearest(key, fields)}"
    if error["type"] == "missing":
        return f"{key} is missing"
    if key == "notify":
        return "notify: names of channels (letters, digits, - and _), not their addresses"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}"


HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?")
KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*[.=]")
QUOTES = ('"""', "'''")


def find_places(text: str) -> tuple[Place, list[Place]]:
    """Lines (from 1) of what stands before and beside the rules, and of each [[rule]].

    tomllib does not tell. `text` is valid TOML; lines within texts of several lines are passed over.
    """
    top, rules = Place(1), []
    current, closing = top, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if line.lstrip().startswith("#"):
            continue
        if header := HEADER.match(line):
            name = header[1].strip("\"' ")
            if name == "rule" and line.lstrip().startswith("[["):
                rules.append(current := Place(number))
            elif not name.startswith("rule."):
                current = Place(number)
                top.keys.setdefault(name.split(".")[0], number)
        elif key := KEY.match(line):
            current.keys.setdefault(key[1].strip("\"'"), number)
        closing = next((quote for quote in QUOTES if line.count(quote) % 2), "")
    return top, rules
