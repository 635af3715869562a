"""Tests of single tables make those that they name, and what these are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tests.conftest import made_of
from warehouse.models import Model


@pytest.fixture
def models(request: pytest.FixtureRequest) -> Sequence[Model]:
    """The models that the text of the module names, and all that they are made of."""
    return made_of(re.findall(r"\b\w+\.\w+", request.path.read_text(encoding="utf-8")))
