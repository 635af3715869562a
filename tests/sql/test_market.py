"""Prices: a change is a new row, sources that disagree stand side by side."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from flows.settings import Settings
from tests.conftest import built, landed
from warehouse.archive import Archive


def openrouter(prompt: str, completion: str) -> bytes:
    model = {
        "id": "openai/gpt-4o-2024-05-13",
        "name": "GPT-4o",
        "created": 1715558400,
        "context_length": 128000,
        "pricing": {"prompt": prompt, "completion": completion},
        "supported_parameters": ["tools"],
        "hugging_face_id": "",
    }
    return json.dumps({"data": [model]}).encode()


@pytest.fixture
def market(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[duckdb.DuckDBPyConnection]:
    module = importlib.import_module("sources.openrouter")
    monkeypatch.setattr(module, "CARD", replace(module.CARD, min_rows=1))
    archive = Archive(settings.archive)
    days = (
        ("2025-01-01", "0.000005"),
        ("2025-01-02", "0.000005"),
        ("2025-01-05", "0.0000025"),
    )
    archive.append(
        landed(
            archive,
            openrouter(prompt, "0.000015"),
            datetime.fromisoformat(day).replace(tzinfo=UTC),
            "https://openrouter.ai/api/v1/models",
            "openrouter",
        )
        for day, prompt in days
    )
    db = built(settings)
    yield db
    db.close()


def test_a_price_change_is_a_new_row_from_its_date_on(market: duckdb.DuckDBPyConnection) -> None:
    found = market.sql(
        "select model, as_of::varchar, input_usd_per_mtok, output_usd_per_mtok, context_tokens, "
        "tool_use, source from market.prices order by as_of"
    ).fetchall()
    assert found == [
        ("gpt-4o-20240513", "2025-01-01", 5.0, 15.0, 128000, True, "openrouter"),
        ("gpt-4o-20240513", "2025-01-05", 2.5, 15.0, 128000, True, "openrouter"),
    ]


def test_one_source_alone_has_no_conflict(market: duckdb.DuckDBPyConnection) -> None:
    assert market.sql("select count(*) from market.price_conflicts").fetchall() == [(0,)]
