"""The page of one board: its race, the claims, its history and why it moved, tasks, prices, the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import polars as pl

from flows.export.about import About
from flows.export.datasets import Dataset, write_dataset
from flows.export.jsonld import Subject
from flows.page import charts, sentences
from flows.page.data import about
from flows.page.drawing import Drawings
from flows.page.heat import heat, tasks_of
from flows.page.moves import happened
from flows.page.pages import Head, Row, Site, linked_data, render, rights
from flows.page.words import digits, score, verdict
from flows.page.write import Folder
from warehouse import page_board
from warehouse.explain import Explanation

STEPS_SHOWN, MODELS_SHOWN, PRICES_SHOWN = 40, 100, 12


@dataclass(frozen=True)
class Rows:
    """What the queries gave of one board."""

    history: pl.DataFrame
    steps: pl.DataFrame
    ranks: pl.DataFrame
    table: pl.DataFrame
    tasks: pl.DataFrame
    tie: Row
    sides: Sequence[Row]
    notes: Sequence[Row]

    @classmethod
    def of(cls, db: duckdb.DuckDBPyConnection, board: Row, history: pl.DataFrame) -> Rows:
        name, task = board["board"], board["task"]
        return cls(
            history,
            page_board.steps(db, name, task, board["far_k"] or 2),
            page_board.bump(db, name, task),
            page_board.table(db, name, task),
            page_board.heatmap(db, name),
            page_board.tie(db, name, task),
            page_board.sides(db, name, task),
            page_board.notes(db, name),
        )


def board_page(
    site: Site,
    folder: Folder,
    board: Row,
    rows: Rows,
    told: Explanation | None,
    meanings: Mapping[str, str],
    drawings: Drawings,
) -> list[sentences.Cited]:
    """Write the page of a board with its picture and data, and return what it claims."""
    place = site.boards[board["board"]]
    claims = sentences.claims(board, rows.tie, told, rows.sides, tasks_of(rows.tasks))
    datasets = _datasets(folder, place, board, rows, meanings)
    title, said = f"{board['title']}: {verdict(board)}", claims[0].sentence
    heads = [runner.row for runner in board["line"].runners]
    picture = charts.card(board["title"], verdict(board), heads, board)
    folder.bytes(f"{place}/finish.png", drawings.png(picture))
    path = f"{place}/index.html"
    subject = Subject(
        path,
        board["title"],
        " ".join(claim.sentence for claim in claims),
        since=board["first_as_of"],
        until=board["as_of"],
        modified=board["captured_at"],
        rights=(rights(board),),
        based_on=(board["url"],),
        keywords=("AI models", "leaderboard", board["task_family"] or board["source"]),
    )
    head = Head(
        path,
        title,
        said,
        image=f"{place}/finish.png",
        jsonld=linked_data(subject, datasets, site),
    )
    moved = _moved(rows.steps, board)
    folder.text(
        path,
        render(
            "board.html",
            site,
            head,
            board=board,
            claims=claims,
            charts=_charts(board, rows, drawings),
            far_k=board["far_k"] or 2,
            steps=moved[:STEPS_SHOWN],
            more_steps=max(len(moved) - STEPS_SHOWN, 0),
            notes=rows.notes[:STEPS_SHOWN],
            heat=heat(rows.tasks),
            price=_price(board, rows.table, drawings),
            table=_table(rows.table.head(MODELS_SHOWN)),
            more_models=max(rows.table.height - MODELS_SHOWN, 0),
            decimals=digits(rows.table["score"]),
            card=_card(board),
            datasets=datasets,
        ),
    )
    return claims


def _charts(board: Row, rows: Rows, drawings: Drawings) -> list[dict[str, Any]]:
    """The gaps over time with what happened, and the places of today's first ten."""
    events = [
        (day, event)
        for day, names in rows.steps.select("as_of", "events").iter_rows()
        for event in names
    ]
    found = []
    for k in dict.fromkeys((2, board["far_k"] or 2)):
        column = f"gap_1_{k}_pct"
        if column not in rows.history.columns or rows.history[column].is_null().all():
            continue
        svg = drawings.svg(charts.gap_chart(rows.history, column, events))
        now = rows.history[column][-1]
        label = f"{charts.heading(k)} over {rows.history.height} dates, " + (
            f"now {now:.2f}%" if now is not None else "not known now"
        )
        found.append(
            {
                "title": charts.heading(k),
                "svg": charts.themed(svg, f"gap{k}", label),
                "note": "Dots: a new leader. Dashed: the list, the scale or the release changed.",
            }
        )
    if rows.ranks["as_of"].n_unique() > 1:
        first = rows.ranks["as_of"].min()
        label = f"Ranks since {first!s} of the first ten of today, led by {board['leader']}"
        found.append(
            {
                "title": "Rank history of today's first ten",
                "svg": charts.themed(drawings.svg(charts.bump_chart(rows.ranks)), "bump", label),
                "note": f"The latest {rows.ranks['as_of'].n_unique()} dates; the leader in colour.",
            }
        )
    return found


def _moved(steps: pl.DataFrame, board: Row) -> list[dict[str, Any]]:
    """The steps in which something moved or happened, newest first, each with what happened."""
    near = (board["far_k"] or 2) == 2
    rows = []
    # What is special of a stretch of states is said once, at its first.
    news = steps.with_columns(
        note=pl.when(pl.col("note").ne_missing(pl.col("note").shift())).then("note")
    )
    for step in news.reverse().iter_rows(named=True):
        # Where the far gap cannot be compared the near one still says something.
        own = {key: step[f"near_{key}"] if near else step[key] for key in _PARTS}
        if own["cause"] not in (None, "none") or step["events"]:
            rows.append({**step, **own, "said": happened(step)})
    return rows


_PARTS = (
    "gap_pct",
    "delta_pct",
    "cause",
    *(f"from_{part}" for part in ("exits", "rescale", "scores", "entries")),
)


def _price(board: Row, table: pl.DataFrame, drawings: Drawings) -> dict[str, Any] | None:
    """The chart of score and price, and the models that a buyer should look at; None without prices."""
    priced = table.filter(
        pl.col("price_usd_per_mtok").is_not_null() & pl.col("score").is_not_null()
    )
    if priced.is_empty():
        return None
    svg = drawings.svg(charts.price_chart(priced, board["higher_is_better"]))
    worth = priced.filter(
        pl.col("on_frontier") | (pl.col("tied") & pl.lit((board["n_tied"] or 0) > 1))
    )
    label = f"Score against price of {priced.height} models on {board['title']}"
    return {
        "svg": charts.themed(svg, "price", label),
        "known": priced.height,
        "rows": [{**row, "why": _why(row)} for row in worth.head(PRICES_SHOWN).to_dicts()],
    }


def _why(row: Row) -> str:
    said = ["tied with the leader"] if row["tied"] else []
    if row["on_frontier"]:
        said.append("nothing as good for less")
    return ", ".join(said)


def _table(entries: pl.DataFrame) -> list[dict[str, Any]]:
    decimals = digits([*entries["ci_low"], *entries["ci_high"]])
    return [{**row, "interval": _interval(row, decimals)} for row in entries.to_dicts()]


def _interval(row: Row, decimals: int) -> str:
    if row["ci_low"] is not None and row["ci_high"] is not None:
        return f"{score(row['ci_low'], decimals)} to {score(row['ci_high'], decimals)}"
    return f"± {score(1.96 * row['sd'], 1)}" if row["sd"] is not None else ""


def _card(board: Row) -> list[tuple[str, object]]:
    better = "higher" if board["higher_is_better"] else "lower"
    return [
        ("Measures", board["task_family"]),
        ("Score", f"{board['metric']}, {board['unit']}, {better} is better"),
        ("Sample size", board["sample_size"]),
        ("Scoring method", board["scoring_method"]),
        ("Evaluation date", board["evaluation_date"]),
        ("Prompts public", board["prompts_public"]),
        ("Contamination", board["contamination"]),
        ("Licence of the data", board["licence"]),
        ("Credit", board["credit"]),
        ("Updated by its publisher", board["cadence"]),
        ("Recorded here", f"{board['n_dates']} dates since {board['first_as_of']}"),
    ]


def _datasets(
    folder: Folder, place: str, board: Row, rows: Rows, meanings: Mapping[str, str]
) -> list[Dataset]:
    """The numbers behind the page: gaps, steps, ranks, the table and, where there are tasks, the heat map."""
    found = []
    for name, title, frame in (
        ("gaps", "Gaps over time", rows.history),
        ("steps", "Why the gaps moved", rows.steps),
        ("ranks", "Ranks of today's first ten", rows.ranks),
        ("table", "The table, with ties and prices", rows.table),
        ("tasks", "Models by tasks", rows.tasks),
    ):
        if frame.is_empty():
            continue
        told = replace(
            about(f"{title}", frame, meanings, (rights(board),), board["unit"]),
            description=f"{title} of {board['title']}, task {board['task']}, to {board['as_of']}.",
            payloads=(board["payload_sha256"],),
            modified=board["captured_at"],
        )
        found.append(folder.dataset(f"{place}/{name}", _writer(frame, told)))
    return found


def _writer(frame: pl.DataFrame, told: About) -> Any:
    return lambda place, name: write_dataset(place, name, frame, told)
