"""Publishing to a lake: only what differs is written, in one step, and every earlier version can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.warehouse.lakes import attached, on_lake
from warehouse import lake_publish
from warehouse.database import connect
from warehouse.lake_publish import publish_to_lake
from warehouse.models import build, read_models
from warehouse.place import Lake
from warehouse.publish import Extra
from warehouse.reader import reader

GAPS = """-- One row per board: its gap.
--
-- board  the board
-- gap    first less second
--
-- key: board
select board, gap::double as gap from (values {rows}) as given (board, gap)
"""
CASES = """-- One row per case, with its prompt.
--
-- case_id  the case
-- prompt   what was asked
--
-- key: case_id
select 1 as case_id, 'private' as prompt
"""
MACROS = """
create or replace macro twice(x) as 2 * x;
create or replace macro gap_of(name, known := null) as table
    select gap, known as until from metrics.gaps where board = name;
comment on macro twice is 'Two times x.';
"""
Publish = Callable[..., None]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    found = on_lake(tmp_path / "home").lake
    assert found
    return found


@pytest.fixture
def publish(tmp_path: Path, lake: Lake) -> Iterator[Publish]:
    """Build metrics.gaps (and a private table) from rows and publish them."""
    folder = tmp_path / "sql"
    for schema in ("metrics", "local"):
        (folder / schema).mkdir(parents=True)
    (folder / "local" / "cases.sql").write_text(CASES)
    with closing(connect(tmp_path / "build.duckdb")) as db:

        def run(
            *rows: tuple[str, float],
            query: str = GAPS,
            extras: Sequence[Extra] = (),
            private: bool = False,
        ) -> None:
            values = ", ".join(f"('{board}', {gap:.1f})" for board, gap in rows)
            (folder / "metrics" / "gaps.sql").write_text(query.format(rows=values))
            models = read_models(folder, tmp_path / "none")
            build(db, models)
            publish_to_lake(db, models, MACROS, lake, private, extras, message="a run")

        yield run


Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def analyst(lake: Lake, tmp_path: Path) -> Iterator[Ask]:
    """Ask as somebody would who has the catalog attached while runs publish."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def ask(query: str) -> list[tuple[Any, ...]]:
        if not opened:
            opened.append(attached(on_lake(tmp_path / "home")))
        return opened[0].sql(query).fetchall()

    yield ask
    for db in opened:
        db.close()


def newest(analyst: Ask) -> object:
    return analyst("select max(snapshot_id) from published.snapshots()")[0][0]


def test_an_earlier_version_shows_the_tables_as_they_were(publish: Publish, analyst: Ask) -> None:
    publish(("a", 10), ("b", 5))
    version, moment = analyst(
        "select snapshot_id, snapshot_time from published.snapshots() order by 1 desc limit 1"
    )[0]
    publish(("a", 1), ("c", 7))
    assert analyst("from metrics.gaps order by board") == [("a", 1), ("c", 7)]
    for at in (f"version => {version}", f"timestamp => '{moment}'"):
        told = analyst(f"from metrics.gaps at ({at}) order by board")
        assert told == [("a", 10), ("b", 5)]


def test_a_version_has_the_rows_that_differ_and_no_others(publish: Publish, analyst: Ask) -> None:
    publish(("a", 10), ("b", 5), ("same", 3))
    before = newest(analyst)
    publish(("a", 1), ("same", 3), ("c", 7))
    after = newest(analyst)
    changes = analyst(
        "select change_type, board, gap from ducklake_table_changes("
        f"'published', 'metrics', 'gaps', {before} + 1, {after}) order by all"
    )
    assert changes == [
        ("delete", "a", 10),
        ("delete", "b", 5),
        ("insert", "a", 1),
        ("insert", "c", 7),
    ]
    assert analyst(
        f"select author, commit_message from published.snapshots() where snapshot_id = {after}"
    ) == [("photofinish", "a run")]


def test_publishing_the_same_again_adds_no_rows_and_no_files(
    publish: Publish, analyst: Ask, lake: Lake
) -> None:
    publish(("a", 10), ("b", 5))
    files, before = sorted(Path(lake.data).rglob("*")), newest(analyst)
    publish(("b", 5), ("a", 10))
    assert sorted(Path(lake.data).rglob("*")) == files
    changed = (
        analyst(
            f"from ducklake_table_changes('published', 'metrics', 'gaps', {before} + 1, {newest(analyst)})"
        )
        if newest(analyst) != before
        else []
    )
    assert changed == []


def test_a_reader_sees_one_version_from_beginning_to_end(publish: Publish, lake: Lake) -> None:
    publish(("a", 10))
    with reader(lake) as db:
        assert db.sql("from metrics.gaps").fetchall() == [("a", 10)]
        publish(("a", 1), ("b", 2))
        assert db.sql("select count(*), max(gap) from metrics.gaps").fetchall() == [(1, 10)]
    with reader(lake) as db:
        assert db.sql("select count(*), max(gap) from metrics.gaps").fetchall() == [(2, 2)]


def test_publishing_that_fails_leaves_the_version_before(
    publish: Publish, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(("a", 10))

    def fail(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(lake_publish, "_told", lambda db: "other macros")
        patched.setattr(lake_publish, "_write_macros", fail)
        with pytest.raises(RuntimeError):
            publish(("a", 1))
    with reader(lake) as db:
        assert db.sql("from metrics.gaps").fetchall() == [("a", 10)]
    publish(("a", 1))
    with reader(lake) as db:
        assert db.sql("from metrics.gaps").fetchall() == [("a", 1)]


def test_a_table_with_other_columns_is_made_anew_with_its_comments(
    publish: Publish, analyst: Ask
) -> None:
    publish(("a", 10))
    wider = GAPS.replace("-- gap    first", "-- twice  two gaps\n-- gap    first").replace(
        "select board, gap", "select board, (2 * gap)::double as twice, gap"
    )
    publish(("a", 10), query=wider)
    assert analyst("from metrics.gaps") == [("a", 20, 10)]
    told = "select column_name, comment from duckdb_columns() where table_name = 'gaps'"
    assert analyst(told) == [
        ("board", "the board"),
        ("twice", "two gaps"),
        ("gap", "first less second"),
    ]
    assert analyst("select gap from gap_of('a')") == [(10,)]


def test_enums_are_text_on_a_lake(publish: Publish, analyst: Ask) -> None:
    publish(("a", 10), query=GAPS.replace("select board", "select board::enum('a', 'b') as board"))
    publish(("b", 10), query=GAPS.replace("select board", "select board::enum('a', 'b') as board"))
    assert analyst("from metrics.gaps") == [("b", 10)]


def test_prompts_are_there_only_while_they_are_asked_for(publish: Publish, analyst: Ask) -> None:
    schemas = "select distinct schema_name from duckdb_tables() order by 1"
    publish(("a", 10))
    assert analyst(schemas) == [("metrics",), ("raw",)]
    publish(("a", 10), private=True)
    assert analyst(schemas) == [("local",), ("metrics",), ("raw",)]
    publish(("a", 10))
    assert analyst(schemas) == [("metrics",), ("raw",)]


def test_a_table_kept_elsewhere_is_published_beside_them(publish: Publish, analyst: Ask) -> None:
    def events(*ids: str) -> Extra:
        rows = pl.DataFrame({"id": list(ids)}, schema={"id": pl.String})
        return Extra("alerts.events", "One row per event.", {"id": "its name"}, rows)

    publish(("a", 10), extras=[events()])
    assert analyst("from alerts.events") == []
    publish(("a", 10), extras=[events("x", "x", "y")])
    assert analyst("from alerts.events order by id") == [("x",), ("x",), ("y",)]


def test_macros_are_there_and_a_default_of_null_means_all_that_is_known(
    publish: Publish, analyst: Ask
) -> None:
    publish(("a", 10))
    assert analyst("select twice(21)") == [(42,)]
    assert analyst("select gap, until > '2100-01-01' from gap_of('a')") == [(10, True)]


def test_a_join_by_snapshot_id_is_not_taken_for_the_lakes_own_column(
    publish: Publish, lake: Lake, analyst: Ask
) -> None:
    wider = GAPS.replace("-- gap ", "-- snapshot_id  its snapshot\n-- gap ")
    publish(("a", 10), query=wider.replace("select board,", "select board, 's' as snapshot_id,"))
    query = """
        select count(*) from metrics.gaps as a
        join raw.payloads as other on other.source is distinct from a.board
        join metrics.gaps as b using (snapshot_id)
    """
    with pytest.raises(duckdb.BinderException, match="snapshot_id"):
        analyst(query)
    with reader(lake) as db:
        assert db.sql(query).fetchall() == [(0,)]
