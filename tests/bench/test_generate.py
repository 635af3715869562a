"""The archives to measure on are what the documents say of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from bench.boards import SIZES, Size, State, states
from bench.generate import OtherData, day_of, generate
from bench.homes import morning
from bench.source import BOARDS, parse
from flows.settings import ROOT
from sources import SourceChanged
from sources.contract import TIDY
from tests.test_docs import ALLOWED, imported
from warehouse.archive import Archive, Fetch

JULY = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate("T", tmp_path_factory.mktemp("tiny"))


def test_the_same_parameters_give_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    again = generate("T", tmp_path)
    assert contents(again) == contents(tiny)
    assert len(contents(tiny)) > 3


def test_a_finished_archive_is_kept_and_another_one_refused(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(tiny)
    assert contents(generate("T", tiny)) == before
    monkeypatch.setitem(SIZES, "T", Size(boards=2, days=20, first=12, last=15))
    with pytest.raises(OtherData):
        generate("T", tiny)


def test_sixty_percent_of_the_days_change_nothing(tiny: Path) -> None:
    size = SIZES["T"]
    fetches = list(Archive(tiny / "archive").fetches())
    outcomes = Counter(fetch.outcome for fetch in fetches)
    assert outcomes == {
        "new": 0.4 * size.days * size.boards,
        "unchanged": 0.6 * size.days * size.boards,
    }


def test_an_unchanged_day_is_a_fetch_of_the_payload_before(tiny: Path) -> None:
    held: dict[str, str | None] = {}
    for fetch in Archive(tiny / "archive").fetches():
        same = held.get(fetch.url) == fetch.payload_sha256
        assert same == (fetch.outcome == "unchanged"), fetch
        held[fetch.url] = fetch.payload_sha256


def test_models_come_and_go_and_boards_grow() -> None:
    size = SIZES["S"]
    came = went = 0
    for board in range(size.boards):
        lived = [state for state in states(size, board) if state.day < size.days]
        listed = [set(state.model.tolist()) for state in lived]
        came += sum(len(now - before) for before, now in pairwise(listed))
        went += sum(len(before - now) for before, now in pairwise(listed))
        assert len(listed[0]) == size.first
        assert size.last - 3 <= len(listed[-1]) <= size.last + 1
    assert came > 10 * size.boards
    assert went > size.boards


def test_scores_walk_and_some_stay() -> None:
    first, second, *_ = states(SIZES["S"], 4)
    before, now = scores(first), scores(second)
    moves = [now[model] - before[model] for model in now.keys() & before.keys()]
    stayed = sum(move == 0 for move in moves) / len(moves)
    assert 0.1 < stayed < 0.4
    assert max(map(abs, moves)) < 5


def test_a_model_is_listed_once_within_its_interval_best_first() -> None:
    for state in states(SIZES["T"], 1):
        assert len(set(state.model.tolist())) == len(state.model)
        assert (state.low < state.rating).all()
        assert (state.rating < state.high).all()
        assert (state.rating[:-1] >= state.rating[1:]).all()


@pytest.mark.parametrize(("size", "millions"), [("M", 4.0), ("L", 50.0)])
def test_the_sizes_are_those_of_the_documents(size: str, millions: float) -> None:
    chosen = SIZES[size]
    changes = chosen.boards * chosen.days * (1 - chosen.unchanged)
    rows = changes * (chosen.first + chosen.last) / 2
    assert rows / 1e6 == pytest.approx(millions, rel=0.02)
    assert chosen.boards <= BOARDS


def test_two_boards_in_five_change_on_each_of_the_days_after_the_last(tiny: Path) -> None:
    archive = Archive(tiny / "archive")
    held = {url: archive.read(sha256_of(fetch)) for url, fetch in archive.latest().items()}
    days = sorted((tiny / "next").iterdir())
    listed = [[path.stem for path in sorted(day.iterdir())] for day in days]
    assert listed == [
        ["board-000", "board-001"],
        ["board-000"],
        [],
        ["board-002"],
        ["board-001", "board-002"],
    ]
    for day in days:
        for path in day.iterdir():
            url = f"https://bench.invalid/{path.name}"
            assert held[url] != path.read_bytes()
            held[url] = path.read_bytes()


def test_the_end_of_a_history_is_the_same_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Size(boards=2, days=20, first=12, last=15)
    monkeypatch.setitem(SIZES, "whole", whole)
    monkeypatch.setitem(SIZES, "end", Size(boards=2, days=20, first=12, last=15, since=15))
    shown = [
        {
            (fetch.url, fetch.captured_at): fetch.payload_sha256
            for fetch in Archive(generate(size, tmp_path / size) / "archive").fetches()
            if fetch.captured_at >= morning(whole, 15)
        }
        for size in ("whole", "end")
    ]
    assert shown[0] == shown[1]
    assert len(shown[1]) == 5 * 2


def test_years_as_parquet_hold_what_the_days_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Size(boards=1, days=400, first=12, last=15, parquet=True)
    monkeypatch.setitem(SIZES, "years", size)
    archive = Archive(generate("years", tmp_path) / "archive")
    fetches = list(archive.fetches())
    assert len(fetches) == 2
    rows = pl.concat(read(archive, fetch) for fetch in fetches)
    assert rows.schema == TIDY
    lived = [state for state in states(size, 0) if state.day < size.days]
    assert rows["as_of"].unique().sort().to_list() == [day_of(size, s.day) for s in lived]
    last = rows.filter(pl.col("as_of") == day_of(size, lived[-1].day))
    assert sorted(last["score"].to_list(), reverse=True) == lived[-1].rating.tolist()


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"[]",
        b'[{"model": "a"}]',
        b"PAR1 no",
        b'[{"model":"a","organization":"b","license":"c","rating":"high",'
        b'"rating_q025":1,"rating_q975":2,"votes":3}]',
    ],
)
def test_the_source_refuses_what_its_card_does_not_promise(payload: bytes) -> None:
    with pytest.raises(SourceChanged):
        parse(payload, JULY, url="https://bench.invalid/board-000.json")


def test_the_source_refuses_an_address_without_a_board() -> None:
    with pytest.raises(SourceChanged, match="names no board"):
        parse(b"[]", JULY, url="https://bench.invalid/else.json")


@pytest.mark.parametrize("room", ALLOWED)
def test_nothing_that_is_measured_knows_of_it(room: str) -> None:
    assert [p for p in (ROOT / room).rglob("*.py") if "bench" in imported(p)] == []


def read(archive: Archive, fetch: Fetch) -> pl.DataFrame:
    return parse(archive.read(sha256_of(fetch)), fetch.captured_at, url=fetch.url)


def sha256_of(fetch: Fetch) -> str:
    assert fetch.payload_sha256
    return fetch.payload_sha256


def scores(state: State) -> dict[int, float]:
    return dict(zip(state.model.tolist(), state.rating.tolist(), strict=True))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
