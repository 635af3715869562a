"""Ten arena boards a day as JSON, transcribed from the public pages by a third party.

The scraper keeps the first 15,000 characters of a page, so long boards are cut: text shows 20 to 71
models of some hundreds, vision 20 to 50. The head is right, the tail is unknown; model_count is the
number of rows captured and does not reveal the cut.

as_of is the day of meta.fetched_at, which is also the date in the address. meta.last_updated would be
the date of the data, but it is null in half of the captures and once stood still while scores moved
(2026-03-31 to 04-07), so it cannot order them; it is kept in extra.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import json_value, number, whole

FILES = "https://raw.githubusercontent.com/oolong-tea-2026/arena-ai-leaderboards/main/data"

NEVER_WHOLE = 1000
"""No capture reaches this (max_rows is below): every listing of such a board is truncated."""


def _board(name: str, title: str, family: str, min_rows: int, complete_rows: int = 0) -> Board:
    return Board(
        board=f"arena_daily/{name}",
        title=f"Arena, {title}",
        task_family=family,
        metric="arena score",
        unit="points",
        higher_is_better=True,
        scale="elo",
        scoring_method="fit to blind pairwise votes; symmetric interval, in whole points",
        sample_size="votes",
        evaluation_date="meta.last_updated, null in half of the captures; the capture dates the board",
        prompts_public="no",
        contamination="Prompts are fresh and written by visitors; style can win votes.",
        min_rows=min_rows,
        max_rows=NEVER_WHOLE - 1,
        min_score=500,
        max_score=2500,
        complete_rows=complete_rows,
    )


NAMES = (
    "text",
    "code",
    "vision",
    "search",
    "document",
    "text-to-image",
    "image-edit",
    "text-to-video",
    "image-to-video",
    "video-edit",
)


def urls(day: dt.date) -> list[list[str]]:
    """Per board the file of `day`, or where it is not there yet the newest of the week before."""
    days = [day - dt.timedelta(days=back) for back in range(8)]
    return [[f"{FILES}/{d.isoformat()}/{name}.json" for d in days] for name in NAMES]


CARD = Card(
    id="arena_daily",
    title="Arena boards, daily transcription",
    homepage="https://github.com/oolong-tea-2026/arena-ai-leaderboards",
    urls=urls,
    licence="MIT",
    credit="Arena (arena.ai); transcription by oolong-tea-2026/arena-ai-leaderboards",
    cadence="daily",
    boards=(
        _board("text", "text", "human preference", 16, NEVER_WHOLE),
        _board("code", "code", "human preference, web development", 44),
        _board("vision", "vision", "human preference, images", 16, NEVER_WHOLE),
        _board("search", "search", "human preference, web search", 17),
        _board("document", "document", "human preference, documents", 10),
        _board("text-to-image", "text to image", "image generation", 40),
        _board("image-edit", "image editing", "image generation", 31),
        _board("text-to-video", "text to video", "video generation", 29),
        _board("image-to-video", "image to video", "video generation", 29),
        _board("video-edit", "video editing", "video generation", 3),
    ),
    witnesses=(
        Witness("arena_daily/text", "2026-03-19", "claude-opus-4-6-thinking", 1502),
        Witness("arena_daily/code", "2026-04-11", "claude-opus-4-6", 1542),
        Witness("arena_daily/vision", "2026-04-11", "muse-spark", 1293),
        Witness("arena_daily/search", "2026-04-11", "gemini-3.1-pro-grounding", 1220),
        Witness("arena_daily/document", "2026-04-11", "claude-sonnet-4-6", 1491),
        Witness("arena_daily/text-to-image", "2026-04-11", "gpt-image-1.5-high-fidelity", 1241),
        Witness(
            "arena_daily/image-edit",
            "2026-04-11",
            "gemini-3-pro-image-preview-2k (nano-banana-pro)",
            1388,
        ),
        Witness("arena_daily/text-to-video", "2026-04-11", "veo-3.1-audio-1080p", 1371),
        Witness("arena_daily/image-to-video", "2026-04-11", "grok-imagine-video-720p", 1420),
        Witness("arena_daily/video-edit", "2026-04-11", "kling-o3-pro", 1248),
    ),
    notes=(
        "text and vision are always cut: gaps to rank 10 are right, but a model below the cut has "
        "not left, and one that comes back has not entered.",
        "The date is the day of the capture: the stated last_updated is missing in half of them.",
        "A language model transcribes the values: the licence of one model flips between open, "
        "proprietary and none from day to day.",
        "Several captures of one day replace each other under one address.",
        "video-edit has 4 models, so no tenth; document has 13: one newcomer can move the tenth.",
    ),
)

NEEDED = {"model", "vendor", "license", "score", "ci", "votes"}


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one view of one board. Returns the tidy schema; raises SourceChanged."""
    value = json_value(payload)
    meta, models = _parts(value)
    board, as_of = f"arena_daily/{meta.get('leaderboard')}", _as_of(meta)
    if meta.get("leaderboard") not in NAMES:
        raise SourceChanged(f"the card knows no board {meta.get('leaderboard')!r}")
    if meta.get("model_count") != len(models):
        raise SourceChanged(
            f"meta.model_count is {meta.get('model_count')!r}, but {len(models)} models are there"
        )
    extra = orjson.dumps({"last_updated": meta["last_updated"]}, default=str).decode()
    stated = {"board": board, "as_of": as_of, "extra": extra}
    return to_tidy(({**_entry(model), **stated} for model in models), CARD, captured_at)


def _parts(value: object) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    meta, models = (value.get("meta"), value.get("models")) if isinstance(value, dict) else (0, 0)
    if not isinstance(meta, dict) or not isinstance(models, list):
        raise SourceChanged("not an object with meta and a list of models")
    if not {"last_updated", "fetched_at"} <= set(meta):
        raise SourceChanged("meta has no last_updated or no fetched_at")
    for model in models:
        if not isinstance(model, dict) or not set(model) >= NEEDED:
            raise SourceChanged(f"a model lacks one of {', '.join(sorted(NEEDED))}: {model!r:.80}")
    return meta, models


def _as_of(meta: dict[str, Any]) -> dt.date:
    try:
        return dt.datetime.fromisoformat(meta["fetched_at"]).date()
    except (TypeError, ValueError) as error:
        raise SourceChanged(f"fetched_at is no time: {meta['fetched_at']!r}") from error


def _entry(model: dict[str, Any]) -> dict[str, object]:
    name = model["model"]
    score = number(model["score"], f"the score of {name!r}")
    width = number(model["ci"], f"the interval of {name!r}")
    low, high = (None, None) if score is None or width is None else (score - width, score + width)
    return {
        "task": OVERALL,
        "model_raw": name,
        "organization_raw": model["vendor"] or None,
        "license_raw": model["license"] or None,
        "score": score,
        "ci_low": low,
        "ci_high": high,
        "n": whole(model["votes"], f"the votes of {name!r}"),
    }
