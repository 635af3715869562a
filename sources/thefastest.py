"""TheFastest.ai: how soon and how fast hosted models answer, measured from three data centres.

ttft is seconds to the first token (lower is better), tps output tokens a second. The best of
three tries is kept, so there is no error bar. A task is a region; overall is the median of the
regions, for models measured in all. Until 2024-04-15 an answer had 60-100 tokens, then 20: tps
before and after are two series. A first token after 0 s or a rate of 0 is a failed call, not a
measurement.
"""

from __future__ import annotations

import datetime as dt
import re
from statistics import median
from typing import Any, Literal

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import json_value, number

FILE = (
    "https://raw.githubusercontent.com/fixie-ai/thefastest.ai/main/website/public/data/latest.json"
)


def _board(
    name: str,
    title: str,
    metric: str,
    unit: str,
    scale: Literal["seconds", "points"],
    max_score: float,
) -> Board:
    return Board(
        board=f"thefastest/{name}",
        title=title,
        task_family="serving speed",
        metric=metric,
        unit=unit,
        higher_is_better=scale != "seconds",
        scale=scale,
        scoring_method="wall clock, warm connection, best of three; overall is the median region",
        sample_size="one kept measurement per model and region",
        evaluation_date="time of each region",
        prompts_public="yes",
        contamination="None: speed, not quality; the numbers vary with hour and load.",
        min_rows=1,
        max_rows=2000,
        min_score=0,
        max_score=max_score,
        complete_rows=33,
    )


CARD = Card(
    id="thefastest",
    title="TheFastest.ai",
    homepage="https://thefastest.ai",
    urls=(FILE,),
    licence="MIT",
    credit="fixie-ai/thefastest.ai",
    cadence="frozen",
    boards=(
        _board("ttft", "TheFastest, first token", "time to first token", "s", "seconds", 120),
        _board(
            "tps", "TheFastest, throughput", "output tokens per second", "tokens/s", "points", 5000
        ),
    ),
    witnesses=(
        Witness("thefastest/ttft", "2024-04-28", "openai/gpt-4-turbo", 0.920861005783081, "cdg"),
        Witness("thefastest/tps", "2024-04-28", "openai/gpt-4-turbo", 43.785920247556085, "cdg"),
    ),
    notes=(
        "tps is cut off at 999 by the publisher: the answer came in one piece (extra.capped).",
        "On 2024-04-19 all models were renamed at once and nothing else changed.",
        "A region may be hours older than the others (2024-04-24): its time is in extra.",
    ),
)

SERIES = {"": "2024-04-15", "--max-tokens=20": "2024-04-16"}
"""The options of the measurement, and the date from which tps is measured so."""

CAP = 999


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of both boards. Returns the tidy schema; raises SourceChanged."""
    regions = json_value(payload)
    if not isinstance(regions, list) or not all(isinstance(region, dict) for region in regions):
        raise SourceChanged("the document is not a list of regions")
    names = [region.get("region") for region in regions]
    if not regions or not all(re.fullmatch(r"[a-z]{3}", str(name)) for name in names):
        raise SourceChanged(f"the regions are not airport codes: {str(names)[:80]}")
    if len(set(names)) != len(names):
        raise SourceChanged(f"a region is there twice: {', '.join(names)}")
    release = _release(regions)
    times = {region["region"]: _time(region) for region in regions}
    entries = [
        {**entry, "as_of": max(times.values()).date()}
        for metric in ("ttft", "tps")
        for entry in _entries(metric, regions, release if metric == "tps" else None)
    ]
    return to_tidy(entries, CARD, captured_at)


def _release(regions: list[dict[str, Any]]) -> str:
    options = {str(region.get("cmd")) for region in regions}
    if len(options) > 1 or not options <= set(SERIES):
        raise SourceChanged(f"measured with other options than known: {', '.join(sorted(options))}")
    return SERIES[options.pop()]


def _time(region: dict[str, Any]) -> dt.datetime:
    try:
        time = dt.datetime.fromisoformat(region["time"])
        return time.replace(tzinfo=time.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SourceChanged(f"the time of {region['region']} is {region.get('time')!r}") from error


def _entries(
    metric: str, regions: list[dict[str, Any]], release: str | None
) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = []
    by_model: dict[str, list[float | None]] = {}
    common = {"release": release} if release else {}
    for region in regions:
        for model, value in _values(metric, region):
            by_model.setdefault(model, []).append(value)
            extra = {**common, "time": region["time"]}
            if metric == "tps" and value == CAP:
                extra["capped"] = True
            entries.append(_entry(metric, region["region"], model, value, extra))
    for model, values in by_model.items():
        known = [value for value in values if value is not None]
        score = median(known) if len(known) == len(regions) else None
        entries.append(_entry(metric, OVERALL, model, score, common))
    return entries


def _values(metric: str, region: dict[str, Any]) -> list[tuple[str, float | None]]:
    """The measurements of a region; a zero is a call that failed."""
    results = region.get("results")
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise SourceChanged(f"the results of {region['region']} are not a list of objects")
    found = []
    for result in results:
        model = result.get("model")
        if not isinstance(model, str) or metric not in result:
            raise SourceChanged(f"a result of {region['region']} has no model or no {metric}")
        value = number(result[metric], f"{metric} of {model!r} in {region['region']}")
        found.append((model, value or None))
    return found


def _entry(
    metric: str, task: str, model: str, score: float | None, extra: dict[str, Any]
) -> dict[str, object]:
    return {
        "board": f"thefastest/{metric}",
        "task": task,
        "model_raw": model,
        "score": score,
        "extra": orjson.dumps(extra).decode() if extra else None,
    }
