"""Tables reference.* are made anew only when what they are made of is another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from flows import reference
from flows.reference import make_reference
from sources import load_sources
from warehouse.database import connect
from warehouse.transaction import marked


@pytest.fixture
def db(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(connect(tmp_path / "build.duckdb")) as opened:
        opened.execute("insert into parsed.names values (0, 'tidy', 'GPT 4o', null, null)")
        make_reference(opened, load_sources())
        yield opened


def test_a_second_time_nothing_is_made(
    db: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise AssertionError("a table was made anew")

    monkeypatch.setattr(reference, "_keep", none)
    make_reference(db, load_sources())


def test_a_new_name_is_led_to_its_model(db: duckdb.DuckDBPyConnection) -> None:
    before = marked(db)
    db.execute("insert into parsed.names values (1, 'tidy', 'Llama 3 70B', null, null)")
    make_reference(db, load_sources())
    found = db.execute("select model_raw, model from reference.names order by all").fetchall()
    assert found == [("GPT 4o", "gpt-4o"), ("Llama 3 70B", "llama-3-70b")]
    assert {name for name, word in marked(db).items() if word != before.get(name)} == {
        "reference.names"
    }


def test_another_rule_leads_every_name_anew(
    db: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = marked(db)["reference.names"]
    monkeypatch.setattr(reference, "naming", lambda: "another rule")
    make_reference(db, load_sources())
    assert marked(db)["reference.names"] != before


def test_another_card_is_told(db: duckdb.DuckDBPyConnection) -> None:
    sources = load_sources()
    known = db.execute("select count(*) from reference.boards").fetchall()[0][0]
    card = sources["arena"].card
    fewer = replace(sources["arena"], card=replace(card, boards=card.boards[1:]))
    make_reference(db, {**sources, "arena": fewer})
    assert db.execute("select count(*) from reference.boards").fetchall()[0][0] == known - 1
