"""The runner: what a header may say, in which order models are made, and what stops publication."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from flows.pipeline import SQL, STEPS
from warehouse import models
from warehouse.models import BadModel, BrokenPromise, build, describe, read_models

HEADER = "-- One row per x.\n--\n-- a  the a\n--\n-- key: a\n"
VIRTUAL = "-- x\n--\n-- a  the a\n-- b  the b\n--\n-- key: a\n-- virtual: b = twice\n"


def model(folder: Path, table: str, text: str) -> None:
    path = folder / f"{table.replace('.', '/')}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def made(folder: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    build(db, read_models(folder, folder / "no-steps"))
    return db


def test_parents_are_made_first_whatever_the_file_is_called(tmp_path: Path) -> None:
    model(tmp_path, "core.zebra", f"{HEADER}select 1 as a")
    model(tmp_path, "core.ant", f"{HEADER}with z as (select a from core.zebra) select a from z")
    order = [m.table for m in read_models(tmp_path, tmp_path / "none")]
    assert order == ["core.zebra", "core.ant"]
    assert made(tmp_path).sql("from core.ant").fetchall() == [(1,)]


def test_models_of_one_scope_follow_each_other(tmp_path: Path) -> None:
    for number, scope in enumerate(["date", "step", "everything", "date", "step"]):
        header = HEADER.replace("-- key", f"-- scope: {scope}\n-- key")
        model(tmp_path, f"core.t{number}", f"{header}select 1 as a")
    order = [m.table.removeprefix("core.t") for m in read_models(tmp_path, tmp_path / "none")]
    assert "".join(order) == "20314"


def test_the_header_becomes_comments(tmp_path: Path) -> None:
    model(tmp_path, "core.t", f"{HEADER}select 1 as a")
    db = made(tmp_path)
    describe(db, read_models(tmp_path, tmp_path / "none")[0])
    assert db.sql("select comment from duckdb_tables() where schema_name = 'core'").fetchall() == [
        ("One row per x.",)
    ]
    assert db.sql("select comment from duckdb_columns() where schema_name = 'core'").fetchall() == [
        ("the a",)
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-- One row per x.\nselect 1 as a", "1 paragraphs instead of three"),
        ("-- x\n--\n-- a  the a\n--\n-- unique: a\nselect 1 as a", "a promise is key"),
        ("-- x\n--\n-- a  the a\n--\n-- always: a > 0\nselect 1 as a", "begin with a key"),
        ("-- x\n--\n-- a\n--\n-- key: a\nselect 1 as a", "say what a means"),
        (f"{HEADER}selec 1 as a", "syntax error"),
        (f"{VIRTUAL}select 3 as a", "twice, which is no macro"),
    ],
)
def test_a_header_that_is_not_right_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    model(tmp_path, "core.t", text)
    with pytest.raises(BadModel, match=reason):
        made(tmp_path)


def test_columns_must_be_documented_in_order(tmp_path: Path) -> None:
    model(tmp_path, "core.t", f"{HEADER}select 1 as a, 2 as b")
    with pytest.raises(BadModel, match="makes the columns a, b but documents a"):
        made(tmp_path)


def test_models_that_read_each_other_are_refused(tmp_path: Path) -> None:
    model(tmp_path, "core.one", f"{HEADER}select a from core.two")
    model(tmp_path, "core.two", f"{HEADER}select a from core.one")
    with pytest.raises(BadModel, match="circle"):
        read_models(tmp_path, tmp_path / "none")


@pytest.mark.parametrize(
    ("promise", "query"),
    [
        ("key: a", "select unnest([1, 1]) as a"),
        ("key: a", "select null::int as a"),
        ("key: a\n-- always: a > 1", "select unnest([1, 2]) as a"),
    ],
)
def test_a_broken_promise_shows_the_rows(tmp_path: Path, promise: str, query: str) -> None:
    model(tmp_path, "core.t", f"-- x\n--\n-- a  the a\n--\n-- {promise}\n{query}")
    with pytest.raises(BrokenPromise, match=r"core\.t promises .*\n  "):
        made(tmp_path)


def test_our_own_models_read_only_what_is_made_before_them() -> None:
    made_so_far = {"reference.boards", "reference.organizations", "reference.licenses"}
    made_so_far |= {"reference.names", "reference.timelines", "reference.providers"}
    made_so_far |= {"raw.fetches", "parsed.rows", "parsed.states", "parsed.prices"}
    made_so_far |= {"parsed.items", "parsed.names"}
    for each in read_models(SQL, STEPS):
        assert each.reads <= made_so_far, each.table
        assert not (each.table.startswith("core.") and any("metrics." in r for r in each.reads))
        made_so_far.add(each.table)


def test_a_virtual_column_is_worked_out_when_it_is_read(tmp_path: Path) -> None:
    model(tmp_path, "core.t", f"{VIRTUAL}select 3 as a")
    db = duckdb.connect()
    db.execute("create macro twice(a) as 2 * a")
    build(db, read_models(tmp_path, tmp_path / "none"))
    assert db.sql("from core.t").fetchall() == [(3, 6)]
    db.execute("update core.t set a = 5")
    assert db.sql("select b from core.t").fetchall() == [(10,)]


def test_a_virtual_column_is_held_to_its_promises(tmp_path: Path) -> None:
    model(tmp_path, "core.t", f"{VIRTUAL}-- always: b < 5\nselect 3 as a")
    db = duckdb.connect()
    db.execute("create macro twice(a) as 2 * a")
    with pytest.raises(BrokenPromise, match="b < 5"):
        build(db, read_models(tmp_path, tmp_path / "none"))


def test_a_view_answers_with_what_its_tables_hold_now(tmp_path: Path) -> None:
    model(tmp_path, "core.t", f"{HEADER}select 1 as a")
    model(tmp_path, "core.v", f"{HEADER}-- scope: view\nselect a + 1 as a from core.t")
    db = made(tmp_path)
    db.execute("update core.t set a = 6")
    assert db.sql("from core.v").fetchall() == [(7,)]


def test_a_table_becomes_a_view_and_a_view_a_table(tmp_path: Path) -> None:
    kinds = "select table_type from information_schema.tables where table_name = 't'"
    db = duckdb.connect()
    for scope, kind in (("", "BASE TABLE"), ("-- scope: view\n", "VIEW"), ("", "BASE TABLE")):
        model(tmp_path, "core.t", f"{HEADER}{scope}select 1 as a")
        build(db, read_models(tmp_path, tmp_path / "none"))
        assert db.sql(kinds).fetchall() == [(kind,)]
        assert db.sql("from core.t").fetchall() == [(1,)]


def test_a_whole_table_is_made_anew_only_where_a_column_that_it_reads_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = "-- x\n--\n-- a  the a\n-- b  the b\n--\n-- key: a\n"
    model(tmp_path, "core.t", f"{wide}select a, b from outside.facts")
    model(tmp_path, "core.narrow", f"{HEADER}select a from core.t")
    model(tmp_path, "core.star", f"{wide}select * from core.t")
    asked: list[str] = []
    make = models._make
    monkeypatch.setattr(
        models, "_make", lambda db, one, *rest: (asked.append(one.table), make(db, one, *rest))
    )
    db = duckdb.connect()
    db.execute("create schema outside; create table outside.facts as select 1 as a, 2 as b")
    every = read_models(tmp_path, tmp_path / "none")
    build(db, every)
    asked.clear()
    db.execute("update outside.facts set b = 3")
    build(db, every)
    assert sorted(asked) == ["core.star", "core.t"]
    assert db.sql("from core.star").fetchall() == [(1, 3)]
    asked.clear()
    db.execute("insert into outside.facts values (4, 5)")
    build(db, every)
    assert sorted(asked) == ["core.narrow", "core.star", "core.t"]
    assert db.sql("from core.narrow order by a").fetchall() == [(1,), (4,)]
