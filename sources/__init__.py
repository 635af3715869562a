"""The public sources we watch. A module here with a CARD and a parse is a source; nothing registers it."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from sources.contract import Board, Card, SourceChanged, Witness, to_tidy

__all__ = [
    "Board",
    "Card",
    "Parse",
    "Source",
    "SourceChanged",
    "Witness",
    "load_sources",
    "to_tidy",
]


SHARED = ("card.py", "contract.py", "price_contract.py", "item_contract.py", "reading.py")


class Parse(Protocol):
    """bytes -> tidy rows. Pure; `url` is where the bytes came from, for boards told apart by it."""

    def __call__(
        self, payload: bytes, captured_at: dt.datetime, *, url: str = ""
    ) -> pl.DataFrame: ...


@dataclass(frozen=True)
class Source:
    """A source module: its card, its parser, and a hash of the code that parses.

    `items` reads the results of single cases from the same payload, where the source has them.
    """

    card: Card
    parse: Parse
    version: str
    items: Parse | None = None

    @property
    def id(self) -> str:
        return self.card.id


def load_sources() -> dict[str, Source]:
    """Every source in this folder by id, in order of name."""
    folder = Path(__file__).parent
    shared = b"".join((folder / name).read_bytes() for name in SHARED)
    found: dict[str, Source] = {}
    for info in sorted(pkgutil.iter_modules([str(folder)]), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if hasattr(module, "CARD") and hasattr(module, "parse"):
            code = (folder / f"{info.name}.py").read_bytes()
            version = hashlib.sha256(code + shared).hexdigest()[:12]
            items = getattr(module, "items", None)
            found[module.CARD.id] = Source(module.CARD, module.parse, version, items)
    return found
