"""A file of your own results: what is read, and what is refused in which line for which reason."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import SourceChanged, local
from sources.local_file import read_cases

NOW = datetime(2025, 2, 1, tzinfo=UTC)


def told(payload: bytes, name: str = "") -> list[tuple[int, str]]:
    return [tuple(row) for row in read_cases(payload, name)[1]]  # type: ignore[misc]


def test_csv_and_json_lines_say_the_same() -> None:
    as_csv = b"model,case_id,task,correct,latency_ms,output\nada,7,tone,1,812.5,yes\n"
    as_json = {
        "model": "ada",
        "case_id": 7,
        "task": "tone",
        "correct": 1,
        "latency_ms": 812.5,
        "output": "yes",
    }
    expected = [local.Case("ada", "tone", "7", 1.0, latency_ms=812.5, output="yes")]
    assert read_cases(as_csv) == (expected, [])
    assert read_cases(json.dumps(as_json).encode()) == (expected, [])


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    plain = b'model,case_id,score,prompt\nada,1,0.5,"two\nlines"\n\nada,2,1,\n'
    windows = b"\xef\xbb\xbf" + plain.replace(b"two\n", b"two\0").replace(b"\n", b"\r\n").replace(
        b"\0", b"\n"
    )
    assert read_cases(windows) == read_cases(plain)
    assert [case.prompt for case in read_cases(plain)[0]] == ["two\nlines", None]


def test_a_prompt_may_be_longer_than_the_csv_reader_likes() -> None:
    long = "x" * 1_000_000
    limit = csv.field_size_limit()
    cases, bad = read_cases(f"model,case_id,correct,prompt\nada,1,1,{long}\n".encode())
    assert (len(cases[0].prompt or ""), bad) == (1_000_000, [])
    assert csv.field_size_limit() == limit


def test_a_refused_case_is_a_failure_whatever_else_the_row_says() -> None:
    cases, _ = read_cases(
        b"model,case_id,correct,refused\nada,1,1,true\nada,2,,1\nada,3,1,0\nada,4,1,\n"
    )
    assert [(case.score, case.refused) for case in cases] == [
        (0.0, True),
        (0.0, True),
        (1.0, False),
        (1.0, None),
    ]


def test_a_prompt_that_is_no_text_is_kept_as_json() -> None:
    row = {
        "model": "a",
        "case_id": "1",
        "correct": True,
        "prompt": [{"role": "user"}],
        "expected": 4,
    }
    case = read_cases(json.dumps(row).encode())[0][0]
    assert (case.prompt, case.expected) == ('[{"role": "user"}]', "4")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ada,1,2,,,", "correct is 0 or 1, not '2'"),
        ("ada,1,yes,,,", "correct is 0 or 1, not 'yes'"),
        ("ada,1,,1.01,,", "score is between 0 and 1, not 1.01"),
        ("ada,1,,-0.1,,", "score is between 0 and 1, not -0.1"),
        ("ada,1,,high,,", "score is not a number: 'high'"),
        ("ada,1,,n/a,,", "score is not a number: 'n/a'"),
        ("ada,1,,1e999,,", "score is between 0 and 1, not inf"),
        ("ada,1,,,,", "it has neither correct nor score"),
        ("ada,1,1,1,,", "it has both correct and score: give one"),
        ("ada,1,1,,-3,", "latency_ms is negative or not finite: -3"),
        ("ada,1,1,,,-1", "review_minutes is negative or not finite: -1"),
        ("ada,1,1,,1e999,", "latency_ms is negative or not finite: inf"),
        (",1,1,,,", "it has no model"),
        ("ada, ,1,,,", "it has no case_id"),
        ("ada,1,1", "it has 3 fields, the header 6"),
        ("ok,1,1,,,", "ok has this case already in line 2"),
    ],
)
def test_a_bad_row_names_its_line_and_reason(row: str, reason: str) -> None:
    header = "model,case_id,correct,score,latency_ms,review_minutes"
    payload = f'{header}\nok,1,1,,,\n"ok",2,1,,,\n\n{row}\nok,3,1,,,\n'.encode()
    cases, bad = read_cases(payload)
    assert bad == [(5, reason)]
    assert [case.case_id for case in cases] == ["1", "2", "3"]


def test_a_row_over_several_lines_is_named_by_its_first() -> None:
    payload = b'model,case_id,correct,prompt\na,1,1,"x\ny\nz"\na,2,3,"x\ny"\n'
    assert told(payload) == [(5, "correct is 0 or 1, not '3'")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON: Expecting property name"),
        (b"nope", "not JSON: Expecting value"),
        (b"[1]", "not a JSON object"),
        (b'{"model": "a", "case_id": 1, "score": NaN}', "NaN is no number in JSON"),
        (b'{"model": "a", "case_id": 1, "score": true}', "score is not a number: True"),
        (b'{"model": "a", "case_id": 1, "correct": 1, "correct": 0}', "a key is there twice"),
        (b'{"model": "a", "case_id": 1, "corect": 1}', "no such column: corect"),
        (b'{"model": "a", "case_id": 1.5, "correct": 1}', "case_id is not a name: 1.5"),
        (b'{"model": {}, "case_id": 1, "correct": 1}', "model is not a name: {}"),
        (b'{"model": "a", "case_id": 1, "correct": 1, "output": "\\ud800"}', "surrogate"),
        (b'{"model": "a", "case_id": 1, "correct": 1, "output": ' + b"[" * 99999, "not JSON"),
    ],
)
def test_a_bad_line_of_json_names_its_reason(line: bytes, reason: str) -> None:
    good = b'{"model": "a", "case_id": "good", "correct": 1, "output": "one\xe2\x80\xa8line"}'
    cases, bad = read_cases(good + b"\r\n" + line + b"\r\n", "results.JSONL")
    assert len(cases) == 1
    assert [row.line for row in bad] == [2]
    assert reason in bad[0].reason


def test_tasks_are_given_to_all_rows_or_to_none() -> None:
    payload = b"model,case_id,task,correct\na,1,tone,1\na,2,,1\n"
    assert told(payload) == [
        (3, "give every row a task or none: the first row differs from this one")
    ]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"model,case_id,correct\n", "a header and no rows"),
        (b"model,correct\na,1\n", "no column case_id; the header is model, correct"),
        (b"model,case_id\na,1\n", "no column correct or score"),
        (b"model,case_id,correct,colour\na,1,1,red\n", "no such column: colour; there are model,"),
        (b"model,case_id,correct,correct\na,1,1,1\n", "a column is there twice"),
        (b"model;case_id;correct\na;1;1\n", "no column model, case_id"),
        (b",,\n", "no column model, case_id"),
        (b'model,case_id,correct,prompt\na,1,1,"never ends\nb,2,1,\n', "begins in line 2"),
        ("model,case_id,correct\ngrün,1,1\n".encode("latin-1"), "not UTF-8"),
        ("model,case_id,correct\na,1,1\n".encode("utf-16"), "not UTF-8"),
        (b"PK\x03\x04\0\0", "binary"),
        (b'[{"model": "a", "case_id": 1, "correct": 1}]', "write one object a line"),
    ],
)
def test_a_file_that_cannot_be_read_row_by_row_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(SourceChanged) as caught:
        read_cases(payload)
    assert reason in str(caught.value)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@given(st.dictionaries(st.tuples(TEXT, TEXT), st.tuples(st.floats(0, 1), TEXT), min_size=1))
def test_what_is_read_is_written_and_read_back_the_same(
    results: dict[tuple[str, str], tuple[float, str]],
) -> None:
    """Any names and texts, through CSV, to the payload and back, in any order."""
    file = io.StringIO(newline="")
    lines = csv.writer(file)
    lines.writerow(("model", "case_id", "score", "output"))
    lines.writerows((*key, repr(score), output) for key, (score, output) in results.items())
    cases, _ = read_cases(file.getvalue().encode())
    if not cases:
        return
    payload = local.written(cases, date(2025, 1, 16))
    assert local.written(reversed(cases), date(2025, 1, 16)) == payload
    again = local.cases_of(payload)
    assert local.stated(again) == date(2025, 1, 16)
    assert sorted((c.model, c.case_id, c.score, c.output or "") for c in again) == sorted(
        (c.model, c.case_id, c.score, c.output or "") for c in cases
    )
    assert local.items(payload, NOW, url="local:x").height == len(cases)
    assert set(local.parse(payload, NOW, url="local:x")["model_raw"]) == {c.model for c in cases}


@given(st.data())
def test_a_damaged_state_is_refused_without_a_word_of_what_it_holds(data: st.DataObject) -> None:
    case = local.Case("ada", "tone", "1", 0.5, prompt="secret", output="secret")
    payload = local.written([case, local.Case("bea", "tone", "1", 1.0, expected="secret")], None)
    start = data.draw(st.integers(0, len(payload)))
    end = data.draw(st.integers(start, len(payload)))
    damaged = payload[:start] + data.draw(st.binary(max_size=8)) + payload[end:]
    for read in (local.parse, local.items):
        try:
            read(damaged, NOW, url="local:x")
        except SourceChanged as error:
            assert "secret" not in str(error)
