"""Getting bytes: one URL, politely, with limits, through the mirror if there is one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import requests

from flows.settings import Settings
from warehouse.archive import Fetch

CHUNK = 64 * 1024
PERMANENT = frozenset({400, 401, 403, 404, 405, 410, 451})
REASONS: dict[type[Exception], str] = {
    requests.TooManyRedirects: "the server redirects in a circle",
    requests.ConnectTimeout: "no connection in time",
    requests.ReadTimeout: "the server stopped sending",
    requests.exceptions.ChunkedEncodingError: "the answer was cut off",
    requests.exceptions.ContentDecodingError: "the answer could not be unpacked",
    requests.ConnectionError: "no connection",
}


class FetchFailed(Exception):
    """No bytes came. `status` is the HTTP status if there was one; `permanent` if trying again is vain."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.permanent = status in PERMANENT


@dataclass(frozen=True)
class Answer:
    """What a server said. `payload` is None for 304, not modified."""

    status: int
    payload: bytes | None
    etag: str | None
    last_modified: str | None


def get(url: str, previous: Fetch | None, settings: Settings) -> Answer:
    """Get a URL, conditionally on what `previous` got. file:// URLs are read from disk.

    Raises FetchFailed for anything but bytes or 304, and for more than settings.max_bytes unpacked.
    """
    if url.startswith("file://"):
        return _read_file(url, settings)
    headers = {"User-Agent": user_agent(settings), "Accept-Encoding": "gzip, deflate"}
    if previous and previous.etag:
        headers["If-None-Match"] = previous.etag
    if previous and previous.last_modified:
        headers["If-Modified-Since"] = previous.last_modified
    try:
        with requests.get(
            mirrored(url, settings.mirror),
            headers=headers,
            timeout=(settings.connect_timeout, settings.read_timeout),
            stream=True,
        ) as response:
            return _answer(response, settings)
    except requests.RequestException as error:
        reason = next((text for kind, text in REASONS.items() if isinstance(error, kind)), None)
        raise FetchFailed(reason or f"{type(error).__name__}: {error}") from error


def mirrored(url: str, mirror: str | None) -> str:
    """https://HOST/PATH as MIRROR/HOST/PATH, or the URL itself where there is no mirror."""
    return f"{mirror.rstrip('/')}/{url.split('://', 1)[1]}" if mirror else url


def user_agent(settings: Settings) -> str:
    """Who asks, for the publisher's log: name, version and a contact if one is set."""
    contact = f" (+{settings.contact})" if settings.contact else ""
    return f"photofinish/{version('photofinish')}{contact}"


def _answer(response: requests.Response, settings: Settings) -> Answer:
    validators = response.headers.get("ETag"), response.headers.get("Last-Modified")
    if response.status_code == requests.codes.not_modified:
        return Answer(response.status_code, None, *validators)
    if response.status_code != requests.codes.ok:
        raise FetchFailed(f"HTTP {response.status_code}", response.status_code)
    payload = _body(response, settings)
    if not payload.strip():
        raise FetchFailed("the answer is empty", response.status_code)
    return Answer(response.status_code, payload, *validators)


def _body(response: requests.Response, settings: Settings) -> bytes:
    """The unpacked body, read piece by piece so that neither size nor time runs away."""
    deadline = time.monotonic() + settings.total_timeout
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > settings.max_bytes:
            limit = settings.max_bytes // 1024**2
            raise FetchFailed(f"the answer is larger than {limit} MiB", response.status_code)
        if time.monotonic() > deadline:
            raise FetchFailed(f"not finished after {settings.total_timeout:g} s")
    return bytes(body)


def _read_file(url: str, settings: Settings) -> Answer:
    path = Path(url2pathname(unquote(urlsplit(url).path)))
    try:
        if path.stat().st_size > settings.max_bytes:
            raise FetchFailed(f"{path} is larger than {settings.max_bytes // 1024**2} MiB")
        payload = path.read_bytes()
    except OSError as error:
        raise FetchFailed(f"{path} cannot be read: {error.strerror}") from error
    if not payload.strip():
        raise FetchFailed(f"{path} is empty")
    return Answer(200, payload, None, None)
