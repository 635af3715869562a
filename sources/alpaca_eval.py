"""AlpacaEval 2: how often a judge (GPT-4 Turbo) prefers a model's answer to the baseline's.

Until 2024-03-19 the board ranks by the win rate, which rewards long answers; from 2024-03-20 by the
length-controlled win rate, another estimate that reorders all models: a new series. It is a mean of
graded preferences corrected by a regression, not a count of wins, so only published errors are its
noise. Most entries were not run by the authors (mode community) and the top ones are tuned or
ensembles.
"""

from __future__ import annotations

import datetime as dt

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import csv_rows, number, whole

CARD = Card(
    id="alpaca_eval",
    title="AlpacaEval 2",
    homepage="https://tatsu-lab.github.io/alpaca_eval/",
    urls=(
        "https://raw.githubusercontent.com/tatsu-lab/alpaca_eval/main/src/alpaca_eval/leaderboards/"
        "data_AlpacaEval_2/weighted_alpaca_eval_gpt4_turbo_leaderboard.csv",
    ),
    licence="Apache-2.0",
    credit="tatsu-lab/alpaca_eval",
    cadence="daily",
    boards=(
        Board(
            board="alpaca_eval/alpaca_eval_2",
            title="AlpacaEval 2",
            task_family="instruction following",
            metric="length-controlled win rate (until 2024-03-19: win rate)",
            unit="%",
            higher_is_better=True,
            scale="points",
            scoring_method="LLM judge (GPT-4 Turbo), graded preference against GPT-4 Turbo",
            sample_size="n_total",
            evaluation_date="none stated",
            prompts_public="yes",
            contamination="The prompts and the judge are public, so entries can be tuned to them.",
            min_rows=8,
            max_rows=2000,
            min_score=0,
            max_score=100,
        ),
    ),
    witnesses=(
        Witness(
            "alpaca_eval/alpaca_eval_2", "2024-03-20", "claude-3-opus-20240229", 40.39177606350116
        ),
        Witness("alpaca_eval/alpaca_eval_2", "2024-01-03", "Yi-34B-Chat", 29.3171781590625),
    ),
    notes=(
        "The headline metric changes on 2024-03-20: extra.release tells the two series apart.",
        "2024-01-03 gpt4_turbo becomes the baseline (95.37 -> 50.00): all rates are rescaled.",
        "The first two tables (2024-01-03) are trials with 64 and 256 prompts instead of 805.",
        "2024-05-25 to 2024-06-05 one row is a field short: those three files are refused.",
        "Most entries before 2024-05 have no error of the length-controlled rate, and they get "
        "none (the win rate's is about three times as large): their noise is unknown.",
        "The baseline has 50 and an error of 0 by definition.",
    ),
)

CONTROLLED = "length_controlled_winrate"
ADDED = {CONTROLLED: dt.date(2024, 3, 20), "lc_standard_error": dt.date(2024, 5, 16)}
"""Columns and the day they came: without them a later file would fall back to the old metric."""


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of the board. Returns the tidy schema; raises SourceChanged."""
    added = {column for column, since in ADDED.items() if captured_at.date() >= since}
    rows = csv_rows(payload, {"win_rate", "standard_error", "n_total"} | added)
    first = next(iter(rows[0]))
    if first != "":
        raise SourceChanged(f"the first column, the model, has no name; now it is {first!r}")
    return to_tidy((_entry(row) for row in rows), CARD, captured_at)


def _entry(row: dict[str, str]) -> dict[str, object]:
    model = row[""]
    metric, deviation = (
        (CONTROLLED, "lc_standard_error") if CONTROLLED in row else ("win_rate", "standard_error")
    )
    score = number(row[metric], f"{metric} of {model!r}")
    error = number(row.get(deviation), f"{deviation} of {model!r}")
    half = None if score is None or error is None else 1.96 * error
    release = "2024-03-20" if CONTROLLED in row else "2024-01-03"
    kept = {key: row[key] for key in ("win_rate", "mode", "avg_length") if row.get(key)}
    return {
        "board": "alpaca_eval/alpaca_eval_2",
        "task": OVERALL,
        "model_raw": model,
        "score": score,
        "ci_low": None if score is None or half is None else score - half,
        "ci_high": None if score is None or half is None else score + half,
        "n": whole(row["n_total"], f"n_total of {model!r}"),
        "extra": orjson.dumps({"release": release, "metric": metric, **kept}).decode(),
    }
