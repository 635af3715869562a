"""The pages of models: where each stands on every board, how it got there, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import polars as pl

from flows.export.about import Rights
from flows.export.datasets import write_dataset
from flows.export.jsonld import Subject
from flows.page.data import about
from flows.page.finish import rank_path
from flows.page.pages import Head, Row, Site, linked_data, render
from flows.page.words import day
from flows.page.write import Folder
from warehouse import page_models

BOARDS_NAMED = 3
UNKNOWN_MAKER = "Maker not stated"


def model_pages(
    site: Site,
    folder: Folder,
    db: duckdb.DuckDBPyConnection,
    boards: Mapping[str, Row],
    rights: Mapping[str, Rights],
    meanings: Mapping[str, str],
) -> None:
    """Write a page for every model, and the list of all."""
    facts = page_models.facts(db)
    standings = page_models.standings(db)
    histories = page_models.histories(db).partition_by("model", as_dict=True)
    by_model = {name: list(rows) for name, rows in _grouped(standings)}
    for model in facts.iter_rows(named=True):
        name = model["model"]
        history = histories.get((name,))
        rows = by_model.get(name, [])
        if history is None or not rows:
            continue
        _model_page(site, folder, model, rows, history.drop("model"), boards, rights, meanings)
    head = Head("models/index.html", "Models", "Every AI model that some leaderboard has listed.")
    makers = _makers(facts.iter_rows(named=True))
    subject = Subject(head.path, head.title, head.description, rights=tuple(rights.values()))
    head = replace(head, jsonld=linked_data(subject, [], site))
    folder.text(
        head.path,
        render("models.html", site, head, here="models", makers=makers, total=facts.height),
    )


def _model_page(
    site: Site,
    folder: Folder,
    model: Row,
    rows: Sequence[Row],
    history: pl.DataFrame,
    boards: Mapping[str, Row],
    rights: Mapping[str, Rights],
    meanings: Mapping[str, str],
) -> None:
    place = site.models[model["model"]]
    paths = {
        board: rank_path(list(stretches))
        for board, stretches in groupby(history.iter_rows(named=True), itemgetter("board"))
    }
    shown = [{**row, "path": paths.get(row["board"], "")} for row in rows]
    now = [r for r in shown if r["listed_now"] and boards[r["board"]]["status"] == "live"]
    then = [row for row in shown if row not in now]
    sources = tuple(rights[row["board"]] for row in rows)
    told = replace(
        about("Rank and score on every board over time", history, meanings, sources),
        description=f"Rank and score of {model['model']} on every board, by stretches without change.",
    )
    data = folder.dataset(
        f"{place}/history", lambda where, name: write_dataset(where, name, history, told)
    )
    said = standing(model["model"], now, then)
    subject = Subject(
        f"{place}/index.html",
        f"{model['model']} on the leaderboards of AI models",
        said,
        since=min(row["valid_from"] for row in history.iter_rows(named=True)),
        until=max(row["as_of"] for row in rows),
        rights=sources,
        keywords=("AI models", "leaderboards", model["model"]),
    )
    head = Head(subject.path, model["model"], said, jsonld=linked_data(subject, [data], site))
    folder.text(
        head.path,
        render(
            "model.html",
            site,
            head,
            model=model,
            said=said,
            groups=[
                {"title": "Where it stands", "rows": now},
                {"title": "Where it stood, on boards that moved on or ended", "rows": then},
            ],
            datasets=[data],
        ),
    )


def standing(model: str, now: Sequence[Row], then: Sequence[Row]) -> str:
    """Where a model stands, in a sentence that may be cited."""
    if now:
        best = sorted(now, key=lambda row: (row["rank"], row["board"]))
        places = "; ".join(_place(row) for row in best[:BOARDS_NAMED])
        more = f"; and on {len(best) - BOARDS_NAMED} more" if len(best) > BOARDS_NAMED else ""
        return f"{model} stands {places}{more}."
    last = max(then, key=lambda row: row["as_of"])
    return f"No current board lists {model}; it was last seen {_place(last)}."


def _place(row: Row) -> str:
    tied = ", not told from the leader" if row["tied"] and row["rank"] > 1 else ""
    return f"at {row['rank']} of {row['n_models']} on {row['title']} ({day(row['as_of'])}{tied})"


def _grouped(frame: pl.DataFrame) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    return groupby(frame.iter_rows(named=True), itemgetter("model"))


def _makers(models: Iterator[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """The names by maker, the makers of most models first, those of unknown maker at the end."""
    found: dict[str, list[str]] = {}
    for model in models:
        found.setdefault(model["organization"] or UNKNOWN_MAKER, []).append(model["model"])
    return sorted(found.items(), key=lambda one: (one[0] == UNKNOWN_MAKER, -len(one[1]), one[0]))
