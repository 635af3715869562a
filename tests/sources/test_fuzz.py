"""Every parser against thousands of damaged payloads: a result that keeps the contract, or SourceChanged.

Small fixtures always, recordings where they are. `PHOTOFINISH_SOAK=1 pytest -s tests/sources/test_fuzz.py`
tries far more and prints the figures of docs/reliability.md. A seed is the name of a payload and a number:

    from tests.sources.fuzzing import fixtures_of; from tests.sources.mutating import mutants
"""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sources import Source, SourceChanged, load_sources
from sources import reading as read
from sources.contract import EARLIEST, MOST_ROWS, TIDY, records, to_tidy
from sources.price_contract import to_prices
from tests.conftest import SOAK
from tests.sources.fuzzing import (
    Good,
    Hang,
    Tally,
    fixtures_of,
    fuzzed,
    lifted,
    recordings_of,
    time_limit,
    try_one,
    unfit,
)
from tests.sources.mutating import Mutant, mutants
from tests.sources.promises import broken

SOURCES = load_sources()
FROM_FIXTURES, FROM_RECORDINGS = (2000, 400) if SOAK else (24, 8)
"""Mutants of each source: in all some 800 from day to day, some 60,000 in a soak run."""

NOW = datetime(2025, 6, 1, tzinfo=UTC)
EVERY = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
quick = settings(
    max_examples=2000 if SOAK else 60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def told(source: Source, what: str, tally: Tally) -> None:
    print(
        f"\n{source.id:<16} {what:<10} {tally.tried:>6} tried {tally.parsed:>6} parsed "
        f"{tally.refused:>6} refused {tally.defects.total():>3} defects, slowest {tally.slowest:.2f} s",
        end="",
    )


@EVERY
def test_mutants_of_a_fixture_keep_the_contract_or_are_refused(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = lifted(source, monkeypatch)
    tally = fuzzed(source, fixtures_of(source), FROM_FIXTURES)
    told(source, "fixtures", tally)
    assert not tally.defects, tally.defects.most_common(5)
    assert tally.tried == FROM_FIXTURES
    assert tally.parsed
    assert tally.refused


@EVERY
def test_mutants_of_a_recording_keep_the_contract_or_are_refused(
    source: Source, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods = recordings_of(source, recordings)
    if not goods:
        pytest.skip(f"nothing recorded of {source.id}")
    tally = fuzzed(source, goods if SOAK else goods[:2], FROM_RECORDINGS)
    told(source, "recordings", tally)
    assert not tally.defects, tally.defects.most_common(5)
    assert tally.refused


def test_the_same_seed_gives_the_same_mutants() -> None:
    good = fixtures_of(SOURCES["arena_csv"])[0]
    once, again = (list(mutants(good.payload, good.name, 30)) for _ in range(2))
    assert once == again
    assert len({mutant.payload for mutant in once}) > 20
    assert list(mutants(good.payload, good.name, 5)) == once[:5]


def of_one_row(**changed: object) -> Any:
    """A source that gives one row, right but for what is changed."""
    row: dict[str, object] = {"board": "b/b", "task": "overall", "model_raw": "ada", "score": 1.0}
    frame = pl.from_dicts([{**row, **changed}], schema=TIDY)
    return lambda payload, captured_at, *, url="": frame


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"score": float("nan")}, "score is nan"),
        ({"ci_low": 2.0}, "above the score"),
        ({"ci_high": 0.5}, "below the score"),
        ({"score": None, "ci_low": 2.0, "ci_high": 1.0}, "is empty"),
        ({"n": 0}, "n is 0"),
        ({"model_raw": ""}, "no model_raw"),
        ({"model_raw": "a\x1b[31m"}, "control character"),
        ({"model_raw": "a" * 301}, "301 characters"),
        ({"extra": "[1]"}, "extra is no object"),
        ({"as_of": EARLIEST.replace(year=1999)}, "dated 1999"),
    ],
)
def test_a_broken_promise_would_be_seen(changed: dict[str, object], said: str) -> None:
    """The check of the tests itself: it sees each kind of defect."""
    source = Source(SOURCES["tidy"].card, of_one_row(**changed), "1")
    assert said in broken(source, source.parse(b"", NOW), NOW)
    good = Source(SOURCES["tidy"].card, of_one_row(), "1")
    assert broken(good, good.parse(b"", NOW), NOW) == ""


def test_another_exception_and_a_hang_would_be_seen() -> None:
    def wrong(payload: bytes, captured_at: datetime, *, url: str = "") -> pl.DataFrame:
        raise KeyError("gone")

    tally, good = Tally(), Good("x", b"", NOW, "")
    try_one(Source(SOURCES["tidy"].card, wrong, "1"), good, Mutant("x#0", "cut", b""), tally)
    assert list(tally.defects) == ["KeyError: 'gone' (x#0: cut)"]
    with pytest.raises(Hang), time_limit(0.05):
        while True:
            pass


# --- the readers, on anything at all -------------------------------------------------------------

anything = st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode())
tables = st.text(alphabet='ab,"\n\r\t |\x00é1.', max_size=80).map(lambda text: text.encode())


@pytest.mark.parametrize(
    "reader",
    [
        read.text,
        lambda payload: read.csv_rows(payload, {"a"}),
        read.json_value,
        lambda payload: read.json_value(payload, models_are_keys=True),
        read.yaml_records,
        read.check_parquet,
    ],
    ids=["text", "csv", "json", "json, keys", "yaml", "parquet"],
)
@quick
@given(payload=anything | tables)
@example(payload=b"\xef\xbb\xbf")
@example(payload=b"[" * 5000)
@example(payload=b"- " * 5000)
@example(payload=b"a: &a [*a]")
@example(payload=b"PAR1PAR1")
def test_a_reader_reads_or_refuses(reader: Any, payload: bytes) -> None:
    try:
        reader(payload)
    except SourceChanged as error:
        assert unfit(str(error)) == ""


@quick
@given(value=st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary())
@example(value=10**400)
@example(value="9" * 5000)
@example(value="１２")
@example(value="1e999")
def test_a_number_is_a_number_or_missing_or_refused(value: object) -> None:
    for reader in (read.number, read.whole):
        try:
            found = reader(value, "it")
        except SourceChanged:
            continue
        assert found is None or isinstance(found, float | int)
        assert found is None or found == found, "never NaN"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "source",
    [s for s in SOURCES.values() if s.id not in ("arena", "local")],
    ids=lambda source: source.id,
)
@settings(quick, max_examples=300 if SOAK else 4)
@given(value=json_like)
def test_a_document_of_any_shape_is_refused_or_keeps_the_contract(
    source: Source, value: object
) -> None:
    try:
        rows = source.parse(json.dumps(value).encode(), NOW, url=good_url(source))
    except SourceChanged:
        return
    assert broken(source, rows, NOW) == ""


def good_url(source: Source) -> str:
    return fixtures_of(source)[0].url


# --- limits --------------------------------------------------------------------------------------

MIB = 1024**2


@pytest.mark.parametrize(
    ("reader", "payload", "reason"),
    [
        (read.text, b" " * (read.MOST_BYTES + 1), "larger than 32 MiB"),
        (read.text, b"\n" * (read.MOST_VALUES + 1), "more than 2,000,000 lines"),
        (read.json_value, b"[" + b"{}," * read.MOST_VALUES + b"{}]", "more than 2,000,000"),
        (read.json_value, b"[" * 41 + b"]" * 41, "deeper than 40 levels"),
        (read.json_value, b'{"a":' * 900 + b"1" + b"}" * 900, "deeper than 40 levels"),
        (read.json_value, b'[{}, 1, {"a": ' * 20 + b"[]" + b'}, ["]"]]' * 20, "deeper than 40"),
        (read.json_value, b'["]", ' * 40 + b'{"}": "}"}' + b"]" * 40, "deeper than 40 levels"),
        (
            lambda p: read.csv_rows(p, {"a"}),
            b"a\n" + b"x" * 140_000,
            "field larger than field limit",
        ),
        (lambda p: read.csv_rows(p, {"a"}), b"a" + b"," * read.MOST_VALUES + b",", "more than"),
        (read.yaml_records, b"- a: 1\n" * (MIB // 14 + 1), "larger than 512 KiB"),
        (read.yaml_records, b"a: &a [x]\nb: [*a, *a]\n", "anchors"),
        (read.yaml_records, b"- !!python/object/apply:os.system ['false']\n", "not YAML"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_too_much_is_refused_with_the_limit(
    reader: Any, payload: bytes, reason: str
) -> None:
    with pytest.raises(SourceChanged, match=reason), time_limit(5):
        reader(payload)


def test_as_much_as_is_allowed_is_read_in_time() -> None:
    with time_limit(5):
        assert read.json_value(b"[" * 40 + b"]" * 40)
        assert read.json_value(b'["[[{", {"{": ' * 20 + b'"["' + b"}]" * 20)
        assert len(read.yaml_records(b"- a: 1\n" * 40_000)) == 40_000


def test_a_key_that_is_there_twice_is_found_quickly_among_many() -> None:
    keys = ", ".join(f'"k{i}": 1' for i in range(100_000))
    with pytest.raises(SourceChanged, match="twice: 'k7'"), time_limit(5):
        read.json_value(f'{{{keys}, "k7": 2}}'.encode(), models_are_keys=True)


@pytest.mark.parametrize("id_", ["arena_catalog", "bigcodebench", "litellm_prices"])
def test_a_model_that_is_a_key_twice_is_refused(id_: str) -> None:
    good = fixtures_of(SOURCES[id_])[0]
    key, value = next(iter(json.loads(good.payload).items()))
    again = f"{{{json.dumps(key)}: {json.dumps(value)}, ".encode()
    with pytest.raises(SourceChanged, match="a model or key is listed twice"):
        SOURCES[id_].parse(again + good.payload.lstrip()[1:], good.captured_at, url=good.url)


def test_a_parquet_file_that_unpacks_to_too_much_is_not_unpacked() -> None:
    file = io.BytesIO()
    pl.select(pl.lit(1).repeat_by(read.MOST_PARQUET_ROWS + 1).explode().alias("a")).write_parquet(
        file
    )
    assert len(file.getvalue()) < MIB
    began = time.process_time()
    with pytest.raises(SourceChanged, match="5,000,001 rows"):
        read.check_parquet(file.getvalue())
    assert time.process_time() - began < 1


def test_records_without_end_end() -> None:
    def endless() -> Any:
        while True:
            yield {"board": "b"}

    with pytest.raises(SourceChanged, match=f"more than {MOST_ROWS:,} rows"):
        records(endless(), TIDY)


@pytest.mark.parametrize(
    ("name", "most"),
    [("board", 300), ("task", 300), ("model_raw", 300), ("license_raw", 300), ("extra", 100_000)],
)
def test_a_text_is_as_long_as_a_person_would_write_it(name: str, most: int) -> None:
    """In characters: one that takes two bytes counts once."""

    def tidied(length: int) -> pl.DataFrame:
        row = {"board": "b/b", "task": "overall", "model_raw": "ada", "score": 1.0}
        return to_tidy([{**row, name: "é" * length}], SOURCES["tidy"].card, NOW)

    assert tidied(most)[name].str.len_chars().to_list() == [most]
    with pytest.raises(SourceChanged, match=f"{name} is {most + 1:,} characters long"):
        tidied(most + 1)


def test_a_name_is_measured_without_the_space_that_goes() -> None:
    row = {"board": "b/b", "task": "overall", "score": 1.0}
    names = ["ada" + " " * 400 + "2", "\tbea\u202e", "cy | dee"]
    rows = [{**row, "model_raw": name, "license_raw": " MIT "} for name in names]
    found = to_tidy(rows, SOURCES["tidy"].card, NOW)
    assert found["model_raw"].to_list() == ["ada 2", "bea", "cy | dee"]
    assert found["license_raw"].to_list() == ["MIT"] * 3


@pytest.mark.parametrize(
    ("days", "reason"), [(2**31 - 1, "after 2025-06-01"), (-(2**31), "before 2000-01-01")]
)
def test_a_year_that_no_calendar_has_is_refused(days: int, reason: str) -> None:
    row = {"board": "b/b", "task": "overall", "model_raw": "ada", "score": 1.0}
    as_of = pl.Series("as_of", [days], pl.Int32).cast(pl.Date)
    with pytest.raises(SourceChanged, match=f"the stated date is {reason}"):
        to_tidy(pl.DataFrame([row]).with_columns(as_of), SOURCES["tidy"].card, NOW)


@pytest.mark.parametrize(
    ("id_", "changed", "reason"),
    [
        ("tidy", {"ci_low": 2.0, "ci_high": 1.0}, "an interval ends before it begins"),
        ("aider", {}, "the card knows no such board"),
    ],
)
def test_a_row_that_cannot_be_is_refused(id_: str, changed: dict[str, object], reason: str) -> None:
    row = {"board": "b/b", "task": "overall", "model_raw": "ada", "score": None}
    with pytest.raises(SourceChanged, match=reason):
        to_tidy([{**row, **changed}], SOURCES[id_].card, NOW)


def test_the_names_of_a_price_are_no_longer_either() -> None:
    card = replace(SOURCES["llm_prices"].card, min_rows=1)
    row = {"provider": "p", "input_usd_per_mtok": 1.0}
    assert len(to_prices([{**row, "model_raw": "a" * 300}], card, NOW)) == 1
    with pytest.raises(SourceChanged, match="model_raw is 301 characters long"):
        to_prices([{**row, "model_raw": "a" * 301}], card, NOW)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"as_of": EARLIEST - timedelta(days=1)}, "a date before 2000-01-01"),
        ({"as_of": NOW.date() + timedelta(days=2)}, "a date in the future"),
        ({"input_usd_per_mtok": -0.01}, "a price below zero or above any known"),
        ({"output_usd_per_mtok": 10_001.0}, "a price below zero or above any known"),
        ({"max_output_tokens": -1}, "a negative number of tokens"),
        ({"provider": " "}, "no name"),
    ],
)
def test_a_price_that_cannot_be_is_refused(changed: dict[str, object], reason: str) -> None:
    card = replace(SOURCES["llm_prices"].card, min_rows=1)
    row = {"provider": "p", "model_raw": "ada", "as_of": EARLIEST, "input_usd_per_mtok": 1.0}
    assert len(to_prices([row], card, NOW)) == 1
    with pytest.raises(SourceChanged, match=reason):
        to_prices([{**row, **changed}], card, NOW)


@pytest.mark.parametrize("value", [2**53 + 2, -(2**53) - 2, 2**64, "9007199254740994", "1e300"])
def test_a_whole_number_that_is_not_read_exactly_is_refused(value: object) -> None:
    assert read.whole(2**53, "n") == 2**53
    with pytest.raises(SourceChanged, match="n is too large a number"):
        read.whole(value, "n")


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400], ids=["most", "least", "huge"])
def test_a_whole_number_beyond_64_bits_is_refused(value: int) -> None:
    with pytest.raises(SourceChanged, match="a value has the wrong type"):
        records([{"n": value}], TIDY)


def test_a_reason_is_one_short_line_whatever_it_quotes() -> None:
    assert str(SourceChanged("a\x1b[31m\nb\u202ec")) == "a [31m b c"
    assert len(str(SourceChanged("x" * 10**6))) == 500
