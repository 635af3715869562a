"""OpenRouter's list of models: what it asks for each, in USD per token written as text.

A price of "-1" varies from call to call (a router between models): not stated. A ":free" variant is
an entry of its own. `created` is when the model was added, not when the price began, so prices are
dated by the day they were captured. "tools" among the supported parameters means tool use; an id of
weights on Hugging Face means open weights, and none means only that none is given.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from sources.contract import Card, SourceChanged
from sources.price_contract import to_prices
from sources.reading import json_value, number, whole

CARD = Card(
    id="openrouter",
    title="OpenRouter models",
    homepage="https://openrouter.ai/models",
    urls=("https://openrouter.ai/api/v1/models",),
    licence="not stated",
    credit="OpenRouter (openrouter.ai)",
    cadence="daily",
    boards=(),
    witnesses=(),
    notes=(
        "The provider is openrouter, which passes each call on to one of several hosts.",
        "Models that answer in images or sound only are left out.",
    ),
    kind="prices",
    min_rows=100,
    max_rows=10_000,
)


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is the whole list. Returns the price schema; raises SourceChanged."""
    value = json_value(payload)
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise SourceChanged("the answer has no list `data`")
    rows = [_row(model) for model in value["data"]]
    return to_prices((row for row in rows if row is not None), CARD, captured_at)


def _row(model: object) -> dict[str, Any] | None:
    if not isinstance(model, dict) or not isinstance(model.get("id"), str):
        raise SourceChanged("a model has no id")
    name = model["id"]
    pricing = model.get("pricing")
    if not isinstance(pricing, dict) or not {"prompt", "completion"} <= set(pricing):
        raise SourceChanged(f"{name!r} has no prices prompt and completion")
    answers = _part(model, "architecture").get("output_modalities")
    if isinstance(answers, list) and "text" not in answers:
        return None
    parameters = model.get("supported_parameters")
    weights = model.get("hugging_face_id")
    return {
        "provider": "openrouter",
        "model_raw": name,
        "input_usd_per_mtok": _per_million(pricing["prompt"], name),
        "output_usd_per_mtok": _per_million(pricing["completion"], name),
        "context_tokens": whole(model.get("context_length"), f"context_length of {name!r}"),
        "max_output_tokens": whole(
            _part(model, "top_provider").get("max_completion_tokens"),
            f"max_completion_tokens of {name!r}",
        ),
        "tool_use": "tools" in parameters if isinstance(parameters, list) else None,
        "open_weights": True if weights else None,
        "extra": orjson.dumps({"hugging_face_id": str(weights)}).decode() if weights else None,
    }


def _part(model: dict[str, Any], key: str) -> dict[str, Any]:
    """A nested object that older answers lack."""
    part = model.get(key)
    return part if isinstance(part, dict) else {}


def _per_million(cost: object, name: str) -> float | None:
    found = number(cost, f"the price of {name!r}")
    if found is None or found == -1:
        return None
    return float(Decimal(repr(found)) * 1_000_000)
