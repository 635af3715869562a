"""The page of what moved, and the same as a feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from flows.export.about import About
from flows.export.datasets import write_dataset
from flows.export.feeds import Entry, atom, entry_id
from flows.export.jsonld import Subject
from flows.page.moves import moved
from flows.page.pages import Head, Row, Site, linked_data, render
from flows.page.write import Folder

FEED = 50
FOUNDED = date(2025, 1, 1)
"""The day in the id of the feed, which never changes."""


def changes_page(
    site: Site, folder: Folder, changes: pl.DataFrame, about: About, newest: datetime | None
) -> None:
    """Write changes/index.html with its data, and feed.xml."""
    rows = [_told(site, row) for row in changes.iter_rows(named=True)]
    frame = changes.with_columns(pl.Series("said", [row["said"] for row in rows], dtype=pl.String))
    data = folder.dataset(
        "changes/changes", lambda place, name: write_dataset(place, name, frame, about)
    )
    path, said = "changes/index.html", "What moved on the leaderboards of AI models."
    days_told = [row["as_of"] for row in rows]
    subject = Subject(
        path,
        "What moved",
        said,
        since=min(days_told, default=None),
        until=max(days_told, default=None),
        rights=about.rights,
    )
    head = Head(path, "What moved", said, jsonld=linked_data(subject, [data], site))
    days = [(day, list(found)) for day, found in groupby(rows, itemgetter("as_of"))]
    folder.text(
        head.path, render("changes.html", site, head, here="changes", days=days, datasets=[data])
    )
    folder.bytes("feed.xml", _feed(site, rows[:FEED], newest))


def _told(site: Site, row: Row) -> dict[str, Any]:
    """A change with its sentence and its fragment, which stays the same."""
    place = site.boards[row["board"]].removeprefix("boards/").replace("/", "-")
    return {
        **row,
        "said": moved(row),
        "id": f"{row['as_of']}-{place}-{row['kind'].replace(' ', '-')}",
    }


def _feed(site: Site, rows: Sequence[Row], newest: datetime | None) -> bytes:
    entries = [
        Entry(
            entry_id(site.url, f"changes/{row['id']}", row["as_of"]),
            f"{row['title']}: {row['kind']}",
            row["captured_at"],
            row["said"],
            f"changes/index.html#{row['id']}",
        )
        for row in rows
    ]
    return atom(
        "photofinish: what moved",
        entries,
        feed_id=entry_id(site.url, "changes", FOUNDED),
        site_url=site.url,
        updated=None if entries else newest or datetime.combine(FOUNDED, time()),
    )
