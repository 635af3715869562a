"""LLMPerf: latency of hosted Llama-2 chat models, six Markdown tables, lower is better.

Time to first token is in seconds and time between tokens in milliseconds: only the heading says
which. Each size of model is a board; an entry is provider/model, since a latency belongs to a
deployment. The score is the median: the tails are heavy (replicate 70B: median 1.19 s, P99 63.63
s). Mean and percentiles are in extra.
"""

from __future__ import annotations

import datetime as dt
import re

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import number, text, whole

SIZES = ("70B", "13B", "7B")


def _board(name: str, size: str, metric: str, unit: str, max_score: float) -> Board:
    return Board(
        board=f"llmperf/{name}_{size.lower()}",
        title=f"LLMPerf, {metric}, Llama-2 {size}",
        task_family="serving speed",
        metric=f"median {metric}",
        unit=unit,
        higher_is_better=False,
        scale="seconds",
        scoring_method="wall clock of requests sent five at a time, 550 tokens in, 150 out",
        sample_size="requests per provider, in the text",
        evaluation_date="in the text (from 2023-12-28)",
        prompts_public="yes",
        contamination="None: speed, not quality; the numbers vary with place, hour and load.",
        min_rows=4,
        max_rows=100,
        min_score=0.001,
        max_score=max_score,
    )


CARD = Card(
    id="llmperf",
    title="LLMPerf leaderboard",
    homepage="https://github.com/ray-project/llmperf-leaderboard",
    urls=("https://raw.githubusercontent.com/ray-project/llmperf-leaderboard/main/README.md",),
    licence="Apache-2.0",
    credit="ray-project/llmperf-leaderboard",
    cadence="frozen",
    boards=(
        *(_board("ttft", size, "time to first token", "s", 120) for size in SIZES),
        *(_board("itl", size, "time between tokens", "ms", 5000) for size in SIZES),
    ),
    witnesses=(
        Witness("llmperf/ttft_70b", "2023-12-28", "replicate/meta/llama-2-70b-chat", 1.19),
        Witness("llmperf/ttft_13b", "2023-12-21", "bedrock/meta.llama2-13b-chat-v1", 0.26),
        Witness("llmperf/ttft_7b", "2023-12-28", "lepton/llama2-7b", 1.13),
        Witness("llmperf/itl_70b", "2023-12-24", "perplexity/llama-2-70b-chat", 33.01),
        Witness("llmperf/itl_13b", "2023-12-21", "lepton/llama2-13b", 20.56),
        Witness("llmperf/itl_7b", "2023-12-28", "lepton/llama2-7b", 28),
    ),
    notes=(
        "Since 2023-12-28 the time between tokens is rounded to whole milliseconds.",
        "The project is dormant; three versions in a week are all there is.",
    ),
)

HEADINGS = {"time to first token (seconds)": "ttft", "inter token latency (ms)": "itl"}
COLUMNS = ("Framework", "Model", "Median")
KEPT = ("Mean", "Min", "Max", "P25", "P75", "P95", "P99")


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of six boards. Returns the tidy schema; raises SourceChanged."""
    page = text(payload)
    tables = _tables(page)
    wanted = {f"{name}_{size.lower()}" for name in HEADINGS.values() for size in SIZES}
    if missing := sorted(wanted - set(tables)):
        raise SourceChanged(f"no table {', '.join(missing)} under its two headings")
    requests = re.search(r"Total number of requests:\s*(\d+)", page)
    common = {
        "n": whole(requests.group(1), "the number of requests") if requests else None,
        "as_of": _stated_date(page),
    }
    return to_tidy(
        ({**_entry(row, name), **common} for name in sorted(wanted) for row in tables[name]),
        CARD,
        captured_at,
    )


def _tables(page: str) -> dict[str, list[dict[str, str]]]:
    """The rows of each table by metric and size; a table belongs to the two headings above it."""
    tables: dict[str, list[dict[str, str]]] = {}
    metric = size = ""
    header: list[str] = []
    for line in page.splitlines():
        if heading := re.fullmatch(r"(#+)(.*)", line):
            header, title = [], heading.group(2).strip().lower()
            if len(heading.group(1)) <= 3:
                metric, size = HEADINGS.get(title, ""), ""
            else:
                size = title.removesuffix(" models")
        elif not line.lstrip().startswith("|"):
            header = []
        elif metric and size:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not header:
                header = _checked(cells, f"{metric}_{size}", tables)
            elif len(cells) != len(header):
                raise SourceChanged(f"a row has {len(cells)} cells, not {len(header)}: {line[:60]}")
            elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                tables[f"{metric}_{size}"].append(dict(zip(header, cells, strict=True)))
    return tables


def _checked(header: list[str], name: str, tables: dict[str, list[dict[str, str]]]) -> list[str]:
    if missing := [column for column in COLUMNS if column not in header]:
        raise SourceChanged(f"the table {name} has no column {', '.join(missing)}")
    if len(set(header)) != len(header) or name in tables:
        raise SourceChanged(f"the table {name} or one of its columns is there twice")
    tables[name] = []
    return header


def _entry(row: dict[str, str], name: str) -> dict[str, object]:
    model = f"{row['Framework']}/{row['Model']}"
    if not row["Framework"] or not row["Model"]:
        raise SourceChanged(f"a row of {name} has no provider or no model: {model!r}")
    kept = {c.lower(): number(row[c], f"{c} of {model!r}") for c in KEPT if c in row}
    return {
        "board": f"llmperf/{name}",
        "task": OVERALL,
        "model_raw": model,
        "score": number(row["Median"], f"the median of {model!r}"),
        "extra": orjson.dumps(kept).decode(),
    }


def _stated_date(page: str) -> dt.date | None:
    """The date in "up-to-date of December 19, 2023"; the first versions state none."""
    stated = re.search(r"up-to-date of ([A-Z][a-z]+ \d{1,2}, \d{4})", page)
    if stated is None:
        return None
    try:
        return dt.datetime.strptime(stated.group(1), "%B %d, %Y").replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        raise SourceChanged(f"not a date: {stated.group(1)!r}") from error
