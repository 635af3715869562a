"""LiveBench: one table of models by tasks per release, and a file that puts the tasks into categories.

The publisher computes averages in the browser: a category is the mean of its tasks, overall the mean of
the categories. A model with a blank cell has no category mean and no overall: incomparable, not last.
Each release changes the tasks, so scores are compared within a release only. Older tables go on being
edited after a newer release is out; the board is always the newest release.
"""

from __future__ import annotations

import datetime as dt
import re
from statistics import fmean

import orjson
import polars as pl

from sources.contract import OVERALL, TIDY, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import csv_rows, json_value, number, text

FILES = "https://raw.githubusercontent.com/LiveBench/livebench.github.io/main/public"

RELEASES = (
    "2024_06_24",
    "2024_07_24",
    "2024_07_26",
    "2024_08_31",
    "2024_11_25",
    "2025_01_25",
    "2025_04_02",
    "2025_04_25",
    "2025_05_17",
    "2025_05_30",
    "2025_11_25",
    "2025_12_23",
)
"""Nothing lists the releases: a new one is one line here. A file may be renamed away, or be published
weeks after the date in its name, so the newest that exists on the day is taken."""

CATEGORIES = {
    "Reasoning": {
        "web_of_lies_v2",
        "web_of_lies_v3",
        "zebra_puzzle",
        "spatial",
        "temporal",
        "theory_of_mind",
        "logic_with_navigation",
    },
    "Coding": {"LCB_generation", "coding_completion", "code_generation", "code_completion"},
    "Agentic Coding": {"javascript", "typescript", "python"},
    "Mathematics": {"AMPS_Hard", "math_comp", "olympiad"},
    "Data Analysis": {"cta", "tablejoin", "tablereformat"},
    "Language": {"connections", "plot_unscrambling", "typos"},
    "IF": {"paraphrase", "simplify", "story_generation", "summarize"},
}
"""The category of every task in every release so far. The publisher's own categories file is fetched
too and held against this; a task that moved is a changed source."""

CATEGORY_OF = {task: category for category, tasks in CATEGORIES.items() for task in tasks}


def urls(day: dt.date) -> list[list[str]]:
    """The table and the categories of the newest release up to `day`, older ones as fallback."""
    newest_first = [r for r in reversed(RELEASES) if r <= f"{day:%Y_%m_%d}"]
    return [
        [f"{FILES}/table_{release}.csv" for release in newest_first],
        [f"{FILES}/categories_{release}.json" for release in newest_first],
    ]


CARD = Card(
    id="livebench",
    title="LiveBench",
    homepage="https://livebench.ai",
    urls=urls,
    licence="not stated",
    credit="LiveBench (livebench.ai)",
    cadence="daily",
    boards=(
        Board(
            board="livebench/main",
            title="LiveBench",
            task_family="reasoning, coding, maths, data analysis, language, instruction following",
            metric="score",
            unit="points",
            higher_is_better=True,
            scale="points",
            scoring_method="objective ground truth, no judge; overall is the mean of category means",
            sample_size="none published",
            evaluation_date="none stated; the release date is in the file name",
            prompts_public="partly",
            contamination="Questions are renewed at each release and published after a delay.",
            min_rows=7,
            max_rows=1000,
            min_score=0,
            max_score=100,
            perfect_score=100,
        ),
    ),
    witnesses=(
        Witness(
            "livebench/main", "2024-07-28", "claude-3-5-sonnet-20240620", 49.0, task="AMPS_Hard"
        ),
    ),
    notes=(
        "A release changes the tasks: numbers of two releases are not compared.",
        "A blank cell leaves the model out of that category and of overall.",
        "Edits of an older release after a newer one is out do not change the board.",
    ),
)


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """A table gives one row per model and task, category and overall; a categories file gives none.

    With a task whose category is not known, the tasks stand for themselves: the means would be
    guesses. Raises SourceChanged.
    """
    if text(payload).lstrip().startswith("{"):
        _check_categories(json_value(payload))
        return TIDY.to_frame()
    rows = csv_rows(payload, {"model"})
    tasks = [column for column in rows[0] if column != "model"]
    if not set(tasks) & set(CATEGORY_OF):
        raise SourceChanged(f"no known task among the columns {', '.join(tasks[:5])}")
    release = re.search(r"table_(\d{4})_(\d\d)_(\d\d)\.csv", url)
    extra = orjson.dumps({"release": "-".join(release.groups())}).decode() if release else None
    return to_tidy(
        (
            {
                "board": "livebench/main",
                "task": task,
                "model_raw": row["model"],
                "score": score,
                "extra": extra,
            }
            for row in rows
            for task, score in _scores(row, tasks).items()
        ),
        CARD,
        captured_at,
    )


def _scores(row: dict[str, str], tasks: list[str]) -> dict[str, float | None]:
    by_task = {task: number(row[task], f"{task} of {row['model']!r}") for task in tasks}
    if not set(tasks) <= set(CATEGORY_OF):
        return by_task
    by_category = {
        category: _mean([by_task[task] for task in tasks if task in members])
        for category, members in CATEGORIES.items()
        if members & set(tasks)
    }
    return {**by_task, **by_category, OVERALL: _mean(list(by_category.values()))}


def _mean(scores: list[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return fmean(known) if len(known) == len(scores) else None


def _check_categories(value: object) -> None:
    if not isinstance(value, dict) or not all(
        isinstance(tasks, list) and all(isinstance(task, str) for task in tasks)
        for tasks in value.values()
    ):
        raise SourceChanged("the categories file is not an object of lists of tasks")
    for category, tasks in value.items():
        for task in tasks:
            if CATEGORY_OF.get(task, category) != category:
                raise SourceChanged(
                    f"the task {task} moved from {CATEGORY_OF[task]} to {category}: "
                    "category means changed their meaning"
                )
