"""The arena's own dataset: each board it has published, one Parquet file a subset.

A `latest` file holds, per category, the rows of its newest date, so it may hold two dates; a `full`
file holds every date since 2023-05-08, one million rows for text. The category `overall` (or
`full`) is the whole board; each other category is a task. leaderboard_publish_date is the date of a
row.

Three breaks: text is an online Elo without intervals until 2024-01-09; the levels of the text
boards were set anew on 2025-05-16 (style control by some 60 points); votes are reweighted since
2025-07-23. The history lists only models that are still in the arena's register, so its early gaps
are not those shown at the time.
"""

from __future__ import annotations

import datetime as dt
import io
import re

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, to_tidy
from sources.reading import LARGEST_WHOLE, check_parquet

FILES = "https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset/resolve/main"

SUBSETS = {
    "text": ("text", "human preference"),
    "text_style_control": ("text, style control", "human preference"),
    "vision": ("vision", "human preference, images"),
    "vision_style_control": ("vision, style control", "human preference, images"),
    "search": ("search", "human preference, web search"),
    "search_style_control": ("search, style control", "human preference, web search"),
    "document": ("document", "human preference, documents"),
    "document_style_control": ("document, style control", "human preference, documents"),
    "webdev": ("web development", "human preference, web development"),
    "text_to_image": ("text to image", "image generation"),
    "image_edit": ("image editing", "image generation"),
    "text_to_video": ("text to video", "video generation"),
    "image_to_video": ("image to video", "video generation"),
    "video_edit": ("video editing", "video generation"),
}


def _board(subset: str) -> Board:
    title, family = SUBSETS[subset]
    controlled = subset.endswith("_style_control")
    return Board(
        board=f"arena/{subset}",
        title=f"Arena, {title}",
        task_family=family,
        metric="arena score",
        unit="points",
        higher_is_better=True,
        scale="elo",
        scoring_method="Bradley-Terry fit to blind pairwise votes, 95% interval"
        + ("; length and format adjusted for" if controlled else ""),
        sample_size="vote_count",
        evaluation_date="leaderboard_publish_date",
        prompts_public="no",
        contamination="Prompts are fresh and written by visitors"
        + ("." if controlled else "; style can win votes."),
        min_rows=2,
        max_rows=3000,
        min_score=100,
        max_score=3000,
    )


CARD = Card(
    id="arena",
    title="Arena leaderboard dataset",
    homepage="https://huggingface.co/datasets/lmarena-ai/leaderboard-dataset",
    urls=tuple(f"{FILES}/{subset}/latest-00000-of-00001.parquet" for subset in SUBSETS),
    history=tuple(f"{FILES}/{subset}/full-00000-of-00001.parquet" for subset in SUBSETS),
    licence="CC-BY-4.0",
    credit="Arena (LMArena), leaderboard dataset, CC BY 4.0",
    cadence="daily",
    boards=tuple(_board(subset) for subset in SUBSETS),
    witnesses=(),
    notes=(
        "No file of this source is recorded: its shape is known from descriptions, so the bounds "
        "are wide.",
        "Until 2024-01-09 the text ratings are an online Elo, without intervals and votes.",
        "On 2025-05-16 the levels of the text boards were set anew, on 2025-07-23 the votes were "
        "reweighted: each begins a series.",
        "Categories are published on their own dates: a date may lack overall.",
        "The history lists only models that are still in the arena's register: early leaders are "
        "missing.",
        "gpt-5.3-codex (codex-harness) stands for two entries of webdev: the better one counts.",
    ),
)

COLUMNS = (
    "model_name",
    "organization",
    "license",
    "rating",
    "rating_lower",
    "rating_upper",
    "vote_count",
    "category",
    "leaderboard_publish_date",
)
NUMBERS = ("rating", "rating_lower", "rating_upper", "vote_count")
UNREAD = ("variance", "rank")
"""Columns that must be there but are not read: the interval says the first, we rank by rating."""

SHARED_NAMES = ("gpt-5.3-codex (codex-harness)",)
"""Names that the publisher gives to two entries. Any other name listed twice stops the payload."""

SERIES = {
    "text": (dt.date(2024, 1, 9), dt.date(2025, 5, 16), dt.date(2025, 7, 23)),
    "text_style_control": (dt.date(2025, 5, 16), dt.date(2025, 7, 23)),
}
REWEIGHTED = (dt.date(2025, 7, 23),)
"""The days since which ratings are another series; the second for the subsets not in the first."""


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one subset, with many dates and categories. Raises SourceChanged."""
    return to_tidy(_rows(_typed(_read(payload)), _subset(url)), CARD, captured_at)


def _rows(given: pl.DataFrame, subset: str) -> pl.DataFrame:
    as_of = pl.col("leaderboard_publish_date")
    for bad, reason in (
        (as_of.is_null(), "no leaderboard_publish_date"),
        (pl.col("vote_count") % 1 != 0, "a vote_count that is not whole"),
        (pl.col("vote_count").abs() > LARGEST_WHOLE, "a vote_count that is too large"),
    ):
        if not (found := given.filter(bad)).is_empty():
            raise SourceChanged(f"{found['model_name'][0]!r} has {reason} ({found.height} rows)")
    whole_board = pl.col("category").str.to_lowercase().is_in([OVERALL, "full"])
    return _one_a_name(given).select(
        board=pl.lit(f"arena/{subset}"),
        task=pl.when(whole_board).then(pl.lit(OVERALL)).otherwise("category"),
        model_raw="model_name",
        organization_raw=pl.col("organization").replace("", None),
        license_raw=pl.col("license").replace("", None),
        score="rating",
        ci_low="rating_lower",
        ci_high="rating_upper",
        n=pl.col("vote_count").cast(pl.Int64),
        as_of=as_of,
        extra=_release(as_of, SERIES.get(subset, REWEIGHTED)),
    )


def _subset(url: str) -> str:
    if not url:
        return "text"
    named = re.search(r"/([a-z_]+)/(?:latest|full)-[^/]*$", url)
    if named is None or named.group(1) not in SUBSETS:
        raise SourceChanged(f"the address names no subset that the card knows: {url}")
    return named.group(1)


def _read(payload: bytes) -> pl.DataFrame:
    if payload[:4] != b"PAR1" or payload[-4:] != b"PAR1":
        raise SourceChanged("the payload is not a Parquet file")
    try:
        check_parquet(payload)
        schema = pl.read_parquet_schema(io.BytesIO(payload))
        if missing := {*COLUMNS, *UNREAD} - set(schema):
            raise SourceChanged(
                f"no column {', '.join(sorted(missing))}; there are {', '.join(schema)}"
            )
        return pl.read_parquet(io.BytesIO(payload), columns=list(COLUMNS))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise SourceChanged(f"the Parquet file cannot be read: {error}") from error


def _typed(given: pl.DataFrame) -> pl.DataFrame:
    """Text as text, numbers as floats without NaN, dates as dates; a missing count is null."""
    for column in NUMBERS:
        if not (given.schema[column].is_numeric() or given.schema[column] == pl.Null):
            raise SourceChanged(f"the column {column} is not of numbers: {given.schema[column]}")
    date = pl.col("leaderboard_publish_date")
    if given.schema["leaderboard_publish_date"] == pl.String:
        date = date.str.extract(r"^(\d{4}-\d\d-\d\d)(?:[T ].*)?$").str.to_date("%Y-%m-%d")
    try:
        return given.select(
            pl.col("model_name", "organization", "license", "category").cast(pl.String),
            pl.col(NUMBERS).cast(pl.Float64).fill_nan(None),
            date.cast(pl.Date),
        )
    except pl.exceptions.PolarsError as error:
        raise SourceChanged(f"a column has the wrong type: {error}") from error


def _one_a_name(given: pl.DataFrame) -> pl.DataFrame:
    """Of two entries under one known shared name, the better one."""
    shared = pl.col("model_name").is_in(SHARED_NAMES).fill_null(False)
    if given.filter(shared).is_empty():
        return given
    key = ["category", "leaderboard_publish_date", "model_name"]
    better = given.filter(shared).sort("rating", descending=True, nulls_last=True)
    return pl.concat([given.filter(~shared), better.unique(key, keep="first", maintain_order=True)])


def _release(as_of: pl.Expr, begun: tuple[dt.date, ...]) -> pl.Expr:
    label = pl.lit(None, dtype=pl.String)
    for day in begun:
        text = orjson.dumps({"release": day.isoformat()}).decode()
        label = pl.when(as_of >= day).then(pl.lit(text)).otherwise(label)
    return label
