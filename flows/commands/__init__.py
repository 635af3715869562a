"""The commands, one a module: the command NAME is NAME in NAME.py, and none is registered by hand."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

import click

SHARED = "common"
"""The module here that is no command."""


class Commands(Mapping[str, click.Command]):
    """The commands by name. Each is imported when it is asked for: none waits for those of another."""

    def __init__(self) -> None:
        self._names = {info.name for info in pkgutil.iter_modules(__path__)} - {SHARED}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._names:
            raise KeyError(name)
        module = importlib.import_module(f"{__name__}.{name}")
        command: click.Command = getattr(module, name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
