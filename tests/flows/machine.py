"""A small published home with everything that is awkward in a file, and the command line in process."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows import cli, pipeline
from flows.settings import Settings
from sources import litellm_prices
from tests.conftest import built, landed, litellm, tidy_csv
from warehouse.archive import Archive

FORMULA = '=HYPERLINK("http://x","y")'
HOSTILE = "</script><script>alert(1)</script>"
QUALITY: dict[str, object] = {
    "board": "test/quality",
    "title": f"Quality {HOSTILE}",
    "unit": "%",
    "scale": "proportion",
    "metric": "accuracy",
    "credit": "Test Lab, with OpenAI",
}
SPEED: dict[str, object] = {
    "board": "test/speed",
    "title": "Speed",
    "unit": "s",
    "scale": "seconds",
    "higher_is_better": False,
}


def row(model: str, score: float | None, maker: str | None = None, **more: Any) -> dict[str, Any]:
    return {"model_raw": model, "score": score, "organization_raw": maker, **more}


DAYS: dict[str, list[tuple[dict[str, object], list[dict[str, Any]]]]] = {
    "2025-01-01": [(QUALITY, [row("ada", 80, "OpenAI", n=100), row("bo", 70, "Meta", n=100)])],
    "2025-02-01": [
        (
            QUALITY,
            [
                row("ada", 80, "OpenAI", n=100),
                row("bo", 90.5, "Meta", n=100),
                row(FORMULA, 60, n=100),
                row('du, "the 2nd"', 50, n=100),
                row(HOSTILE, 40, n=100),
                row("unscored", None, n=100),
                row("ada", 10, "OpenAI", n=100, task="maths"),
            ],
        ),
        (SPEED, [row("ada", 0.5, ci_low=0.4, ci_high=0.6), row("bo", 0.7)]),
    ],
}


def payloads() -> list[bytes]:
    """The bytes that the small home was made from."""
    return [tidy_csv(rows, day, facts) for day, boards in DAYS.items() for facts, rows in boards]


def price_list() -> bytes:
    """What ada costs, as LiteLLM lists it."""
    return litellm([("ada", "openai", 1, 5)])


def small_home(home: Path) -> Settings:
    """Two boards, three payloads of them, a price list and one that is refused; built and published."""
    settings = Settings(home=home, retry_delay=0, lock_wait=0)
    archive = Archive(settings.archive)
    moment = datetime(2025, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
    files = [*payloads(), b"no table at all"]
    archive.append(
        landed(archive, content, moment, f"file:///{n}.csv") for n, content in enumerate(files)
    )
    archive.append([landed(archive, price_list(), moment, "file:///p", "litellm_prices")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(litellm_prices, "CARD", replace(litellm_prices.CARD, min_rows=0))
        built(settings).close()
    pipeline.publish_tables(settings)
    return settings


@dataclass
class Said:
    code: int
    out: str
    err: str


def photofinish(home: Path, *args: str) -> Said:
    """Run a command as the shell does, 80 columns wide."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("PHOTOFINISH_HOME", str(home))
        patch.setenv("COLUMNS", "80")
        patch.setattr("sys.argv", ["photofinish", *args])
        try:
            cli.main()
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else 1
    return Said(code, out.getvalue(), err.getvalue())
