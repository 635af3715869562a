"""The whole site, from the published file: `publish_site`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from flows.export.feeds import Page, llms, sitemap
from flows.export.jsonld import Subject
from flows.page.addresses import addresses, board_folder, model_folder
from flows.page.boards import Rows, board_page
from flows.page.changes import changes_page
from flows.page.data import about
from flows.page.drawing import Drawings
from flows.page.finish import finish_line, sparkline
from flows.page.front import front_page, summary
from flows.page.models import model_pages
from flows.page.moves import of_late
from flows.page.pages import Head, Row, Site, linked_data, render, rights
from flows.page.words import verdict
from flows.page.write import Folder
from flows.settings import ROOT, Settings
from warehouse import page_boards, page_changes, page_models
from warehouse.explain import Explanation, explain
from warehouse.reader import UnknownBoard, reader

WEEK = timedelta(days=7)
STATIC = ("style.css", "site.js")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Published:
    """What a publication came to: where the site is, its pages and files, how many files were written.

    `skipped`: nothing it shows had changed since the last one, so nothing was looked at.
    """

    folder: Path
    boards: int
    models: int
    files: int
    changed: int
    skipped: bool = False

    @property
    def index(self) -> Path:
        return self.folder / "index.html"


def publish_site(
    settings: Settings,
    progress: Progress = lambda done, total: None,
    anew: bool = False,
) -> Published:
    """Write the site of the published file into the home's site/.

    Skips the work where nothing it shows has changed, unless `anew`. Hold the home's lock while it
    runs. Raises reader.NothingPublished.
    """
    folder = Folder(settings.site)
    with reader(settings.published) as db:
        page_boards.show_own(db, settings.publish_local)
        asked = f"{settings.site_url}-{settings.publish_local}"
        state = f"{page_boards.fingerprint(db)}-{_code()}-{asked}"
        models = page_models.facts(db)["model"].to_list()
        boards = page_boards.boards(db)
        if not anew and folder.state == state and (settings.site / "index.html").exists():
            return Published(settings.site, boards.height, len(models), 0, 0, skipped=True)
        site = Site(
            addresses(boards["board"], board_folder),
            addresses(models, model_folder),
            settings.site_url,
        )
        folder.begin()
        drawings = Drawings(settings.build.parent / "charts")
        _write(db, site, folder, drawings, _prepared(db, site, boards.to_dicts()), progress)
        drawings.forget_unused()
    folder.finish(
        state, lambda path: render("gone.html", site, Head(path, "Gone", "No longer here."))
    )
    return Published(
        settings.site, boards.height, len(models), len(folder.written), len(folder.changed)
    )


def _write(
    db: duckdb.DuckDBPyConnection,
    site: Site,
    folder: Folder,
    drawings: Drawings,
    boards: Sequence[dict[str, Any]],
    progress: Progress,
) -> None:
    for name in STATIC:
        folder.bytes(name, files("flows.page").joinpath("static", name).read_bytes())
    meanings = page_boards.meanings(db)
    histories = page_boards.histories(db).partition_by("board", as_dict=True)
    for done, board in enumerate(boards):
        progress(done, len(boards) + 1)
        rows = Rows.of(db, board, histories[(board["board"],)])
        board["claims"] = board_page(site, folder, board, rows, board["told"], meanings, drawings)
    progress(len(boards), len(boards) + 1)
    by_name = {board["board"]: board for board in boards}
    owners = {name: rights(board) for name, board in by_name.items()}
    model_pages(site, folder, db, by_name, owners, meanings)
    changes = page_changes.changes(db)
    frame = changes.with_columns(said=None)
    newest = max((board["captured_at"] for board in boards), default=None)
    changes_page(
        site, folder, changes, about("What moved", frame, meanings, tuple(owners.values())), newest
    )
    _front(site, folder, boards)
    _for_machines(site, folder, boards)
    progress(len(boards) + 1, len(boards) + 1)


def _prepared(
    db: duckdb.DuckDBPyConnection, site: Site, boards: Sequence[dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    """Each board with its finish line, its history as a path, and what changed of late."""
    heads = page_boards.heads(db).partition_by("board", as_dict=True)
    histories = page_boards.histories(db).partition_by("board", as_dict=True)
    for board in boards:
        key = (board["board"],)
        told = _told(db, board)
        board |= {
            "folder": site.boards[board["board"]],
            "fragment": site.boards[board["board"]].removeprefix("boards/").replace("/", "-"),
            "line": finish_line(heads[key].to_dicts(), board["higher_is_better"]),
            "spark": sparkline(histories[key]["gap_1_2_pct"].to_list()),
            "told": told,
            "changed": of_late(board, told),
        }
    for board in boards:
        parts = [part for part in boards if part["whole"] == board["board"]]
        board["also"] = sorted(parts, key=lambda part: part["board"])
    return boards


def _told(db: duckdb.DuckDBPyConnection, board: Row) -> Explanation | None:
    """Why the gap moved within the week before the latest state, or where that is all, its last change."""
    name, task, k = board["board"], board["task"], board["far_k"]
    if k is None:
        return None
    for since in (board["as_of"] - WEEK if board["status"] == "live" else None, None):
        try:
            return explain(db, name, task, k, since=since)
        except UnknownBoard:
            continue
    return None


def _front(site: Site, folder: Folder, boards: Sequence[Row]) -> None:
    said = summary(boards)
    shown = [board for board in boards if board["whole"] is None]
    subject = Subject(
        "index.html",
        "photofinish",
        said,
        since=min((board["first_as_of"] for board in shown), default=None),
        until=max((board["as_of"] for board in shown), default=None),
        rights=tuple(rights(board) for board in shown),
        keywords=("AI models", "leaderboards", "gap", "noise"),
    )
    first = next((board for board in shown if board["status"] == "live"), None)
    image = f"{first['folder']}/finish.png" if first else ""
    data = linked_data(subject, [], site)
    head = Head("index.html", "photofinish: how close is the race?", said, image, data)
    folder.text("index.html", front_page(site, head, boards))


def _for_machines(site: Site, folder: Folder, boards: Sequence[Row]) -> None:
    """sitemap.xml and llms.txt."""
    pages = {
        True: [page for board in boards if board["status"] == "live" and (page := _page(board))],
        False: [page for board in boards if board["status"] != "live" and (page := _page(board))],
    }
    front = Page("index.html", "All boards", summary(boards))
    every = [front, Page("changes/index.html", "What moved", "New leaders, turned verdicts")]
    models = [Page(f"{place}/index.html", name) for name, place in site.models.items()]
    if (written := sitemap([*every, *pages[True], *pages[False], *models], site.url)) is not None:
        folder.bytes("sitemap.xml", written)
    told = llms(
        "photofinish",
        summary(boards),
        {"Start": every, "Current boards": pages[True], "Boards of the past": pages[False]},
        site.url,
    )
    folder.text("llms.txt", told)


def _page(board: Row) -> Page:
    sure = next((claim.sentence for claim in board["claims"] if claim.id == "tie"), verdict(board))
    return Page(f"{board['folder']}/index.html", board["title"], sure, board["captured_at"])


def _code() -> str:
    """A digest of the code and the templates: a new version of either writes every page anew."""
    digest = sha256()
    for room in ("flows", "warehouse", "sql"):
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in {".py", ".sql", ".html", ".css", ".js"} and "data" not in path.parts:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
