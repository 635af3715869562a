"""Loading: what the journal says is taken over once, payloads are read here or beside, with one result."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread

import duckdb
import polars as pl
import pytest

from flows import pipeline
from flows.settings import Settings
from sources import load_sources
from tests.conftest import landed, scored, tidy_csv
from warehouse.archive import Archive
from warehouse.database import connect, load
from warehouse.parsed import Key, state_hash
from warehouse.workers import Batch, read_batches

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def land(settings: Settings, days: Sequence[int]) -> Archive:
    archive = Archive(settings.archive)
    archive.append(
        landed(
            archive,
            tidy_csv(scored(ada=2, bea=day), None, {}),
            NOON.replace(day=day),
            "file:///b.csv",
        )
        for day in days
    )
    return archive


def loaded(settings: Settings) -> tuple[int, list[tuple[object, ...]]]:
    """How many payloads were read, and the states with their rows."""
    with closing(connect(settings.build)) as db:
        read = load(db, Archive(settings.archive), pipeline.parsers(load_sources()))
        return read, rows(db)


def rows(db: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return db.execute(
        """
        select sha256, state, task, states.source, model_raw, score
        from parsed.rows
        join parsed.states as states using (reading)
        join parsed.names as names using (name)
        order by all
        """
    ).fetchall()


def test_only_what_the_journal_has_beyond_the_last_time_is_read(settings: Settings) -> None:
    land(settings, [1, 2])
    assert loaded(settings)[0] == 2
    land(settings, [3])
    read, found = loaded(settings)
    assert read == 1
    assert len(found) == 6
    assert loaded(settings) == (0, found)


def test_a_rewritten_journal_is_taken_anew(settings: Settings) -> None:
    archive = land(settings, [1, 2, 3])
    loaded(settings)
    journal = archive.journal / "2025-01.ndjson"
    kept = journal.read_bytes().splitlines(keepends=True)[:2]
    journal.write_bytes(b"".join(kept))
    loaded(settings)
    with closing(connect(settings.build)) as db:
        assert db.sql("select count(*) from raw.fetches").fetchall() == [(2,)]
        assert db.sql("select count(*) from raw.payloads").fetchall() == [(2,)]


def test_a_line_without_its_end_counts_once(settings: Settings) -> None:
    archive = land(settings, [1, 2])
    journal = archive.journal / "2025-01.ndjson"
    journal.write_bytes(journal.read_bytes().removesuffix(b"\n"))
    loaded(settings)
    land(settings, [3])
    loaded(settings)
    with closing(connect(settings.build)) as db:
        assert db.sql("select count(*) from raw.fetches").fetchall() == [(3,)]


def test_workers_read_the_same_as_this_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(settings, range(1, 21))
    here = loaded(settings)
    settings.build.unlink()
    monkeypatch.setattr("warehouse.workers.WORTH_IT", 1)
    monkeypatch.setattr("warehouse.load.BATCH_PAYLOADS", 3)
    assert loaded(settings) == here


def test_a_worker_tells_of_a_damaged_archive(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = land(settings, [1])
    next(Path(archive.root).glob("??/*.gz")).unlink()
    monkeypatch.setattr("warehouse.workers.WORTH_IT", 1)
    assert loaded(settings)[0] == 0
    with closing(connect(settings.build)) as db:
        (told,) = db.execute("select problem from raw.damaged").fetchone() or ("",)
    assert "restore it from a copy" in told


def test_batches_that_no_pipe_holds_are_all_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.workers.WORTH_IT", 1)
    # What is not in the archive is told with its address: answers are as long as what was asked.
    batches = [
        [(Key("0" * 64, "tidy", f"https://a.test/{b}/{i}{'x' * 5000}"), NOON) for i in range(300)]
        for b in range(6)
    ]
    told: list[Batch] = []

    def read() -> None:
        parsers = pipeline.parsers(load_sources())
        told.extend(b for b, _ in read_batches(Archive(settings.archive), parsers, batches))

    reading = Thread(target=read, daemon=True)
    reading.start()
    reading.join(120)
    assert sorted(told) == batches


def test_a_newer_parser_leaves_nothing_of_the_older_one(settings: Settings) -> None:
    land(settings, [1, 2])
    parsers = pipeline.parsers(load_sources())
    _, before = loaded(settings)
    tidy = parsers["tidy"]
    with closing(connect(settings.build)) as db:
        newer = {"tidy": type(tidy)("newer", tidy.read)}
        assert load(db, Archive(settings.archive), newer) == 2
        assert rows(db) == before


FRAME = pl.DataFrame(
    {
        "model_raw": ["a", "b"],
        "score": [1.0, None],
        "n": [None, 3],
        "as_of": [date(2025, 1, 1)] * 2,
        "extra": ["{}", None],
    }
)


def test_a_side_note_is_no_other_state() -> None:
    assert state_hash(FRAME) == state_hash(FRAME.with_columns(extra=pl.lit("{}")))


@pytest.mark.parametrize(
    "other",
    [
        FRAME.with_columns(score=pl.Series([None, 1.0])),
        FRAME.with_columns(score=pl.Series([1.0, 0.0])),
        FRAME.with_columns(n=pl.Series([3, None])),
        FRAME.with_columns(model_raw=pl.Series(["a", "b "])),
        FRAME.with_columns(model_raw=pl.Series(["a", None], dtype=pl.String)),
        FRAME.with_columns(as_of=pl.Series([date(2025, 1, 2)] * 2)),
        FRAME.head(1),
        FRAME.rename({"n": "m"}),
    ],
)
def test_anything_else_is(other: pl.DataFrame) -> None:
    assert state_hash(FRAME) != state_hash(other)
