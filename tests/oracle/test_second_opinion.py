"""Every metric of hundreds of random boards, computed twice: by the warehouse and naively in plain Python.

PHOTOFINISH_SOAK=200 looks at 200 times forty boards, other ones each time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.settings import Settings
from tests.conftest import built, landed, tidy_csv
from tests.oracle.boards import Board
from tests.oracle.random_boards import PLANS, Plan, boards_of, payloads
from tests.oracle.second_opinion import differences
from warehouse.archive import Archive

SOAK = int(os.environ.get("PHOTOFINISH_SOAK", "0"))


# Many boards share one warehouse, as making one takes a second; so there is nothing to gain from shrinking.
@settings(
    max_examples=SOAK or 9,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(PLANS, min_size=40, max_size=40))
def test_the_warehouse_and_the_naive_oracle_agree(plans: Sequence[Plan]) -> None:
    named = {f"test/b{i:02}": plan for i, plan in enumerate(plans)}
    boards = [board for name, plan in named.items() for board in boards_of(name, plan)]
    found = sorted(opinions(boards, named))
    shown = [f"{line}\n  {named[line.split()[1]]}" for line in found[:5]]
    assert not found, "\n".join([f"{len(found)} differences, the first:", *shown])


def opinions(boards: Sequence[Board], plans: dict[str, Plan]) -> list[str]:
    """The boards landed, loaded and built by the real code, then held against the oracle."""
    with TemporaryDirectory() as folder:
        home = Settings(home=Path(folder))
        archive = Archive(home.archive)
        archive.append(
            landed(
                archive,
                tidy_csv(rows, None, {}),
                datetime.combine(day, time(), UTC),
                url=f"file:///{i}.csv",
            )
            for i, (day, rows) in enumerate(sorted(payloads(boards, plans).items()))
        )
        db = built(home)
        try:
            refused = db.sql("select reason from raw.quarantine").fetchall()
            assert refused == []
            return list(differences(db, boards))
        finally:
            db.close()
