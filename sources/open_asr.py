"""Open ASR leaderboard: word error rate of speech recognition, in percent, lower is better.

Three files, told apart by their headings, each with a rate per data set and a published average.
In the long-form file some models were not measured on CORAAL, the hardest set: their average is
over fewer sets and no overall here, but kept in extra; "Avg (without CORAAL)" compares all. -1
and a blank both mean missing in the speed and size columns. RTFx (speed over real time) depends
on the machine: kept in extra.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from statistics import fmean, median

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import csv_rows, number

FILES = "https://raw.githubusercontent.com/huggingface/open_asr_leaderboard/main/scripts/data"


def _board(name: str, title: str, sets: str, min_rows: int) -> Board:
    return Board(
        board=f"open_asr/{name}",
        title=title,
        task_family="speech recognition",
        metric="word error rate",
        unit="%",
        higher_is_better=False,
        scale="points",
        scoring_method=f"words wrong, missing or added, normalised; plain mean over {sets}",
        sample_size="none published",
        evaluation_date="none stated",
        prompts_public="yes",
        contamination="The data sets are public, so a model may have been trained on them.",
        min_rows=min_rows,
        max_rows=1000,
        min_score=0,
        max_score=100,
    )


CARD = Card(
    id="open_asr",
    title="Open ASR leaderboard",
    homepage="https://huggingface.co/spaces/hf-audio/open_asr_leaderboard",
    urls=tuple(f"{FILES}/{name}.csv" for name in ("en_shortform", "en_longform", "multilingual")),
    licence="Apache-2.0",
    credit="huggingface/open_asr_leaderboard",
    cadence="daily",
    boards=(
        _board("en_shortform", "Open ASR, English short-form", "8 sets", 68),
        _board("en_longform", "Open ASR, English long-form", "4 sets", 25),
        _board("multilingual", "Open ASR, five languages", "13 sets", 24),
    ),
    witnesses=(
        Witness("open_asr/en_shortform", "2026-03-27", "zoom/scribe_v1", 5.47),
        Witness("open_asr/en_longform", "2026-03-27", "elevenlabs/scribe_v2", 7.315),
        Witness("open_asr/multilingual", "2026-03-27", "elevenlabs/scribe_v2", 2.24, "de_covost"),
    ),
    notes=(
        "A model without a rate for some set has no overall: its published average is over fewer.",
        "RTFx and model size are in extra; -1 and a blank both mean that they are not known.",
    ),
)


@dataclass(frozen=True)
class Shape:
    """The columns that a file is known by."""

    board: str
    model: str
    average: str
    sets: tuple[str, ...]
    other_averages: tuple[str, ...] = ()


SHAPES = (
    Shape(
        "open_asr/en_shortform",
        "model",
        "Avg. WER",
        (
            "AMI WER",
            "Earnings22 WER",
            "Gigaspeech WER",
            "LS Clean WER",
            "LS Other WER",
            "SPGISpeech WER",
            "Tedlium WER",
            "Voxpopuli WER",
        ),
    ),
    Shape(
        "open_asr/en_longform",
        "model_id",
        "Average",
        ("earnings21", "earnings22", "tedlium", "coraal_avg"),
        ("Avg (without CORAAL)",),
    ),
    Shape(
        "open_asr/multilingual",
        "model",
        "Avg",
        (
            *(
                f"{language}_{data}"
                for language in ("fr", "it", "es")
                for data in ("covost", "mls")
            ),
            *(f"{language}_fleurs" for language in ("de", "fr", "it", "es", "pt")),
            "de_covost",
            "pt_mls",
        ),
    ),
)


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of one board. Returns the tidy schema; raises SourceChanged."""
    rows = csv_rows(payload, set())
    shape = next((s for s in SHAPES if {s.model, s.average} <= set(rows[0])), None)
    if shape is None:
        raise SourceChanged(f"no column of averages; the header is {', '.join(rows[0])}")
    tasks = (*shape.sets, *shape.other_averages)
    if missing := [task for task in tasks if task not in rows[0]]:
        raise SourceChanged(f"no column {', '.join(missing)}; the header is {', '.join(rows[0])}")
    entries = [entry for row in rows for entry in _entries(row, shape, tasks)]
    _check_means(rows, shape)
    return to_tidy(entries, CARD, captured_at)


def _entries(row: dict[str, str], shape: Shape, tasks: tuple[str, ...]) -> list[dict[str, object]]:
    model = row[shape.model]
    rates = {task: number(row[task], f"{task} of {model!r}") for task in tasks}
    average = number(row[shape.average], f"the average of {model!r}")
    extra = {name: _known(row.get(name), model) for name in ("RTFx", "Model size (B)")}
    if any(rates[data] is None for data in shape.sets):
        extra["average_over_fewer_sets"], average = average, None
    kept = orjson.dumps({name: value for name, value in extra.items() if value is not None})
    return [
        {
            "board": shape.board,
            "task": task,
            "model_raw": model,
            "license_raw": row.get("License") or None,
            "score": rate,
            "extra": kept.decode(),
        }
        for task, rate in {**rates, OVERALL: average}.items()
    ]


def _known(written: str | None, model: str) -> float | None:
    """A speed or a size; -1 is the publisher's word for not known."""
    value = number(written, f"the speed or size of {model!r}")
    return None if value is None or value < 0 else value


def _check_means(rows: list[dict[str, str]], shape: Shape) -> None:
    """The average is the mean of the known sets; where it is not, another set was mixed in."""
    off = []
    for row in rows:
        rates = [number(row[data], data) for data in shape.sets]
        known = [rate for rate in rates if rate is not None]
        average = number(row[shape.average], shape.average)
        if known and average is not None:
            off.append(abs(fmean(known) - average))
    if off and not median(off) <= 0.05:
        raise SourceChanged(f"{shape.average} is not the mean of {', '.join(shape.sets)}")
