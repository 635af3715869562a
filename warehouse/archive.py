"""The archive: every payload byte for byte, and a journal with one line per fetch attempt.

It is the truth; the database is a cache of it. Payloads are content-addressed and never changed. A
payload is on disk before the journal names it, and the journal before the database hears of it.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson


class ArchiveDamaged(Exception):
    """A stored payload is missing or not what its name says."""


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """One attempt to get one URL, as the journal keeps it. Times are UTC."""

    run_id: str
    source: str
    url: str
    captured_at: datetime
    outcome: str
    """new, unchanged, not_modified or failed; whether a payload parses is not a fact of the fetch."""
    http_status: int | None = None
    payload_sha256: str | None = None
    bytes: int | None = None
    elapsed_ms: int | None = None
    error: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def fetch_id(self) -> str:
        """Names the attempt by what it was, so that the same line read twice is one fetch."""
        told = (self.source, self.url, self.captured_at.isoformat(), self.outcome)
        text = "\n".join((*told, self.payload_sha256 or "", self.error or ""))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Archive:
    """The folder `root`: <2 hex>/<sha256>.gz payloads and journal/YYYY-MM.ndjson."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.journal = root / "journal"

    def path(self, sha256: str) -> Path:
        """Where the payload with this hash is kept."""
        return self.root / sha256[:2] / f"{sha256}.gz"

    def store(self, payload: bytes) -> str:
        """Keep a payload and return its sha256. Storing the same bytes again does nothing."""
        sha256 = fingerprint(payload)
        path = self.path(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, gzip.compress(payload, compresslevel=6, mtime=0))
        return sha256

    def read(self, sha256: str) -> bytes:
        """The bytes of a payload. Raises ArchiveDamaged if they are gone or not the same."""
        path = self.path(sha256)
        try:
            payload = gzip.decompress(path.read_bytes())
        except FileNotFoundError as error:
            raise ArchiveDamaged(f"the archive has lost {path}; restore it from a copy") from error
        except (OSError, EOFError, zlib.error) as error:
            raise ArchiveDamaged(f"{path} is damaged ({error}); restore it from a copy") from error
        if fingerprint(payload) != sha256:
            raise ArchiveDamaged(f"{path} does not hold what its name says; restore it from a copy")
        return payload

    def append(self, fetches: Iterable[Fetch]) -> None:
        """Write attempts to the journal, each in the month it was captured, and fsync."""
        by_month: dict[str, list[bytes]] = {}
        for fetch in fetches:
            line = orjson.dumps({"fetch_id": fetch.fetch_id, **asdict(fetch)}, option=_JSON)
            by_month.setdefault(f"{fetch.captured_at:%Y-%m}", []).append(line)
        self.journal.mkdir(parents=True, exist_ok=True)
        for month, lines in by_month.items():
            with (self.journal / f"{month}.ndjson").open("ab+") as file:
                # Several processes append; the lock works on a shared drive too, where O_APPEND does not.
                fcntl.flock(file, fcntl.LOCK_EX)
                # A line cut off by a crash must not swallow the next one.
                if not _ends_with_newline(file.fileno()):
                    file.write(b"\n")
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())

    def fetches(self) -> Iterator[Fetch]:
        """Every attempt in the journal, month by month. A line cut off by a crash is passed over:
        its payload is fetched again, and `cut_lines` counts it."""
        for _, line in self._lines():
            if fetch := _parse_line(line):
                yield fetch

    def cut_lines(self) -> list[str]:
        """Where the journal has lines that cannot be read, as file:line."""
        return [where for where, line in self._lines() if _parse_line(line) is None]

    def latest(self) -> dict[str, Fetch]:
        """Per URL the last attempt that gave a payload: what a conditional request builds on."""
        found: dict[str, Fetch] = {}
        for fetch in self.fetches():
            known = found.get(fetch.url)
            if fetch.payload_sha256 and (not known or fetch.captured_at >= known.captured_at):
                found[fetch.url] = fetch
        return found

    def _lines(self) -> Iterator[tuple[str, bytes]]:
        for file in sorted(self.journal.glob("*.ndjson")):
            for number, line in enumerate(file.read_bytes().splitlines(), start=1):
                if line.strip():
                    yield f"{file.name}:{number}", line


_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def fingerprint(payload: bytes) -> str:
    """The name of a payload in the archive: its sha256 in hex."""
    return hashlib.sha256(payload).hexdigest()


def utc(moment: datetime) -> datetime:
    """The moment in UTC, as the archive keeps times. A naive moment is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _parse_line(line: bytes) -> Fetch | None:
    try:
        record = orjson.loads(line)
        record.pop("fetch_id")
        fetch = Fetch(**record)
        return replace(fetch, captured_at=utc(datetime.fromisoformat(record["captured_at"])))
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError, AttributeError):
        return None


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, whatever happens."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _ends_with_newline(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
