"""schema.org descriptions of pages as JSON-LD, so that search engines for data find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from flows.export.about import NOT_STATED, About, Rights
from flows.export.datasets import Dataset
from flows.export.feeds import absolute
from flows.export.formats import plain

PROJECT = "photofinish"
SPDX = "https://spdx.org/licenses/"
_SPDX_NAMES = {
    "CC BY 4.0": "CC-BY-4.0",
    "CC BY-SA 4.0": "CC-BY-SA-4.0",
    "CC BY-NC 4.0": "CC-BY-NC-4.0",
}
_SPDX_IDS = {"Apache-2.0", "MIT", "MPL-2.0", *_SPDX_NAMES.values()}
_ESCAPED = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


@dataclass(frozen=True)
class Subject:
    """What a page is about: its path in the site, name, description, first and last date, last change.

    `rights` says whose data it shows, `based_on` where the publishers show it.
    """

    path: str
    name: str
    description: str
    since: date | None = None
    until: date | None = None
    modified: datetime | None = None
    rights: tuple[Rights, ...] = ()
    based_on: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


def describe(subject: Subject, datasets: Sequence[Dataset], site_url: str = "") -> dict[str, Any]:
    """A schema.org Dataset of a page (of a board, a model, or the front page) and the files beside it.

    `datasets` lie in the page's folder: their files' names are taken from the page's path on. Without
    a site URL the links are relative to the page, which JSON-LD allows, and there is no @id.
    """
    base = subject.path.rsplit("/", 1)[0] + "/" if "/" in subject.path else ""
    here = absolute(site_url, subject.path) if site_url else None
    told: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": here,
        "url": here,
        "name": subject.name,
        "description": subject.description,
        "keywords": list(subject.keywords),
        "license": licences(subject.rights),
        "creator": creators(subject.rights),
        "publisher": {"@type": "Organization", "name": PROJECT},
        "isAccessibleForFree": True,
        "temporalCoverage": _period(subject.since, subject.until),
        "dateModified": plain(subject.modified),
        "variableMeasured": _variables([dataset.about for dataset in datasets]),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.name,
                "contentUrl": absolute(site_url, base + file.name) if site_url else file.name,
                "encodingFormat": file.media_type,
                "contentSize": f"{file.size} B",
                "sha256": file.sha256,
            }
            for dataset in datasets
            for file in dataset.files
        ],
        "isBasedOn": list(subject.based_on),
    }
    return {key: value for key, value in told.items() if value not in (None, [], "")}


def script(document: Mapping[str, Any]) -> str:
    """The document as a script element for an HTML page.

    No text in it can end the element or begin another: <, >, & and the line separators of JavaScript
    are written as JSON escapes, which mean the same.
    """
    return f'<script type="application/ld+json">{embedded(document)}</script>'


def embedded(document: Mapping[str, Any]) -> str:
    """What stands in the script element."""
    text = orjson.dumps(document).decode()
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text


def licences(rights: Sequence[Rights]) -> list[str]:
    """The licences that are stated, each once: as SPDX's address where a card names one that SPDX lists."""
    stated = [one.licence for one in rights if one.licence != NOT_STATED]
    return list(dict.fromkeys(licence_url(licence) for licence in stated))


def licence_url(licence: str) -> str:
    """The SPDX page of a licence that has one; else the words of the card."""
    name = _SPDX_NAMES.get(licence, licence)
    return f"{SPDX}{name}.html" if name in _SPDX_IDS else licence


def creators(rights: Sequence[Rights]) -> list[dict[str, str]]:
    """Those to be credited, each once, with the address of the first of their boards."""
    known: dict[str, str] = {}
    for one in rights:
        if one.credit:
            known.setdefault(one.credit, one.homepage)
    return [
        {"@type": "Organization", "name": name} | ({"url": url} if url else {})
        for name, url in known.items()
    ]


def _variables(abouts: Sequence[About]) -> list[dict[str, str]]:
    """Each column once, with its meaning and unit."""
    found: dict[str, dict[str, str]] = {}
    for about in abouts:
        for name, meaning in about.columns.items():
            unit = {"unitText": about.units[name]} if name in about.units else {}
            value = {"@type": "PropertyValue", "name": name, "description": meaning, **unit}
            found.setdefault(name, value)
    return list(found.values())


def _period(since: date | None, until: date | None) -> str | None:
    """An ISO 8601 interval; open where an end is not known."""
    if since is None and until is None:
        return None
    return f"{since.isoformat() if since else '..'}/{until.isoformat() if until else '..'}"
