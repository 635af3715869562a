"""docs/analyst.md: every query runs as written on the demo's file, and the rows shown are the real ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pytest

from flows.settings import ROOT
from tests.sample import sample_home

PAGE = ROOT / "docs" / "analyst.md"
MORE = "…"


@dataclass(frozen=True)
class Question:
    """A section of the page: its heading, its one query, the table shown under the query."""

    title: str
    queries: list[str]
    shown: list[str]


def questions() -> list[Question]:
    return [
        Question(
            section.splitlines()[0],
            re.findall(r"^```sql\n(.*?)^```", section, re.MULTILINE | re.DOTALL),
            [line for line in section.splitlines() if line.startswith("|")],
        )
        for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    ]


def written(cells: Sequence[object]) -> str:
    """A row as the page writes it."""
    return f"| {' | '.join('' if cell is None else str(cell) for cell in cells)} |"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = sample_home(tmp_path_factory.mktemp("analyst"))
    with duckdb.connect(str(home.published), read_only=True) as opened:
        yield opened


def test_there_are_ten_questions_with_one_query_each() -> None:
    asked = questions()
    assert [question.title.split(".")[0] for question in asked] == [str(n) for n in range(1, 11)]
    assert [len(question.queries) for question in asked] == [1] * 10
    assert len(re.findall(r"^```sql$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == 10


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.title)
def test_the_query_answers_and_the_page_shows_its_rows(
    db: duckdb.DuckDBPyConnection, question: Question
) -> None:
    answer = db.execute(question.queries[0])
    columns = [column[0] for column in answer.description]
    rows = answer.fetchall()
    assert rows
    header, rule, *shown = question.shown
    whole = not shown or shown[-1] != written([MORE] * len(columns))
    assert header == written(columns)
    assert set(rule) <= set("|-: ")
    assert shown[: None if whole else -1] == [
        written(row) for row in (rows if whole else rows[: len(shown) - 1])
    ]
    assert shown


def test_the_page_names_the_published_tables_and_macros(db: duckdb.DuckDBPyConnection) -> None:
    there = {name for (name,) in db.sql("select function_name from duckdb_functions()").fetchall()}
    named = re.findall(r"^\| `(\w+)\(", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert named == ["leaderboard_asof", "gap_asof", "tied_with_leader"]
    assert set(named) <= there
