"""Chatbot Arena by category, as the arena's own JSON: category -> model -> rating and 95% bounds.

The category `full` is the whole board and becomes `overall`; each other category is a task. A
category has its own scale: compare gaps within one, not levels between two. Neither a vote count
nor a date is inside, so the capture dates it, and the file name says which board it is. The levels
were set anew between 2025-05-13 and 05-20 (style control +60, single categories up to 180). In the
first two files (until 2025-02-05) `full` and `hard_6` of the text board hold the style-controlled
ratings. scatterplot-data.json is a price list: it is checked and gives no rows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from sources.contract import OVERALL, TIDY, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import json_value, number

FILES = "https://raw.githubusercontent.com/lmarena/arena-catalog/main/data"


def _board(
    name: str, title: str, family: str, min_rows: int, max_rows: int, contamination: str
) -> Board:
    return Board(
        board=f"arena_catalog/{name}",
        title=title,
        task_family=family,
        metric="arena rating",
        unit="points",
        higher_is_better=True,
        scale="elo",
        scoring_method="Bradley-Terry fit to blind pairwise votes, bootstrap 95% interval",
        sample_size="none published",
        evaluation_date="none stated",
        prompts_public="no",
        contamination=contamination,
        min_rows=min_rows,
        max_rows=max_rows,
        min_score=300,
        max_score=2500,
    )


FRESH = "Prompts are fresh and written by visitors; style can win votes."
CONTROLLED = "Prompts are fresh and written by visitors; length and format are adjusted for."
SHOWN = "Prompts are written by visitors or offered by the site."

CARD = Card(
    id="arena_catalog",
    title="Chatbot Arena by category",
    homepage="https://github.com/lmarena/arena-catalog",
    urls=tuple(
        f"{FILES}/{name}.json"
        for name in (
            "leaderboard-text",
            "leaderboard-text-style-control",
            "leaderboard-vision",
            "leaderboard-vision-style-control",
            "leaderboard-image",
            "scatterplot-data",
        )
    ),
    licence="not stated",
    credit="LMArena",
    cadence="daily",
    boards=(
        _board("text", "Chatbot Arena, text", "human preference", 155, 1000, FRESH),
        _board(
            "text-style-control",
            "Chatbot Arena, text, style control",
            "human preference",
            160,
            1000,
            CONTROLLED,
        ),
        _board("vision", "Chatbot Arena, vision", "human preference, images", 43, 150, FRESH),
        _board(
            "vision-style-control",
            "Chatbot Arena, vision, style control",
            "human preference, images",
            43,
            150,
            CONTROLLED,
        ),
        _board("image", "Chatbot Arena, text to image", "image generation", 6, 40, SHOWN),
    ),
    witnesses=(
        Witness("arena_catalog/text", "2025-05-27", "gemini-2.5-pro-preview-05-06", 1446.0),
        Witness(
            "arena_catalog/text", "2025-05-27", "gemini-2.5-pro-preview-05-06", 1446.0, "coding"
        ),
        Witness(
            "arena_catalog/text-style-control", "2025-05-27", "o3-2025-04-16", 1435.2182110071774
        ),
        Witness("arena_catalog/vision", "2025-04-04", "gpt-4o-2024-05-13", 1205.8943515797703),
        Witness(
            "arena_catalog/vision-style-control",
            "2025-04-04",
            "gpt-4o-2024-05-13",
            1171.3556968898117,
        ),
        Witness("arena_catalog/image", "2025-03-14", "dall-e-3", 978.0),
    ),
    notes=(
        "Between 2025-05-13 and 05-20 the levels were set anew: the style-controlled text board "
        "moves by 60 points, the text board by -3, single categories by up to 180.",
        "Until 2025-02-05 the text file's full and hard_6 are the style-controlled ratings (full "
        "equals the later style-control file to 0.1 points on average): a series of its own.",
        "On 2025-02-07 the text board lost 8 models and gained 2 (200 became 194).",
        "On 2025-02-12 an update was published, reverted after 109 seconds and published again a "
        "day later.",
        "The text file was called leaderboard-data.json until 2025-03-07; its old address stayed, "
        "frozen, for ten days more.",
        "dall-e-3 is the anchor of the image board: 978 by definition.",
        "The prices in scatterplot-data.json are kept in the archive and not read.",
    ),
)

NAMES = {"data": "text", "data-style-control": "text-style-control"}
"""What the files were called before 2025-03-07."""

SERIES = {
    "arena_catalog/text": (dt.date(2025, 2, 7), dt.date(2025, 5, 16)),
    "arena_catalog/text-style-control": (dt.date(2025, 5, 16),),
}
"""The days since which a board's ratings are another series."""

PRICED = ("model_api_name", "input_token_price", "output_token_price")


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one board with all its categories, or the price list (no rows)."""
    value = json_value(payload, models_are_keys=True)
    if isinstance(value, list):
        _check_prices(value)
        return TIDY.to_frame()
    board = _which_board(url)
    if not isinstance(value, dict) or not isinstance(value.get("full"), dict):
        raise SourceChanged("no category full: it is the whole board")
    return to_tidy(_entries(value, board, _release(board, captured_at)), CARD, captured_at)


def _which_board(url: str) -> str:
    named = re.search(r"leaderboard-([a-z-]+)\.json", url)
    if named is None:
        raise SourceChanged(f"the file name says which board it is; this is {url!r}")
    name = NAMES.get(named.group(1), named.group(1))
    board = f"arena_catalog/{name}"
    if board not in {known.board for known in CARD.boards}:
        raise SourceChanged(f"the card knows no board {name}")
    return board


def _release(board: str, captured_at: dt.datetime) -> str | None:
    begun = [day for day in SERIES.get(board, ()) if day <= captured_at.date()]
    return orjson.dumps({"release": begun[-1].isoformat()}).decode() if begun else None


def _entries(
    categories: dict[str, Any], board: str, release: str | None
) -> Iterator[dict[str, object]]:
    for category, ratings in categories.items():
        if not isinstance(ratings, dict):
            raise SourceChanged(f"the category {category} is not an object of models")
        for model, rating in ratings.items():
            what = f"{model!r} in {category}"
            if not isinstance(rating, dict) or "rating" not in rating:
                raise SourceChanged(f"{what} has no rating")
            if not {"rating_q025", "rating_q975"} <= set(rating):
                raise SourceChanged(f"{what} has no rating_q025 or no rating_q975")
            yield {
                "board": board,
                "task": OVERALL if category == "full" else category,
                "model_raw": model,
                "score": number(rating["rating"], f"the rating of {what}"),
                "ci_low": number(rating["rating_q025"], f"the lower bound of {what}"),
                "ci_high": number(rating["rating_q975"], f"the upper bound of {what}"),
                "extra": release,
            }


def _check_prices(entries: list[Any]) -> None:
    if not entries:
        raise SourceChanged("the price list is empty")
    for entry in entries:
        if not isinstance(entry, dict) or not set(PRICED) <= set(entry):
            raise SourceChanged(f"an entry of the price list lacks one of {', '.join(PRICED)}")
