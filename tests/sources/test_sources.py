"""One body of tests for every source: its fixture, its witnesses, and each of its recordings.

A fixture is the folder tests/fixtures/<source>/: small payloads and cases.toml, which says what each one
gives (`expected`: all rows as board, task, model, score; `checks`: model, column, value, of extra a part)
or why it is refused (`refused`); `items` gives all results of single cases as task, model, case, score, or
`refused_items` why those are refused. Lower row bounds are lifted unless the case says bounds = "card".
"""

from __future__ import annotations

import csv
import gzip
import importlib
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sources import Source, SourceChanged, load_sources
from sources.contract import TIDY
from sources.item_contract import ITEMS
from sources.price_contract import PRICES

FIXTURES = Path(__file__).parent.parent / "fixtures"
SOURCES = load_sources()


def cases() -> Iterator[Any]:
    for source in SOURCES.values():
        told = tomllib.loads((FIXTURES / source.id / "cases.toml").read_text())
        for number, case in enumerate(told["case"], start=1):
            yield pytest.param(source, case, id=f"{source.id}-{number}-{case['file']}")


def parse_case(source: Source, case: dict[str, Any]) -> pl.DataFrame:
    payload = (FIXTURES / source.id / case["file"]).read_bytes()
    return source.parse(payload, case["captured_at"], url=case.get("url", ""))


@pytest.fixture
def lift_bounds(monkeypatch: pytest.MonkeyPatch) -> Any:
    def lift(source: Source) -> None:
        module = importlib.import_module(f"sources.{source.id}")
        boards = tuple(replace(board, min_rows=1) for board in source.card.boards)
        monkeypatch.setattr(module, "CARD", replace(source.card, boards=boards, min_rows=1))

    return lift


@pytest.mark.parametrize(("source", "case"), list(cases()))
def test_the_fixture_reads_as_a_person_would(
    source: Source, case: dict[str, Any], lift_bounds: Any
) -> None:
    if case.get("bounds") != "card":
        lift_bounds(source)
    if "refused" in case:
        with pytest.raises(SourceChanged) as caught:
            parse_case(source, case)
        assert case["refused"] in str(caught.value)
        return
    rows = parse_case(source, case)
    assert shown(rows) == [
        [pytest.approx(value) if isinstance(value, float) else value for value in row]
        for row in sorted(case["expected"], key=str)
    ]
    for model, column, value in case.get("checks", ()):
        found = [plain(v) for v in rows.filter(pl.col("model_raw") == model)[column]]
        if column == "extra":
            assert any(str(value) in str(extra) for extra in found), (model, found)
        else:
            assert value in found, (model, column, found)


def item_cases() -> Iterator[Any]:
    for param in cases():
        if {"items", "refused_items"} & param.values[1].keys():
            yield param


@pytest.mark.parametrize(("source", "case"), list(item_cases()))
def test_the_cases_of_the_fixture_read_as_a_person_would(
    source: Source, case: dict[str, Any]
) -> None:
    payload = (FIXTURES / source.id / case["file"]).read_bytes()
    assert source.items
    if "refused_items" in case:
        with pytest.raises(SourceChanged) as caught:
            source.items(payload, case["captured_at"], url=case["url"])
        assert case["refused_items"] in str(caught.value)
        assert "secret" not in str(caught.value)
        return
    found = source.items(payload, case["captured_at"], url=case["url"])
    assert found.schema == ITEMS
    assert sorted(found.select("task", "model_raw", "case_id", "score").rows()) == [
        (*named, pytest.approx(score)) for *named, score in sorted(case["items"])
    ]


def test_every_source_with_cases_has_a_fixture_of_them() -> None:
    told = {param.values[0].id for param in item_cases()}
    assert told == {source.id for source in SOURCES.values() if source.items}


def shown(rows: pl.DataFrame) -> list[list[Any]]:
    prices = ("provider", "model_raw", "input_usd_per_mtok", "output_usd_per_mtok")
    columns = prices if "provider" in rows.columns else ("board", "task", "model_raw", "score")
    return sorted(([plain(v) for v in row] for row in rows.select(columns).iter_rows()), key=str)


def plain(value: object) -> object:
    if value is None:
        return "null"
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_parsing_is_pure(source: Source, lift_bounds: Any) -> None:
    """The same bytes give the same rows, in the one schema."""
    lift_bounds(source)
    told = tomllib.loads((FIXTURES / source.id / "cases.toml").read_text())
    case = next(case for case in told["case"] if case.get("expected"))
    once, again = parse_case(source, case), parse_case(source, case)
    assert once.equals(again)
    assert once.schema == (PRICES if source.card.kind == "prices" else TIDY)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_card_is_complete(source: Source) -> None:
    card = source.card
    assert card.id == source.id
    assert all((card.title, card.homepage, card.licence, card.credit))
    for board in card.boards:
        assert board.board.startswith(f"{card.id}/")
        assert board.contamination.endswith(".")
        assert board.min_rows < board.max_rows
        assert board.min_score < board.max_score
    if card.id != "tidy":
        assert all(
            url.startswith("https://") for urls in card.requests(date(2026, 4, 1)) for url in urls
        )


def recorded(recordings: Path, source: Source) -> Iterator[tuple[dict[str, str], bytes, datetime]]:
    index = recordings / source.id / "index.csv"
    if not index.exists():
        pytest.skip(f"nothing recorded of {source.id}")
    with index.open(newline="") as file:
        for version in csv.DictReader(file):
            payload = gzip.decompress((index.parent / version["path"]).read_bytes())
            yield version, payload, datetime.fromisoformat(version["captured_at"])


QUARANTINED = {
    "aider": {"edit_leaderboard/20240713T142603Z.yml.gz": "not YAML"},
    "alpaca_eval": {
        f"weighted_alpaca_eval_gpt4_turbo_leaderboard/{at}Z.csv.gz": "line 2 has 11 fields"
        for at in ("20240525T235146", "20240529T074034", "20240602T220347")
    },
    "bfcl": {
        f"data/{at}Z.csv.gz": "line 2 has 17 fields, the header 16"
        for at in ("20240321T032918", "20240321T041442")
    },
    "kagi_llm": {
        f"llm-benchmark/{at}Z.md.gz": "the header of the table and its rule are on one line"
        for at in ("20250506T194345", "20250506T194440", "20250506T194812")
    },
    "llm_prices": {
        "anthropic/20251015T172404Z.json.gz": "not JSON",
        "openai/20260424T001657Z.json.gz": "not JSON",
    },
    "swebench": {"leaderboards/20250910T210908Z.json.gz": "271.0"},
    "thefastest": {
        f"latest/{at}Z.json.gz": "not JSON" for at in ("20240415T160223", "20240426T080559")
    },
    "vectara": {"README/20231031T211912Z.md.gz": "no table has the columns"},
}
"""The recorded payloads that are broken, by source, and why. All others parse."""

RECORDED = {
    "aider": 176,
    "alpaca_eval": 83,
    "arena_catalog": 88,
    "arena_csv": 71,
    "arena_daily": 314,
    "arena_history": 112,
    "bfcl": 98,
    "bigcodebench": 66,
    "genai_prices": 20,
    "kagi_llm": 143,
    "lean_eval": 12,
    "litellm_prices": 7,
    "livebench": 163,
    "livecodebench": 9,
    "llm_prices": 45,
    "llmperf": 3,
    "mteb": 64,
    "nyt_connections": 96,
    "open_asr": 3,
    "swebench": 90,
    "thefastest": 29,
    "vectara": 167,
}
"""How many payloads are recorded of each source."""


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_recording_parses_or_is_really_broken(source: Source, recordings: Path) -> None:
    refused = {}
    witnessed = set()
    parsed = 0
    for version, payload, captured_at in recorded(recordings, source):
        try:
            rows = source.parse(payload, captured_at, url=version["upstream_url"])
        except SourceChanged as error:
            refused[version["path"]] = str(error)
            continue
        parsed += 1
        witnessed |= {w for w in source.card.witnesses if saw(w, rows, captured_at)}
    expected = QUARANTINED.get(source.id, {})
    assert refused.keys() == expected.keys(), refused
    assert all(reason in refused[path] for path, reason in expected.items()), refused
    assert (parsed, len(refused)) == (RECORDED[source.id] - len(expected), len(expected))
    assert witnessed == set(source.card.witnesses)


def saw(witness: Any, rows: pl.DataFrame, captured_at: datetime) -> bool:
    if captured_at.date().isoformat() != witness.captured_at:
        return False
    row = rows.filter(pl.col("model_raw") == witness.model)
    if "provider" in rows.columns:
        priced = row.filter(pl.col("provider") == witness.board)["input_usd_per_mtok"]
        return bool(((priced - witness.score).abs() < 1e-9).any())
    placed = row.filter((pl.col("board") == witness.board) & (pl.col("task") == witness.task))
    return bool(((placed["score"] - witness.score).abs() < 1e-9).any())


def test_the_sample_holds_what_was_recorded(recordings: Path) -> None:
    """Every row of the bundled arena_csv and aider samples is in the recording of that date."""
    held: Counter[str] = Counter()
    for source, file, folder in (
        ("arena_csv", "lmsys", "arena_text"),
        ("aider", "polyglot", "aider_polyglot"),
    ):
        sample = Path(__file__).parents[2] / "sources/sample" / folder
        days = {path.stem: path for path in sample.glob("*.csv")}
        known: dict[str, set[tuple[str, float]]] = {}
        for version, payload, captured_at in recorded(recordings, SOURCES[source]):
            day = version["captured_at"][:10]
            if file in version["path"] and day in days:
                rows = SOURCES[source].parse(payload, captured_at, url=version["upstream_url"])
                pairs = set(rows.select("model_raw", "score").iter_rows())
                known.setdefault(day, set()).update(pairs)
        for day, pairs in known.items():
            with days[day].open(newline="") as table:
                listed = {(r["model_raw"], float(r["score"])) for r in csv.DictReader(table)}
            assert listed <= pairs, days[day]
            held[folder] += 1
    assert held == {"arena_text": 26, "aider_polyglot": 6}


def test_the_sample_is_small() -> None:
    files = list((Path(__file__).parents[2] / "sources/sample").rglob("*.csv"))
    assert sum(file.stat().st_size for file in files) <= 400_000
    assert max(file.read_bytes().count(b"\n") for file in files) <= 61
