"""The URL of a warehouse: what it names, and that its password stays where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from flows.cli import cli
from flows.settings import Settings
from warehouse import lake as lakes
from warehouse.lake import LakeUnreachable, ScaleMissing, opened
from warehouse.place import BadWarehouse, Lake, place

HOME = Path("/home/of")
SECRET = "sesame-42"


def test_a_warehouse_is_a_file_in_the_home_unless_it_says_otherwise() -> None:
    assert place("", HOME, None) == HOME / "photofinish.duckdb"
    assert place("duckdb:/srv/tables.duckdb", HOME, None) == Path("/srv/tables.duckdb")


def test_a_sqlite_catalog_is_a_path() -> None:
    found = place("ducklake:sqlite:/srv/cat.sqlite", HOME, None)
    assert found == Lake("sqlite", "/srv/cat.sqlite", "/home/of/lake")
    assert str(found) == "ducklake:sqlite:/srv/cat.sqlite"


@pytest.mark.parametrize(
    "written",
    [
        f"dbname=lake host=db.example port=5433 user=ada password={SECRET}",
        f"//ada:{SECRET}@db.example:5433/lake",
        f"postgresql://ada:{SECRET}@db.example:5433/lake",
    ],
)
def test_a_postgres_catalog_is_words_or_a_url_and_its_password_is_kept_apart(written: str) -> None:
    found = place(f"ducklake:postgres:{written}", HOME, "s3://bucket/lake")
    assert isinstance(found, Lake)
    words = set(found.catalog.split())
    assert words == {"dbname=lake", "host=db.example", "port=5433", "user=ada"}
    assert (found.password, found.data) == (SECRET, "s3://bucket/lake")
    assert SECRET not in str(found) + repr(found)


def test_odd_characters_in_a_url_are_quoted_as_libpq_wants_them() -> None:
    found = place("ducklake:postgres://a%27b:p%40ss@h/my%20lake?sslmode=require", HOME, None)
    assert isinstance(found, Lake)
    assert found.catalog == r"host=h dbname='my lake' user='a\'b' sslmode=require"
    assert found.password == "p@ss"


@pytest.mark.parametrize(
    "url", ["ducklake:mysql:x", "duckdb:", "file.duckdb", "ducklake:postgres:lake", "ducklake:x"]
)
def test_another_url_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(BadWarehouse) as error:
        place(url, HOME, None)
    assert url not in str(error.value).replace("ducklake:sqlite", "").replace("duckdb:PATH", "")


def test_settings_neither_show_nor_quote_the_password() -> None:
    url = f"ducklake:postgres://ada:{SECRET}@db.example/lake"
    assert SECRET not in repr(Settings(warehouse=url)) + str(Settings(warehouse=url).model_dump())
    with pytest.raises(ValidationError) as error:
        Settings(warehouse=url.replace("postgres", "postgers"))
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("command", [["gaps"], ["status"], ["--debug", "status"]])
def test_a_catalog_that_does_not_answer_is_named_without_its_password(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOFINISH_WAREHOUSE", f"ducklake:postgres://ada:{SECRET}@127.0.0.1:1/x")
    done = CliRunner().invoke(cli, command)
    assert isinstance(done.exception, LakeUnreachable)
    told = str(done.exception)
    assert told.startswith("ducklake:postgres:host=127.0.0.1 port=1 dbname=x user=ada cannot be")
    assert "Connection refused" in told
    seen: BaseException | None = done.exception
    while seen:
        assert SECRET not in f"{seen!r}"
        seen = seen.__context__ if not seen.__suppress_context__ else seen.__cause__


def test_without_the_extensions_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(lakes.importlib, "import_module", missing)
    (tmp_path / "c.sqlite").touch()
    with pytest.raises(ScaleMissing, match=r"pip install 'photofinish\[scale\]'"):
        opened(Lake("sqlite", str(tmp_path / "c.sqlite"), str(tmp_path)))
