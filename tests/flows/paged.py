"""A small site with every kind of board on it, made from payloads written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from flows import pipeline
from flows.page.site import Published, publish_site
from flows.settings import Settings
from sources import litellm_prices
from tests.conftest import built, landed, litellm, scored, tidy_csv
from warehouse.archive import Archive

EVIL = "<script>alert(1)</script>"
SHOWN = "<script>alert-1-</script>"
"""The same as a name of a model: round brackets are no part of one."""
LAST = date(2025, 3, 8)
WEEKS = [LAST - timedelta(weeks=n) for n in (3, 2, 1, 0)]
ELO = {"scale": "elo", "title": "A close race", "task_family": "human preference"}


def noisy(half: float, **scores: float) -> list[dict[str, Any]]:
    """Rows with a 95% interval of half a width each side."""
    return [
        {"model_raw": name, "score": score, "ci_low": score - half, "ci_high": score + half}
        for name, score in scores.items()
    ]


def head(lead: float) -> list[dict[str, Any]]:
    """Twelve models: ada ahead by `lead`, then the evil one, then steps of ten."""
    rows = noisy(4, ada=1500 + lead, evil=1500, **{f"m{n:02}": 1490 - 10 * n for n in range(10)})
    return [
        {**row, "model_raw": EVIL if row["model_raw"] == "evil" else row["model_raw"]}
        for row in rows
    ]


def tasks() -> list[dict[str, Any]]:
    """Eleven models in three tasks and overall; everybody is good at the easy one."""
    return [
        {"model_raw": f"t{n:02}", "task": task, "score": score}
        for n in range(11)
        for task, score in {
            "easy": 99.0 - 0.1 * n,
            "hard": 60.0 - 5 * n,
            "odd": 20.0 + 7 * n,
            "overall": 100.0 - 9 * n,
        }.items()
    ]


def boards() -> dict[date, list[tuple[str, list[dict[str, Any]], dict[str, Any]]]]:
    """By day: boards with their rows and facts."""
    found: dict[date, list[tuple[str, list[dict[str, Any]], dict[str, Any]]]] = {}
    for day, lead in zip(WEEKS, (40, 30, 2, 1), strict=True):
        found[day] = [("made/close", head(lead), ELO)]
    found[WEEKS[0]].append(("made/old", noisy(1, ada=90, bea=50), {"title": "An old race"}))
    found[date(2024, 6, 1)] = [("made/past", noisy(1, ada=9, bea=5), {"title": "A past race"})]
    found[WEEKS[1]].append(("mirror/close", head(30), ELO))
    found[LAST] += [
        ("made/clear", noisy(1, ada=90, bea=50), {"title": "A clear race"}),
        (
            "made/tasks",
            tasks(),
            {"title": "Tasks & <b>markup</b>", "unit": "%", "perfect_score": 100},
        ),
        ("made/slow", scored(ada=2.5, bea=4.0), {"higher_is_better": False, "unit": "s"}),
        ("made/alone", scored(ada=1.0), {}),
        ("made/nought", scored(ada=1.0, bea=0.0), {}),
        ("made/odd", scored(ada=3.0, bea=2.0), {"title": f"A {EVIL} of a title"}),
    ]
    return found


def land(settings: Settings, states: Mapping[date, Sequence[Any]]) -> None:
    """Land a payload per day and board."""
    archive = Archive(settings.archive)
    fetches = []
    for day, listed in states.items():
        for board, rows, facts in listed:
            payload = tidy_csv([{"board": board, **row} for row in rows], day.isoformat(), facts)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
            fetches.append(landed(archive, payload, moment, f"file:///{board}-{day}.csv"))
    archive.append(fetches)


def land_unmoved(settings: Settings) -> None:
    """A board whose publisher still shows, on the last day, what it stated long ago."""
    rows = [{"board": "made/unmoved", **row} for row in noisy(1, ada=9, bea=5)]
    payload = tidy_csv(rows, "2024-06-01", {"title": "An unmoved race"})
    moment = datetime(LAST.year, LAST.month, LAST.day, tzinfo=UTC)
    archive = Archive(settings.archive)
    archive.append([landed(archive, payload, moment, "file:///unmoved.csv")])


def land_prices(settings: Settings) -> None:
    """ada costs ten times what the evil one does."""
    offers = [("ada", "harbour", 9, 9), (EVIL, "cove", 0.9, 0.9), ("m00", "cove", 5, 5)]
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    fetch = landed(
        Archive(settings.archive), litellm(offers), moment, "file:///prices", "litellm_prices"
    )
    Archive(settings.archive).append([fetch])


def make(settings: Settings) -> None:
    """Load, build and publish the tables of what was landed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(litellm_prices, "CARD", replace(litellm_prices.CARD, min_rows=0))
        built(settings).close()
    pipeline.publish_tables(settings)


def small_site(home: Path) -> tuple[Settings, Published]:
    """The whole small site in `home`."""
    settings = Settings(home=home)
    land(settings, boards())
    land_unmoved(settings)
    land_prices(settings)
    make(settings)
    return settings, publish_site(settings)


class Page(HTMLParser):
    """What is in an HTML page: its elements with their attributes, ids, links, text and table rows."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self._cell = self._script = False
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = tag == "script"
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        self._script = False
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._script:
            return
        self.words.append(data)
        if self._cell:
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def ids(self) -> list[str]:
        return [str(attrs["id"]) for _, attrs in self.tags if "id" in attrs]

    def values(self, tag: str, name: str) -> list[str]:
        return [str(attrs[name]) for t, attrs in self.tags if t == tag and name in attrs]
