"""LiteLLM's price map, mirrored: what each model costs per single token, and what it can do.

Prices are USD per token (1.5e-05 is 15 USD per million). Only modes that answer in text are read:
chat, completion, responses. Aliases and dated names of one model stand side by side. The context is
max_input_tokens; max_tokens is the limit of the output.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from sources.contract import Card, SourceChanged, Witness
from sources.price_contract import to_prices
from sources.reading import json_value, number, whole

CARD = Card(
    id="litellm_prices",
    title="LiteLLM price map (filtered mirror)",
    homepage="https://github.com/Wei-Shaw/model-price-repo",
    urls=(
        "https://raw.githubusercontent.com/Wei-Shaw/model-price-repo/main/"
        "model_prices_and_context_window.json",
    ),
    licence="MIT",
    credit="BerriAI/litellm; mirror by Wei-Shaw/model-price-repo",
    cadence="daily",
    boards=(),
    witnesses=(
        Witness("anthropic", "2026-02-25", "claude-3-opus-20240229", 15, task="input"),
        Witness("openai", "2026-06-06", "o1-pro-2025-03-19", 150, task="input"),
    ),
    notes=(
        "A price of 0 is published as 0: free, or a placeholder; the two cannot be told apart.",
        "A token priced below a single character is a mistake of the map (Gemini 1.5 previews on "
        "Vertex, 2026-02 to 2026-03): such a model is left out.",
        "On 2026-03-27 the mirror dropped 57 models at once: 229 became 175.",
    ),
    kind="prices",
    min_rows=100,
    max_rows=10_000,
)

TEXT_MODES = ("chat", "completion", "responses")


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is the whole map. Returns the price schema; raises SourceChanged."""
    models = json_value(payload, models_are_keys=True)
    if not isinstance(models, dict):
        raise SourceChanged("the price map is not an object of models")
    rows = [_row(name, facts) for name, facts in models.items() if name != "sample_spec"]
    text_rows = [row for row in rows if row is not None]
    for side in ("input", "output"):
        if all(row[f"{side}_usd_per_mtok"] is None for row in text_rows):
            raise SourceChanged(f"no text model has {side}_cost_per_token")
    return to_prices(text_rows, CARD, captured_at)


def _row(name: str, facts: object) -> dict[str, Any] | None:
    if not isinstance(facts, dict):
        raise SourceChanged(f"{name!r} is not an object")
    if missing := sorted({"mode", "litellm_provider"} - set(facts)):
        raise SourceChanged(f"{name!r} has no {', '.join(missing)}")
    if facts["mode"] not in TEXT_MODES or _speaks(facts) or _contradicts_itself(facts, name):
        return None
    retires = facts.get("deprecation_date")
    return {
        "provider": facts["litellm_provider"],
        "model_raw": name,
        "input_usd_per_mtok": _per_million(facts.get("input_cost_per_token"), name),
        "output_usd_per_mtok": _per_million(facts.get("output_cost_per_token"), name),
        "context_tokens": whole(facts.get("max_input_tokens"), f"max_input_tokens of {name!r}"),
        "max_output_tokens": whole(
            facts.get("max_output_tokens"), f"max_output_tokens of {name!r}"
        ),
        "tool_use": facts.get("supports_function_calling"),
        "extra": orjson.dumps({"deprecation_date": str(retires)}).decode() if retires else None,
    }


def _speaks(facts: dict[str, Any]) -> bool:
    """Whether a model answers in sound, alone or beside text: its text price is not its price."""
    answers = facts.get("supported_output_modalities")
    silent = isinstance(answers, list) and "text" not in answers
    return silent or facts.get("output_cost_per_audio_token") is not None


def _contradicts_itself(facts: dict[str, Any], name: str) -> bool:
    """Whether a token costs less than a character, of which it has at least one."""
    for side in ("input", "output"):
        token = number(facts.get(f"{side}_cost_per_token"), f"the cost of {name!r}")
        character = number(facts.get(f"{side}_cost_per_character"), f"the cost of {name!r}")
        if token is not None and character is not None and token < character:
            return True
    return False


def _per_million(cost: object, name: str) -> float | None:
    """Exact: 1.1e-06 per token is 1.1 per million, not 1.0999999999999999."""
    found = number(cost, f"the cost of {name!r}")
    return None if found is None else float(Decimal(repr(found)) * 1_000_000)
