"""The publisher's own files of its whole past: many states in one payload, landed as each was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from flows import pipeline
from flows.pull import pull
from flows.settings import Settings
from sources import Source, load_sources
from tests.conftest import tidy_csv
from tests.flows.server import serving


def test_a_file_of_the_whole_past_gives_a_snapshot_for_each_date(settings: Settings) -> None:
    past = tidy_csv(
        [
            {"model_raw": model, "score": score + day, "as_of": f"2025-01-{day:02}"}
            for day in range(1, 11)
            for model, score in (("ada", 2), ("bea", 1))
        ],
        None,
        {},
    )
    today = tidy_csv([{"model_raw": "ada", "score": 99, "as_of": "2025-01-11"}], None, {})
    with serving() as told:
        tidy = load_sources()["tidy"]
        card = replace(
            tidy.card,
            id="web",
            urls=lambda day: [[f"{told.url}/latest"]],
            history=(f"{told.url}/full",),
        )
        source = Source(card, tidy.parse, "1")
        for body, history in ((past, True), (today, False), (past, True)):
            told.body = body
            pull(source, settings, "r", lambda: datetime.now(UTC), history=history)
        assert told.paths == ["/full", "/latest", "/full"]
    pipeline.load_journal(settings, {"web": source})
    pipeline.make_tables(settings, {"web": source})
    pipeline.publish_tables(settings)
    with duckdb.connect(str(settings.published), read_only=True) as db:
        assert db.sql("select count(*), max(as_of)::varchar from core.snapshots").fetchall() == [
            (11, "2025-01-11")
        ]
