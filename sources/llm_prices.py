"""Simon Willison's llm-prices: one file per vendor, with price history, in USD per million tokens.

An entry of the history says from when to when a price held; null means unknown or current. A tier
for long prompts is an id of its own ("gemini-2.5-pro-200k", named "... >200k"): not a model, so it
is left out. A file may stay unchanged for months; stale and stable cannot be told apart.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import orjson
import polars as pl

from sources.contract import Card, SourceChanged, Witness
from sources.price_contract import to_prices
from sources.reading import json_value, number

FILES = "https://raw.githubusercontent.com/simonw/llm-prices/main/data"
VENDORS = (
    "amazon",
    "anthropic",
    "deepseek",
    "google",
    "meta-ai",
    "minimax",
    "mistral",
    "moonshot-ai",
    "openai",
    "qwen",
    "xai",
)

CARD = Card(
    id="llm_prices",
    title="LLM pricing data",
    homepage="https://www.llm-prices.com",
    urls=tuple(f"{FILES}/{vendor}.json" for vendor in VENDORS),
    licence="not stated",
    credit="Simon Willison (llm-prices.com)",
    cadence="daily",
    boards=(),
    witnesses=(
        Witness("deepseek", "2026-04-24", "deepseek-chat", 0.27, task="input"),
        Witness("xai", "2025-10-10", "grok-4", 3, task="input"),
        Witness("google", "2026-05-19", "gemini-3.5-flash", 1.5, task="input"),
    ),
    notes=(
        "Tiers above a prompt length, and prices of images, are left out.",
        "An ended price of unknown start has no date; it is kept in extra.before of its successor.",
        "A price announced for a later day is left out until a copy of that day.",
        "grok-4-fast is there twice since 2025-10-10, at one price: it counts once.",
    ),
    kind="prices",
    min_rows=1,
    max_rows=1000,
)

LONG_PROMPT = re.compile(r">\s*\d+\s*k\b", re.IGNORECASE)
IMAGES = re.compile(r"\bimage\b", re.IGNORECASE)


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one vendor's list. Returns the price schema; raises SourceChanged."""
    value = json_value(payload)
    if not isinstance(value, dict) or not isinstance(value.get("models"), list):
        raise SourceChanged("the file has no list of models")
    if not isinstance(value.get("vendor"), str):
        raise SourceChanged("the file names no vendor")
    rows = [
        {"provider": value["vendor"], **row}
        for model in value["models"]
        for row in _rows(model, captured_at.date())
    ]
    return to_prices(rows, CARD, captured_at)


def _rows(model: object, today: dt.date) -> list[dict[str, Any]]:
    if not isinstance(model, dict) or not isinstance(model.get("price_history"), list):
        raise SourceChanged("a model has no price_history")
    model_id, title = model.get("id"), model.get("name")
    if not isinstance(model_id, str) or not isinstance(title, str):
        raise SourceChanged(f"a model has no id or no name: {model_id!r}")
    if LONG_PROMPT.search(title) or IMAGES.search(title):
        return []
    history = [_entry(entry, model_id) for entry in model["price_history"]]
    ended = [
        entry
        for entry in history
        if not entry["from"] and entry["until"] and entry["until"] <= today
    ]
    extra = {"name": title, **({"before": ended} if ended else {})}
    return [
        {
            "model_raw": model_id,
            "as_of": entry["from"],
            "input_usd_per_mtok": entry["input"],
            "output_usd_per_mtok": entry["output"],
            "extra": orjson.dumps({**extra, "until": entry["until"]}).decode(),
        }
        for entry in history
        if entry not in ended and (entry["from"] is None or entry["from"] <= today)
    ]


def _entry(entry: object, model_id: str) -> dict[str, Any]:
    if not isinstance(entry, dict) or not {"input", "output", "from_date", "to_date"} <= set(entry):
        raise SourceChanged(f"a price of {model_id} lacks input, output, from_date or to_date")
    return {
        "from": _date(entry["from_date"], model_id),
        "until": _date(entry["to_date"], model_id),
        "input": number(entry["input"], f"input of {model_id}"),
        "output": number(entry["output"], f"output of {model_id}"),
    }


def _date(written: object, model_id: str) -> dt.date | None:
    if written is None:
        return None
    try:
        return dt.date.fromisoformat(str(written))
    except ValueError as error:
        raise SourceChanged(f"a date of {model_id} is not like 2025-02-08: {written!r}") from error
