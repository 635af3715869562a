"""Pydantic's genai-prices: what each provider asks for each model, in USD per million tokens.

The same model is sold by several providers at different prices, so a price belongs to a provider.
A price with tiers counts at its base tier. A list of prices may depend on the date (each stated
start is a row of its own) or on the time of day (the price that holds longest counts). Only text
models: both an input and an output price for text, none for spoken output.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import orjson
import polars as pl

from sources.contract import Card, SourceChanged, Witness
from sources.price_contract import to_prices
from sources.reading import json_value, number, whole

CARD = Card(
    id="genai_prices",
    title="genai-prices",
    homepage="https://github.com/pydantic/genai-prices",
    urls=("https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/data.json",),
    licence="MIT",
    credit="pydantic/genai-prices",
    cadence="daily",
    boards=(),
    witnesses=(
        Witness("openai", "2025-12-31", "gpt-4o", 2.5, task="input"),
        Witness("anthropic", "2026-04-08", "claude-sonnet-4-5", 3, task="input"),
        Witness("x-ai", "2025-07-22", "grok-3-mini-fast", 0.6, task="input"),
    ),
    notes=(
        "A model without any price is left out: free and unknown cannot be told apart.",
        "An ended price of unknown start has no date; it is kept in extra.before of its successor.",
        "A price announced for a later day is left out until a copy of that day.",
        "From 2025-07-05 OpenRouter's models stand twice, as maker/name with the prices of 2025-06 "
        "and as name with later ones (o3: 10 and 2 USD): a maker/name beside its name is left out.",
        "data_slim.json has the same prices: it can be read, but one of the two is enough.",
    ),
    kind="prices",
    min_rows=410,
    max_rows=20_000,
)

OTHER_THAN_TEXT = re.compile(r"embed|rerank|transcri|whisper|realtime|audio|speech|\btts\b|image")
WHOLE_DAY = 86_400.0
VARIES = -1_000_000
"""OpenRouter's -1 USD per token ("depends on the call"), which came through on 2025-06-22."""

Dated = tuple[dt.date | None, float, dict[str, Any]]
"""The day a price begins (None: not stated), the seconds of each day it holds, the prices."""


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is the whole price list. Returns the price schema; raises SourceChanged."""
    providers = json_value(payload)
    if not isinstance(providers, list):
        raise SourceChanged("the price list is not a list of providers")
    rows = []
    for provider in providers:
        if not isinstance(provider, dict) or not isinstance(provider.get("models"), list):
            raise SourceChanged("a provider has no list of models")
        ids = {str(model.get("id")) for model in provider["models"] if isinstance(model, dict)}
        for model in provider["models"]:
            rows += _rows(model, provider.get("id"), captured_at.date(), ids)
    return to_prices(rows, CARD, captured_at)


def _rows(model: object, provider: object, today: dt.date, ids: set[str]) -> list[dict[str, Any]]:
    if not isinstance(model, dict) or not isinstance(model.get("id"), str):
        raise SourceChanged(f"a model of {provider!r} has no id")
    if "prices" not in model:
        raise SourceChanged(f"no prices of {provider}/{model['id']}")
    name = f"{provider}/{model['id']}"
    listed = model["prices"] if isinstance(model["prices"], list) else [{"prices": model["prices"]}]
    begun = [
        dated
        for dated in _by_start([_dated(item, name) for item in listed], name)
        if dated[0] is None or dated[0] <= today
    ]
    maker, slash, bare = model["id"].partition("/")
    superseded = bool(maker and slash) and bare in ids
    if superseded or OTHER_THAN_TEXT.search(model["id"].lower()):
        return []
    ended = begun.pop(0)[2] if len(begun) > 1 and begun[0][0] is None else None
    extra = orjson.dumps({"before": _text_prices(ended, name)}).decode() if ended else None
    context = model.get("context_window", model.get("max_tokens"))
    rows = []
    for start, _, prices in begun:
        asked = _text_prices(prices, name)
        if None in asked.values():
            continue
        rows.append(
            {
                "provider": provider,
                "model_raw": model["id"],
                "as_of": start,
                **asked,
                "context_tokens": whole(context, f"the context window of {name}"),
                "extra": extra,
            }
        )
    return rows


def _dated(item: object, name: str) -> Dated:
    if not isinstance(item, dict) or not isinstance(item.get("prices"), dict):
        raise SourceChanged(f"the prices of {name} are neither an object nor a list of them")
    constraint = item.get("constraint") or {}
    try:
        if not constraint:
            return None, WHOLE_DAY, item["prices"]
        if set(constraint) == {"start_date"}:
            return dt.date.fromisoformat(constraint["start_date"]), WHOLE_DAY, item["prices"]
        if set(constraint) == {"start_time", "end_time"}:
            held = _second(constraint["end_time"]) - _second(constraint["start_time"])
            return None, held % WHOLE_DAY, item["prices"]
    except (TypeError, ValueError) as error:
        raise SourceChanged(f"a constraint of {name} has no date or time: {error}") from error
    raise SourceChanged(f"a constraint of {name} is of a new kind: {constraint!r}")


def _second(clock: str) -> float:
    time = dt.time.fromisoformat(clock)
    return time.hour * 3600.0 + time.minute * 60.0 + time.second


def _by_start(listed: list[Dated], name: str) -> list[Dated]:
    """One price per start, in order of start; of those by time of day the longest-held."""
    by_clock = sum(held for _, held, _ in listed if held < WHOLE_DAY)
    best: dict[dt.date, Dated] = {}
    for start, held, prices in listed:
        rest = held - by_clock if start is None and held == WHOLE_DAY else held
        key = start or dt.date.min
        if key in best and best[key][1] == rest and best[key][2] != prices:
            raise SourceChanged(f"{name} has two prices for one time")
        if key not in best or best[key][1] < rest:
            best[key] = (start, rest, prices)
    return [best[key] for key in sorted(best)]


def _text_prices(prices: dict[str, Any], name: str) -> dict[str, float | None]:
    """Input and output price at the base tier; None where the model speaks or states none."""
    speaks = prices.get("output_audio_mtok") is not None
    return {
        f"{side}_usd_per_mtok": None if speaks else _base(prices, f"{side}_mtok", name)
        for side in ("input", "output")
    }


def _base(prices: dict[str, Any], field: str, name: str) -> float | None:
    price = prices.get(field)
    if isinstance(price, dict):
        if "base" not in price:
            raise SourceChanged(f"{field} of {name} has tiers and no base")
        price = price["base"]
    found = number(price, f"{field} of {name}")
    return None if found == VARIES else found
