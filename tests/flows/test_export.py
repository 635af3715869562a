"""`photofinish export`: what is written reads back as published, and a cut-off export harms nothing."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from flows.export import whole
from flows.settings import ROOT, Settings
from tests.flows.machine import FORMULA, Said, payloads, photofinish, price_list, small_home
from warehouse.descriptions import tables


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small_home(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def db(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(settings.published), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def said(settings: Settings) -> Said:
    kinds = [part for kind in ("parquet", "csv", "json") for part in ("--format", kind)]
    return photofinish(settings.home, "export", "--eee", *kinds)


@pytest.fixture(scope="module")
def latest(settings: Settings, said: Said) -> Path:
    assert (said.code, said.err) == (0, "")
    return settings.home / "exports" / "latest"


def test_every_table_is_in_every_format_beside_its_metadata(
    db: duckdb.DuckDBPyConnection, latest: Path
) -> None:
    there = {path.name for path in latest.iterdir() if path.is_file()}
    endings = ("parquet", "csv", "json", "meta.json")
    expected = {f"{table}.{ending}" for table in tables(db) for ending in endings}
    assert there == expected | {"croissant.json", "datapackage.json"}


def test_parquet_holds_the_published_tables(db: duckdb.DuckDBPyConnection, latest: Path) -> None:
    for table in tables(db):
        file = f"'{latest / table}.parquet'"
        for one, other in ((table, file), (file, table)):
            missing = db.sql(f"from {one} except all from {other}").fetchall()
            assert missing == [], table


def test_json_holds_the_same_rows(db: duckdb.DuckDBPyConnection, latest: Path) -> None:
    for table in ("core.entries", "metrics.ties", "market.prices", "raw.fetches"):
        rows = json.loads((latest / f"{table}.json").read_text())
        assert len(rows) == db.sql(f"from {table}").pl().height
    entries = json.loads((latest / "core.entries.json").read_text())
    assert {row["model_raw"]: row["score"] for row in entries}[FORMULA] == 60
    fetched = json.loads((latest / "raw.fetches.json").read_text())
    assert fetched[0]["captured_at"] == "2025-03-01T12:30:15.250000Z"


def test_a_cell_that_begins_like_a_formula_is_text_in_csv_alone(latest: Path) -> None:
    cells = pl.read_csv(latest / "core.entries.csv")
    assert f"'{FORMULA}" in cells["model_raw"].to_list()
    assert FORMULA not in cells["model_raw"].to_list()
    assert 'du, "the 2nd"' in cells["model_raw"].to_list()
    whole_file = pl.read_parquet(latest / "core.entries.parquet")
    assert FORMULA in whole_file["model_raw"].to_list()


def test_csv_reads_back_in_pandas_and_duckdb(db: duckdb.DuckDBPyConnection, latest: Path) -> None:
    import pandas as pd

    frame = pd.read_csv(latest / "core.snapshots.csv", parse_dates=["as_of", "captured_at"])
    assert frame["captured_at"][0] == pd.Timestamp("2025-03-01T12:30:15.25Z")
    scores = db.sql(f"select score from '{latest}/core.entries.csv' order by all").fetchall()
    assert scores == db.sql("select score from core.entries order by all").fetchall()
    tied = db.sql(
        f"select from_json(tied_models, '[\"varchar\"]') from '{latest}/metrics.ties.csv' order by all"
    ).fetchall()
    assert tied == db.sql("select tied_models from metrics.ties order by all").fetchall()


def meta(latest: Path, table: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((latest / f"{table}.meta.json").read_text())
    return told


def test_metadata_say_what_the_columns_mean_and_whose_data_it_is(
    db: duckdb.DuckDBPyConnection, latest: Path
) -> None:
    told = meta(latest, "metrics.gaps")
    columns = {column["name"]: column for column in told["columns"]}
    assert columns["gap_pct"]["unit"] == "%"
    assert columns["gap"]["unit"] == "unit of the board (core.boards.unit)"
    assert columns["as_of"]["type"] == "date"
    assert "relative to the k-th score" in columns["gap_pct"]["meaning"]
    assert told["key"] == ["board", "task", "as_of", "k"]
    assert told["rows"] == len(db.sql("from metrics.gaps").fetchall())
    assert [one["board"] for one in told["rights"]] == ["test/quality", "test/speed"]
    assert told["rights"][0]["credit"] == "Test Lab, with OpenAI"
    assert told["rights"][0]["licence"] == "not stated"
    assert told["modified"].endswith("Z")
    assert told["version"] == "0.1.0"


def test_no_column_is_without_a_meaning(latest: Path, db: duckdb.DuckDBPyConnection) -> None:
    silent = [
        f"{table}.{column['name']}"
        for table in tables(db)
        for column in meta(latest, table)["columns"]
        if not column["meaning"]
    ]
    assert silent == []


def test_metadata_name_the_bytes_of_the_files_and_those_behind_them(latest: Path) -> None:
    told = meta(latest, "core.entries")
    for file in told["files"]:
        content = (latest / file["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])
    assert told["payloads"] == sorted(hashlib.sha256(content).hexdigest() for content in payloads())


def test_prices_are_their_sources_and_what_rests_on_both_names_both(latest: Path) -> None:
    listed = hashlib.sha256(price_list()).hexdigest()
    prices, ties = meta(latest, "market.prices"), meta(latest, "metrics.ties")
    assert [one["source"] for one in prices["rights"]] == ["litellm_prices"]
    assert prices["rights"][0]["licence"] == "MIT"
    assert prices["payloads"] == [listed]
    assert [one["source"] for one in ties["rights"]] == ["tidy", "tidy", "litellm_prices"]
    assert listed in ties["payloads"] and len(ties["payloads"]) == 4
    # Every source has a part in the names, and a payload that was refused is one of the payloads.
    assert len(meta(latest, "core.model_names")["rights"]) == 3
    assert len(meta(latest, "raw.payloads")["payloads"]) == 5


def test_the_same_publication_gives_the_same_bytes(
    settings: Settings, latest: Path, tmp_path: Path
) -> None:
    done = photofinish(settings.home, "export", "--to", str(tmp_path))
    assert done.code == 0
    again = tmp_path / "latest"
    named = [path.name for path in again.iterdir() if path.suffix in (".csv", ".parquet")]
    assert len(named) > 60
    assert all((again / name).read_bytes() == (latest / name).read_bytes() for name in named)


def test_only_what_is_asked_for(settings: Settings, tmp_path: Path) -> None:
    wanted = ("--table", "core.boards", "--format", "csv", "--json")
    done = photofinish(settings.home, "export", "--to", str(tmp_path), *wanted)
    (told,) = json.loads(done.out)
    assert (told["table"], told["rows"]) == ("core.boards", told["rows"])
    assert Path(told["file"]).is_file()
    assert {path.name for path in (tmp_path / "latest").iterdir()} == {
        "core.boards.csv",
        "core.boards.meta.json",
        "croissant.json",
        "datapackage.json",
    }


def test_an_unknown_table_is_named_with_those_there_are(settings: Settings, tmp_path: Path) -> None:
    done = photofinish(settings.home, "export", "--to", str(tmp_path), "--table", "core.nothing")
    assert done.code == 2
    assert "no table core.nothing" in done.err and "core.boards" in done.err
    assert list(tmp_path.iterdir()) == []


def test_without_a_published_file_it_says_what_to_run(tmp_path: Path) -> None:
    done = photofinish(tmp_path, "export")
    assert (done.code, "photofinish run" in done.err) == (3, True)


@pytest.fixture
def small(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> Any:
    """Export one table into a folder at a second of one day."""

    def export(second: int) -> Path:
        wanted = whole.Wanted(("csv",), ("core.boards",))
        now = datetime(2025, 3, 2, 0, 0, second, tzinfo=UTC)
        about = whole.package(now, "0.1.0")
        return whole.export(db, tmp_path, wanted, about, now, keys={}, cards={}).folder

    return export


def test_a_cut_off_export_leaves_the_last_one(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small(1)
    before = {path: path.read_bytes() for path in first.iterdir()}

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(whole, "datapackage", cut)
        with pytest.raises(KeyboardInterrupt):
            small(2)
        # What a killed export leaves, which can tidy up nothing:
        patch.setattr(whole.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            small(3)
    assert (tmp_path / "latest").resolve() == first
    assert {path: path.read_bytes() for path in first.iterdir()} == before
    assert len(list(tmp_path.glob("*.part"))) == 1

    third = small(4)
    assert (tmp_path / "latest").resolve() == third
    assert list(tmp_path.glob("*.part")) == []


def test_the_last_two_exports_stay_and_nothing_else_is_removed(small: Any, tmp_path: Path) -> None:
    theirs = tmp_path / "20240101T000000Z"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("not an export")
    made = [small(second) for second in (1, 2, 2)]
    assert made[2].name == "20250302T000002Z-2"
    assert [folder.exists() for folder in made] == [False, True, True]
    assert (tmp_path / "latest").resolve() == made[2]
    assert (theirs / "thesis.txt").exists()


def test_one_export_at_a_time(small: Any, tmp_path: Path) -> None:
    from filelock import FileLock

    with (
        FileLock(tmp_path / "export.lock"),
        pytest.raises(whole.ExportRefused, match="another export is writing"),
    ):
        small(1)


def test_mlcroissant_accepts_the_description_and_reads_the_records_by_it(
    latest: Path, db: duckdb.DuckDBPyConnection
) -> None:
    import mlcroissant

    described = mlcroissant.Dataset(jsonld=str(latest.resolve() / "croissant.json"))
    issues = described.metadata.ctx.issues
    assert (set(issues.errors), len(described.metadata.record_sets)) == (set(), len(tables(db)))
    ties = list(described.records("metrics.ties"))
    expected = db.sql("select leader, tied_models from metrics.ties").fetchall()
    read = [
        (
            tie["metrics.ties/leader"].decode(),
            [model.decode() for model in tie["metrics.ties/tied_models"]],
        )
        for tie in ties
        if tie["metrics.ties/tied_models"] is not None
    ]
    assert sorted(read) == sorted(row for row in expected if row[1] is not None)


def test_mlcroissant_reads_csv_where_there_is_no_parquet(
    settings: Settings, tmp_path: Path
) -> None:
    import mlcroissant

    wanted = ("--table", "core.boards", "--format", "csv", "--format", "json")
    photofinish(settings.home, "export", "--to", str(tmp_path), *wanted)
    described = mlcroissant.Dataset(jsonld=str((tmp_path / "latest").resolve() / "croissant.json"))
    units = {
        row["core.boards/board"]: row["core.boards/unit"]
        for row in described.records("core.boards")
    }
    assert units[b"test/quality"] == b"%"


@pytest.fixture
def limit_of_fields() -> Iterator[None]:
    """Frictionless raises csv's limit for the whole process; what is read after it must meet the old one."""
    before = csv.field_size_limit()
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("limit_of_fields")
def test_frictionless_finds_every_file_as_the_data_package_says(
    latest: Path, tmp_path: Path
) -> None:
    from frictionless import Package

    found = Package(str(latest / "datapackage.json")).validate()
    assert found.flatten(["name", "type", "message"]) == []

    tampered = tmp_path / "tampered"
    shutil.copytree(latest.resolve(), tampered)
    file = tampered / "core.boards.csv"
    file.write_text(file.read_text().replace("test/speed", "test/quality"))
    wrong = Package(str(tampered / "datapackage.json")).validate()
    kinds = {(task.name, error.type) for task in wrong.tasks for error in task.errors}
    assert ("core.boards", "primary-key") in kinds
    assert ("core.boards", "hash-count") in kinds
    assert ("core.entries", "foreign-key") in kinds


def evaluations(latest: Path) -> dict[str, Any]:
    root = latest / "every_eval_ever"
    return {
        str(path.relative_to(root)): json.loads(path.read_text()) for path in root.rglob("*.json")
    }


def test_every_eval_ever_accepts_the_records(latest: Path, said: Said) -> None:
    validator = pytest.importorskip(
        "every_eval_ever.validator", reason="requirements-eee.lock is not installed"
    )
    root = latest / "every_eval_ever"
    unattributed = 0
    records = evaluations(latest)
    for name, record in records.items():
        report = validator.validate_aggregate(
            root / name, repo_path=name, available_files=frozenset(), run_semantic_checks=True
        )
        assert report.errors == []
        warned = [warning["msg"] for warning in report.warnings]
        if "developer" in record["model_info"]:
            assert warned == []
        else:
            unattributed += 1
            assert all("developer is required" in message for message in warned)
    assert (len(records), unattributed) == (7, 3)
    assert f"{len(records)} Every Eval Ever records" in said.out


def test_a_record_has_the_results_of_the_latest_state_of_one_board_and_model(latest: Path) -> None:
    records = {
        (told["source_metadata"]["additional_details"]["board"], told["model_info"]["name"]): told
        for told in evaluations(latest).values()
    }
    assert ("test/quality", "unscored") not in records
    ada = records["test/quality", "ada"]
    assert ada["evaluation_timestamp"] == date(2025, 2, 1).isoformat()
    assert ada["model_info"]["id"] == "openai/ada"
    # The credit of the board names OpenAI, who made it.
    assert ada["source_metadata"]["evaluator_relationship"] == "first_party"
    assert (
        records["test/quality", "bo"]["source_metadata"]["evaluator_relationship"] == "third_party"
    )
    assert records["test/speed", "bo"]["source_metadata"]["evaluator_relationship"] == "other"
    maths, overall = ada["evaluation_results"]
    assert (maths["score_details"]["score"], overall["score_details"]["score"]) == (10, 80)
    assert overall["metric_config"]["lower_is_better"] is False
    assert (overall["metric_config"]["min_score"], overall["metric_config"]["max_score"]) == (
        0,
        100,
    )
    noise = overall["score_details"]["uncertainty"]
    # sqrt(0.8 * 0.2 / 100) = 0.04, which is 4 of 100
    assert noise["standard_error"]["value"] == pytest.approx(4)
    assert noise["num_samples"] == 100

    quick = records["test/speed", "ada"]["evaluation_results"][0]
    assert quick["metric_config"]["lower_is_better"] is True
    assert (quick["metric_config"]["min_score"], quick["metric_config"]["max_score"]) == (
        0,
        "Infinity",
    )
    interval = quick["score_details"]["uncertainty"]["confidence_interval"]
    assert (interval["lower"], interval["upper"], interval["confidence_level"]) == (0.4, 0.6, 0.95)


EXAMPLES = re.findall(
    r"^```(python|sql)\n(.*?)^```",
    (ROOT / "docs" / "exports.md").read_text(),
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize(("language", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_of_the_document_run(
    language: str, text: str, latest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = text.replace("warehouse/data/exports/latest", str(latest))
    assert here != text
    if language == "sql":
        assert duckdb.sql(here).fetchall()
    else:
        exec(here, {})
        assert capsys.readouterr().out.strip()
