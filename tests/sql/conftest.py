"""Tests of single tables make those that they name, and what these are made of: a third of all."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tests.conftest import MODELS
from warehouse.models import Model


@pytest.fixture
def models(request: pytest.FixtureRequest) -> Sequence[Model]:
    """The models that the text of the module names, and all that they are made of."""
    named = set(re.findall(r"\b\w+\.\w+", request.path.read_text(encoding="utf-8")))
    # Parents come first, so that from the end on each has been asked for before it comes.
    for model in reversed(MODELS):
        if model.table in named:
            named |= model.reads
    return [model for model in MODELS if model.table in named]
