"""A warehouse on a lake (SQLite catalog): the tables of the file, shared landing, versions of the past."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from flows import pipeline
from flows.cli import cli
from flows.settings import Settings
from tests.conftest import scored
from tests.sample import sample_home
from tests.test_analyst import questions
from tests.warehouse.lakes import attached, finish, hashes, on_lake
from warehouse.lake import again
from warehouse.lake_lock import LakeBusy, holding, locked
from warehouse.models import read_models
from warehouse.reader import NothingPublished, reader

pytestmark = pytest.mark.slow

JANUARY = {"2025-01-01": scored(ada=90, bob=80, eve=70)}
FEBRUARY = {"2025-02-01": scored(ada=90, bob=89, eve=70)}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample as `photofinish demo` leaves it, in a file."""
    return sample_home(tmp_path_factory.mktemp("file"))


@pytest.fixture(scope="module")
def lake(sample: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same archive, on a lake."""
    settings = on_lake(tmp_path_factory.mktemp("lake"))
    shutil.copytree(sample.archive, settings.archive)
    assert finish(settings) == 46
    return settings


@pytest.fixture(scope="module")
def of_lake(lake: Settings) -> dict[str, tuple[int, int]]:
    """What the lake holds, read once: that is as dear as to publish it."""
    return hashes(lake)


Readers = tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module")
def readers(sample: Settings, lake: Settings) -> Iterator[Readers]:
    """Who reads the file, and who reads the lake."""
    with reader(sample.published) as of_file, reader(lake.published) as of_lake:
        yield of_file, of_lake


@pytest.fixture
def analyst(lake: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(attached(lake)) as db:
        yield db


def files(settings: Settings) -> list[Path]:
    return sorted((settings.home / "lake").rglob("*.parquet"))


def test_every_table_of_the_lake_holds_what_the_file_holds(
    sample: Settings, of_lake: dict[str, tuple[int, int]]
) -> None:
    of_file = hashes(sample)
    assert len(of_file) > 30
    assert sum(rows for rows, _ in of_file.values()) > 5000
    assert of_lake == of_file


def test_a_run_that_finds_nothing_new_writes_no_row(
    lake: Settings, of_lake: dict[str, tuple[int, int]]
) -> None:
    before = files(lake)
    assert finish(lake) == 0
    assert (hashes(lake), files(lake)) == (of_lake, before)


def test_extensions_load_where_signatures_are_checked(lake: Settings, every_thread: None) -> None:
    """Other tests load them unread (tests/small.py)."""
    with reader(lake.published) as db:
        checked = db.sql("select not current_setting('allow_unsigned_extensions')").fetchall()
        assert checked == [(True,)]
        assert db.sql("from core.boards").fetchall()


def test_what_is_read_has_no_private_table(
    lake: Settings, analyst: duckdb.DuckDBPyConnection
) -> None:
    schemas = {
        name for (name,) in analyst.sql("select schema_name from duckdb_tables()").fetchall()
    }
    assert schemas == {"alerts", "core", "market", "metrics", "raw"}


def test_tables_and_columns_say_what_they_are(
    sample: Settings, analyst: duckdb.DuckDBPyConnection
) -> None:
    query = """
        select schema_name || '.' || table_name, column_name, comment
        from duckdb_columns()
        where database_name = current_catalog() and schema_name in ('core', 'metrics')
    """
    told = {row[:2]: row[2] for row in analyst.sql(query).fetchall()}
    documented = {
        (model.table, column): meaning
        for model in read_models(pipeline.SQL, pipeline.STEPS)
        if model.table.startswith(("core.", "metrics."))
        for column, meaning in model.header.columns.items()
    }
    assert told == documented
    untold = "select table_name from duckdb_tables() where schema_name = 'raw' and comment is null"
    assert analyst.sql(untold).fetchall() == []


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.title)
def test_the_analysts_ten_questions_have_the_same_answers(
    readers: Readers, question: object
) -> None:
    query = question.queries[0]  # type: ignore[attr-defined]
    file, db = readers
    assert db.sql(query).fetchall() == file.sql(query).fetchall()


def test_the_macros_know_the_past_on_a_lake_too(
    sample: Settings, analyst: duckdb.DuckDBPyConnection
) -> None:
    query = "from gap_asof('sample/arena_text', 'overall', 2, '2025-01-01'{})"
    with reader(sample.published) as file:
        for known in ("", ", known := '2020-01-01'", ", known := null"):
            asked = query.format(known)
            assert analyst.sql(asked).fetchall() == file.sql(asked).fetchall()


@pytest.mark.parametrize(
    "command",
    [
        ["gaps"],
        ["gaps", "sample/arena_text"],
        ["board", "sample/arena_text"],
        ["status"],
        ["gaps", "sample/arena_text", "--definitions"],
        ["explain", "sample/arena_text"],
    ],
)
def test_commands_say_the_same_of_a_lake_as_of_a_file(
    sample: Settings, lake: Settings, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for settings in (sample, lake):
        monkeypatch.setenv("PHOTOFINISH_HOME", str(settings.home))
        monkeypatch.setenv("PHOTOFINISH_WAREHOUSE", settings.warehouse.get_secret_value())
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, done.output
        said.append(done.output)
    assert said[0] == said[1]
    assert len(said[0].splitlines()) > 3


def test_before_the_first_run_the_next_step_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(NothingPublished, match="photofinish demo"),
        reader(on_lake(tmp_path).published),
    ):
        pass
    assert not list(tmp_path.iterdir()), "who reads makes nothing"


def test_one_at_a_time_makes_the_tables(lake: Settings) -> None:
    impatient = lake.model_copy(update={"lock_wait": 0.2})
    with (
        pipeline.only_transform(lake, "a run"),
        pytest.raises(pipeline.Busy, match="the next run publishes it"),
        pipeline.only_transform(impatient, "another"),
    ):
        raise AssertionError("both are in")
    with pipeline.only_transform(lake, "a third"):
        pass


def test_locks_are_told_apart_by_name(lake: Settings) -> None:
    assert lake.lake
    with duckdb.connect() as db, locked(lake.lake, "a", 0):
        with holding(db, lake.lake, "b", 0):
            pass
        with pytest.raises(LakeBusy), holding(db, lake.lake, "a", 0):
            pass


def test_a_transaction_that_met_another_is_begun_again_and_other_errors_are_not() -> None:
    tries = []

    def conflict() -> str:
        tries.append(datetime.now(UTC))
        if len(tries) < 3:
            raise duckdb.TransactionException("Transaction conflict - attempting to ...")
        return "done"

    assert again(conflict) == "done"
    assert len(tries) == 3

    def wrong() -> None:
        tries.append(datetime.now(UTC))
        raise duckdb.BinderException("no such column")

    with pytest.raises(duckdb.BinderException):
        again(wrong)
    assert len(tries) == 4
