"""A strict reading of what RFC 4287 says a feed MUST be: the list of what it breaks, by section.

Written from the RFC alone. Only what a feed of ours may hold: text constructs of type text, no content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from lxml import etree

NS = "{http://www.w3.org/2005/Atom}"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
FEED_ONCE = ("generator", "icon", "logo", "id", "rights", "subtitle", "title", "updated")
ENTRY_ONCE = ("content", "id", "published", "rights", "source", "summary", "title", "updated")
KNOWN = {*FEED_ONCE, *ENTRY_ONCE, "author", "category", "contributor", "link", "entry"}


def broken(document: bytes) -> list[str]:
    """What of RFC 4287 the document breaks; nothing if it is a valid feed."""
    feed = etree.fromstring(document)
    if feed.tag != f"{NS}feed":
        return ["4.1.1: the document element is atom:feed"]
    found = [*_once(feed, FEED_ONCE, "4.1.1"), *_needed(feed, "4.1.1"), *_links(feed, "4.1.1")]
    entries = feed.findall(f"{NS}entry")
    if feed.find(f"{NS}author") is None and any(e.find(f"{NS}author") is None for e in entries):
        found.append("4.1.1: a feed has an author unless all of its entries have one")
    if not any(link.get("rel") == "self" for link in feed.findall(f"{NS}link")):
        found.append("4.1.1: a feed should link to itself")
    ids = [entry.findtext(f"{NS}id") for entry in entries]
    if len(set(ids)) != len(ids):
        found.append("4.1.1: two entries with one id")
    for entry in entries:
        found += [*_once(entry, ENTRY_ONCE, "4.1.2"), *_needed(entry, "4.1.2")]
        found += _links(entry, "4.1.2")
        alternate = [
            x for x in entry.findall(f"{NS}link") if x.get("rel", "alternate") == "alternate"
        ]
        if entry.find(f"{NS}content") is None and not alternate:
            found.append("4.1.2: an entry without content has an alternate link")
    for element in feed.iter():
        found += _element(element)
    return found


def _once(parent: etree._Element, names: tuple[str, ...], section: str) -> Iterator[str]:
    for name in names:
        if len(parent.findall(NS + name)) > 1:
            yield f"{section}: more than one {name}"


def _needed(parent: etree._Element, section: str) -> Iterator[str]:
    for name in ("id", "title", "updated"):
        if parent.find(NS + name) is None:
            yield f"{section}: no {name}"


def _links(parent: etree._Element, section: str) -> Iterator[str]:
    seen = set()
    for link in parent.findall(f"{NS}link"):
        if not link.get("href"):
            yield "4.2.7.1: a link has a href"
        if re.search(r"[\s<>\"{}|\\^`]", link.get("href", "")):
            yield "4.2.7.1: a href is an IRI reference"
        if link.get("rel", "alternate") == "alternate":
            kind = (link.get("type"), link.get("hreflang"))
            if kind in seen:
                yield f"{section}: two alternate links of one type and language"
            seen.add(kind)


def _element(element: etree._Element) -> Iterator[str]:
    name = str(element.tag).removeprefix(NS)
    text = element.text or ""
    if not str(element.tag).startswith(NS) or name not in {*KNOWN, "feed", "name"}:
        yield f"6: {element.tag} is no element of Atom"
    if name == "updated":
        if not DATE.fullmatch(text):
            yield f"3.3: {text} is no date"
        else:
            datetime.fromisoformat(text)
    if name == "id" and (not urlsplit(text).scheme or re.search(r"\s", text)):
        yield f"4.2.6: the id {text!r} is no absolute IRI"
    if name in ("title", "summary", "name") and (len(element) or element.get("type")):
        yield f"3.1: {name} is plain text"
    if name == "author" and len(element.findall(f"{NS}name")) != 1:
        yield "3.2.1: a person has one name"
