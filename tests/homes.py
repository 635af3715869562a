"""Homes for tests that are made once and copied: a copy costs milliseconds, a build a third of a second."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from flows.settings import Settings
from tests.conftest import Rows
from tests.warehouse.lakes import finish, land_states
from warehouse.database import connect
from warehouse.delta import identity


def published(folder: Path, states: Mapping[str, Rows], **facts: object) -> Settings:
    """A home with the tables of these boards, published; for the arguments see `warehouse` in conftest.py."""
    home = Settings(home=folder, lock_wait=0)
    land_states(home, states, **facts)
    finish(home)
    return home


def copied(home: Settings, folder: Path) -> Settings:
    """A copy of a home in a folder that is not there yet.

    The published file is another by its number, so the copy is told that it is the one published last.
    """
    shutil.copytree(home.home, folder)
    copy = home.model_copy(update={"home": folder})
    if copy.published.exists():
        with closing(connect(copy.build)) as db:
            db.execute(
                "update built.published set mark = ? where name = 'file'",
                [identity(copy.published)],
            )
    return copy
