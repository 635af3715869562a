"""NYT Connections: word puzzles, share of the score in percent, in the Markdown tables of a README.

A table is known by its heading, not by its place: on 2025-02-25 the harder, extended version
moved to the front and the original one to the end. The extended set grows (651, 759, 940
puzzles), each size is a new release, and older models keep the score on the puzzles of their day:
n tells how many. Some rows have no closing pipe, and on 2026-02-06 the header is there twice.
Partial credit is given for a puzzle.
"""

from __future__ import annotations

import datetime as dt
import re

import orjson
import polars as pl

from sources.contract import OVERALL, Board, Card, SourceChanged, Witness, to_tidy
from sources.reading import number, text, whole


def _board(name: str, title: str, min_rows: int) -> Board:
    return Board(
        board=f"nyt_connections/{name}",
        title=title,
        task_family="word puzzles",
        metric="score",
        unit="%",
        higher_is_better=True,
        scale="proportion",
        scoring_method="exact groups of words, partial credit, one attempt a puzzle",
        sample_size="puzzles: per model in the table from 2025-06-05, else in the text",
        evaluation_date="none stated",
        prompts_public="yes",
        contamination="Puzzles are published with answers; the extended version adds trick words.",
        min_rows=min_rows,
        max_rows=2000,
        min_score=0,
        max_score=100,
    )


CARD = Card(
    id="nyt_connections",
    title="NYT Connections benchmark",
    homepage="https://github.com/lechmazur/nyt-connections",
    urls=("https://raw.githubusercontent.com/lechmazur/nyt-connections/master/README.md",),
    licence="not stated",
    credit="Lech Mazur (lechmazur/nyt-connections)",
    cadence="daily",
    boards=(
        _board("original", "NYT Connections, original version", 11),
        _board("extended", "NYT Connections, extended version", 20),
        _board("newest_100", "NYT Connections, newest 100 puzzles, extended version", 20),
    ),
    witnesses=(
        Witness("nyt_connections/original", "2024-12-28", "o1-mini", 42.2),
        Witness("nyt_connections/extended", "2025-09-06", "Grok 4", 91.7),
        Witness("nyt_connections/newest_100", "2025-02-04", "o1", 60.0),
    ),
    notes=(
        "The original version stopped on 2025-02-04; its table is still published.",
        "The table of the newest 100 puzzles stopped on 2025-06-05.",
        "Before 2025-04-18 the number of puzzles in the extended version is not stated.",
    ),
)

HEADINGS = {
    "leaderboard": "original",
    "leaderboard: original version": "original",
    "leaderboard: extended version": "extended",
    "leaderboard: newest 100 puzzles, extended version": "newest_100",
}


def parse(payload: bytes, captured_at: dt.datetime, *, url: str = "") -> pl.DataFrame:
    """One payload is one state of up to three boards. Returns the tidy schema."""
    page = text(payload)
    tables = _tables(page)
    plain = re.search(r"(?m)^#+\s*leaderboard\s*$", page, re.IGNORECASE)
    if ("original" if plain else "extended") not in tables:
        raise SourceChanged(
            f"no leaderboard under its heading; found {', '.join(tables) or 'none'}"
        )
    stated = _stated_puzzles(page)
    rows = [row for board, table in tables.items() for row in _rows(board, table, stated)]
    return to_tidy(rows, CARD, captured_at)


def _tables(page: str) -> dict[str, list[dict[str, str]]]:
    """The rows of each leaderboard; a header that is repeated is no row."""
    tables: dict[str, list[dict[str, str]]] = {}
    board, header = "", [""]
    for line in page.splitlines():
        if heading := re.fullmatch(r"#+(.*)", line):
            title = heading.group(1).strip().lower()
            board, header = HEADINGS.get(title, ""), []
            if title.startswith("leaderboard") and not board:
                raise SourceChanged(f"a leaderboard that no release had: {title[:60]}")
            if board in tables:
                raise SourceChanged(f"the leaderboard {board} is there twice")
        elif board and line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not header:
                header, tables[board] = _checked(cells, board), []
            elif len(cells) != len(header):
                raise SourceChanged(f"a row has {len(cells)} cells, not {len(header)}: {line[:60]}")
            elif cells != header and not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                tables[board].append(dict(zip(header, cells, strict=True)))
    return tables


def _checked(header: list[str], board: str) -> list[str]:
    if "Model" not in header or not _score_column(header):
        raise SourceChanged(f"the table {board} has no Model or no Score: {', '.join(header)}")
    if len(set(header)) != len(header):
        raise SourceChanged(f"a column of the table {board} is there twice")
    return header


def _score_column(header: list[str]) -> str | None:
    """The score's column; "Score", "Score(%)" and "Score %" have been its names."""
    return next((column for column in ("Score %", "Score(%)", "Score") if column in header), None)


def _stated_puzzles(page: str) -> dict[str, int]:
    """The number of puzzles that the text gives for each version."""
    found = {"newest_100": 100}
    for count, rest in re.findall(r"using (\d+) NYT Connections puzzles([^.\n]*)", page):
        found["extended" if "additional words" in rest else "original"] = int(count)
    return found


def _rows(
    board: str, table: list[dict[str, str]], stated: dict[str, int]
) -> list[dict[str, object]]:
    counts = [whole(row.get("#Puzzles"), f"#Puzzles of {row['Model']!r}") for row in table]
    total = max((n for n in counts if n is not None), default=stated.get(board))
    if board == "newest_100":
        total = stated.get("extended")
    release = {"release": f"{total:05d} puzzles"} if total and board != "original" else {}
    return [
        {
            "board": f"nyt_connections/{board}",
            "task": OVERALL,
            "model_raw": row["Model"],
            "score": _score(row),
            "n": stated.get(board) if n is None else n,
            "extra": orjson.dumps(release).decode() if release else None,
        }
        for row, n in zip(table, counts, strict=True)
    ]


def _score(row: dict[str, str]) -> float | None:
    return number(row[_score_column(list(row)) or ""], f"the score of {row['Model']!r}")
