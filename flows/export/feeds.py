"""Atom, sitemap and llms.txt: what a feed reader, a crawler and a language model look for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote, urljoin, urlsplit
from uuid import UUID, uuid5
from xml.etree import ElementTree

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NAMESPACE = UUID("c3a0a3ca-7a38-5f8e-9a59-f1b1f3a1b0d4")
"""Any fixed UUID does: RFC 9562, 5.5 derives the name's from it."""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One piece of news. `id` never changes (see `entry_id`); `link` is a path of the site or a URL."""

    id: str
    title: str
    updated: datetime
    summary: str
    link: str


@dataclass(frozen=True)
class Page:
    """One page of the site: its path from the site's root, what it is, when it last changed."""

    path: str
    title: str
    description: str = ""
    modified: datetime | None = None


def absolute(site_url: str, path: str) -> str:
    """The URL of a path of the site; the path itself, percent-encoded, where no site URL is set."""
    encoded = quote(path, safe="/:?=&%#~+,;@!$'*")
    return urljoin(f"{site_url.rstrip('/')}/", encoded.lstrip("/")) if site_url else encoded


def entry_id(site_url: str, name: str, since: date) -> str:
    """An id that never changes: a tag URI (RFC 4151) of the site's host and the day `since` on which the
    thing named came about; without a site URL, a UUID made of the name."""
    host = urlsplit(site_url).hostname
    if host:
        return f"tag:{host},{since.isoformat()}:{quote(name, safe='/')}"
    return uuid5(_NAMESPACE, name).urn


def atom(
    title: str,
    entries: Sequence[Entry],
    *,
    feed_id: str,
    site_url: str = "",
    path: str = "feed.xml",
    author: str = "photofinish",
    updated: datetime | None = None,
) -> bytes:
    """An Atom feed (RFC 4287), newest entry first. `updated` is the newest entry's where not given.

    Raises ValueError where there is neither an entry nor `updated`: a feed must say when it changed.
    """
    newest = sorted(entries, key=lambda entry: (entry.updated, entry.id), reverse=True)
    if updated is None and not newest:
        raise ValueError("a feed without entries needs the time it was updated")
    feed = ElementTree.Element("feed", xmlns=ATOM)
    _text(feed, "id", feed_id)
    _text(feed, "title", title)
    _text(feed, "updated", _rfc3339(updated or newest[0].updated))
    _text(_child(feed, "author"), "name", author)
    _child(feed, "link", rel="self", type="application/atom+xml", href=absolute(site_url, path))
    _child(feed, "link", rel="alternate", type="text/html", href=absolute(site_url, "") or "./")
    for entry in newest:
        node = _child(feed, "entry")
        _text(node, "id", entry.id)
        _text(node, "title", entry.title)
        _text(node, "updated", _rfc3339(entry.updated))
        _text(node, "summary", entry.summary)
        _child(node, "link", rel="alternate", type="text/html", href=absolute(site_url, entry.link))
    return _document(feed)


def sitemap(pages: Sequence[Page], site_url: str) -> bytes | None:
    """sitemap.xml; None without a site URL, since the protocol allows only whole URLs."""
    if not site_url:
        return None
    root = ElementTree.Element("urlset", xmlns=SITEMAP)
    for page in pages:
        node = _child(root, "url")
        _text(node, "loc", absolute(site_url, page.path))
        if page.modified:
            _text(node, "lastmod", _rfc3339(page.modified))
    return _document(root)


def llms(
    title: str, summary: str, sections: Mapping[str, Sequence[Page]], site_url: str = ""
) -> str:
    """llms.txt (llmstxt.org): a heading, a quoted summary, and lists of links, in Markdown."""
    parts = [f"# {_line(title)}", f"> {_line(summary)}"]
    for heading, pages in sections.items():
        links = [
            f"- [{_label(page.title)}]({absolute(site_url, page.path)})"
            + (f": {_line(page.description)}" if page.description else "")
            for page in pages
        ]
        parts.append("\n".join([f"## {_line(heading)}", "", *links]))
    return "\n\n".join(parts) + "\n"


def _child(parent: ElementTree.Element, name: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, name, attributes)


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    _child(parent, name).text = _allowed(text)


def _document(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _rfc3339(moment: datetime) -> str:
    """UTC; a naive moment is UTC already."""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.isoformat(timespec="seconds").replace("+00:00", "Z")


def _allowed(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold, not even escaped."""
    return _FORBIDDEN.sub("", text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _label(text: str) -> str:
    return _line(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
