"""What every page shares: the templates, the head of a page, and where everything lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from flows.export.about import Rights
from flows.export.datasets import Dataset
from flows.export.feeds import absolute
from flows.export.jsonld import Subject, describe, script
from flows.page.words import FILTERS, ORDINALS

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Head:
    """The head of a page: title, one sentence, path from the site's root, its picture, its JSON-LD."""

    path: str
    title: str
    description: str
    image: str = ""
    jsonld: Markup = field(default_factory=Markup)
    modified: date | None = None


@dataclass(frozen=True)
class Site:
    """Where the boards and models lie (folders from the root), and the site's address if it is known."""

    boards: Mapping[str, str]
    models: Mapping[str, str]
    url: str = ""


def render(template: str, site: Site, head: Head, here: str = "", **values: object) -> str:
    """A page as HTML. Everything is escaped but what is Markup already."""
    up = "../" * head.path.count("/")
    page = {
        "title": head.title,
        "description": head.description,
        "jsonld": head.jsonld,
        "url": absolute(site.url, head.path) if site.url else "",
        # Open Graph wants a whole address; without the site's own a relative one is better than none.
        "image": head.image and (absolute(site.url, head.image) if site.url else up + head.image),
    }
    written = _environment().get_template(template)
    return written.render(
        page=page,
        root=up,
        here=here,
        folders=site.boards,
        models=site.models,
        ordinals=ORDINALS,
        **values,
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("flows.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    return made


def linked_data(subject: Subject, datasets: Sequence[Dataset], site: Site) -> Markup:
    """The JSON-LD of a page. `script` writes <, > and & as escapes, so no text in it can end the element."""
    return Markup(script(describe(subject, datasets, site.url)))  # noqa: S704 # nosec B704 # escaped where it is made


def rights(board: Row) -> Rights:
    """Whose data a board is, for the files and the JSON-LD."""
    return Rights(
        board["board"],
        board["title"],
        board["source"],
        board["licence"] or "",
        board["credit"] or "",
        board["homepage"] or "",
    )
