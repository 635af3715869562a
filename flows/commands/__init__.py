"""The commands: each module here holds some, and none is registered by hand."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import click


def load_commands() -> Iterator[click.Command]:
    """Every command that a module of this folder defines, but not those of a group in it."""
    for info in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = importlib.import_module(info.name)
        found = [value for value in vars(module).values() if isinstance(value, click.Command)]
        grouped = {
            id(command)
            for group in found
            if isinstance(group, click.Group)
            for command in group.commands.values()
        }
        yield from (command for command in found if id(command) not in grouped)
