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
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import orjson


class ArchiveDamaged(Exception):
    """A stored payload is missing or not what its name says."""


class NewerJournal(Exception):
    """A line of the journal was written by a newer photofinish, and says more than this one understands."""


@dataclass(frozen=True)
class Damaged:
    """A payload that the archive cannot give back: where it should be, its name, what is wrong."""

    path: Path
    sha256: str
    problem: str


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
        """Keep a payload and return its sha256. Storing the same bytes again mends a damaged file."""
        sha256 = fingerprint(payload)
        path = self.path(sha256)
        if not self.intact(sha256):
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

    def intact(self, sha256: str) -> bool:
        """Whether `read` would give this payload."""
        try:
            self.read(sha256)
        except ArchiveDamaged:
            return False
        return True

    def verify(
        self, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Iterator[Damaged]:
        """Read and hash every payload that is stored or that the journal names; yields what is wrong."""
        stored = {path.name.removesuffix(".gz") for path in self.root.glob("??/*.gz")}
        named = {fetch.payload_sha256 for fetch in self.fetches() if fetch.payload_sha256}
        for done, sha256 in enumerate(sorted(stored | named), start=1):
            try:
                self.read(sha256)
            except ArchiveDamaged as error:
                yield Damaged(self.path(sha256), sha256, str(error))
            progress(done, len(stored | named))

    def append(self, fetches: Iterable[Fetch]) -> None:
        """Write attempts to the journal, each in the month it was captured, and fsync."""
        fetches = list(fetches)
        by_month: dict[str, list[bytes]] = {}
        for fetch in fetches:
            line = orjson.dumps({"fetch_id": fetch.fetch_id, **asdict(fetch)}, option=_JSON)
            by_month.setdefault(f"{fetch.captured_at:%Y-%m}", []).append(line)
        self.journal.mkdir(parents=True, exist_ok=True)
        # The names of the payloads are on disk before a line says that they are there.
        folders = {self.path(f.payload_sha256).parent for f in fetches if f.payload_sha256}
        for folder in (*sorted(folders), self.root, self.root.parent):
            if folder.is_dir():
                sync(folder)
        for month, lines in by_month.items():
            _append(self.journal / f"{month}.ndjson", b"".join(lines))
        sync(self.journal)

    def fetches(self) -> Iterator[Fetch]:
        """Every attempt in the journal, month by month. A line cut off by a crash is passed over:
        its payload is fetched again, and `cut_lines` counts it. Raises NewerJournal."""
        for _, fetch in self._lines():
            if fetch:
                yield fetch

    def cut_lines(self) -> list[str]:
        """Where the journal has lines that cannot be read, as file:line. Raises NewerJournal."""
        return [where for where, fetch in self._lines() if fetch is None]

    def latest(self, urls: Set[str] | None = None) -> dict[str, Fetch]:
        """Per URL, of these or of all, the last attempt that gave a payload: what a conditional request
        builds on. Reads no more of the journal than that takes. Raises NewerJournal."""
        found: dict[str, Fetch] = {}
        for path in self._months_back():
            content = path.read_bytes()
            if urls is None or _names_one(content, urls - found.keys()):
                for url, fetch in _last_payloads(content, path.name).items():
                    if urls is None or url in urls:
                        found.setdefault(url, fetch)
        return found

    def holding(self, sources: Set[str]) -> set[str]:
        """Those of the sources of which a payload is held. Raises NewerJournal."""
        found: set[str] = set()
        for path in self._months_back():
            content = path.read_bytes()
            if _names_one(content, sources - found):
                lines = journal_lines(content, path.name)
                found |= {fetch.source for _, fetch in lines if fetch and fetch.payload_sha256}
        return found & sources

    def _months_back(self) -> list[Path]:
        return sorted(self.journal.glob("*.ndjson"), reverse=True)

    def _lines(self) -> Iterator[tuple[str, Fetch | None]]:
        for path in sorted(self.journal.glob("*.ndjson")):
            yield from journal_lines(path.read_bytes(), path.name)


_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def fingerprint(payload: bytes) -> str:
    """The name of a payload in the archive: its sha256 in hex."""
    return hashlib.sha256(payload).hexdigest()


def utc(moment: datetime) -> datetime:
    """The moment in UTC, as the archive keeps times. A naive moment is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def journal_lines(content: bytes, file: str) -> Iterator[tuple[str, Fetch | None]]:
    """The lines in (the end of) a file of the journal, each with its place; None for one that cannot be read.

    Raises NewerJournal.
    """
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            where = f"{file}:{number}"
            yield where, _parse_line(line, where)


def _last_payloads(content: bytes, file: str) -> dict[str, Fetch]:
    """Per URL the last of these lines, by time, that tells of a payload."""
    found: dict[str, Fetch] = {}
    for _, fetch in journal_lines(content, file):
        if fetch and fetch.payload_sha256:
            known = found.get(fetch.url)
            if not known or fetch.captured_at >= known.captured_at:
                found[fetch.url] = fetch
    return found


def _names_one(content: bytes, texts: Set[str]) -> bool:
    """Whether one of these texts is a value in a file of the journal."""
    return any(orjson.dumps(text) in content for text in texts)


def _parse_line(line: bytes, where: str) -> Fetch | None:
    try:
        record = orjson.loads(line)
        del record["fetch_id"]
        if unknown := record.keys() - FIELDS:
            raise NewerJournal(
                f"the journal says in {where} {', '.join(map(repr, sorted(unknown)))}, which this "
                "photofinish does not know: a newer one has written it. Update photofinish"
            )
        record["captured_at"] = utc(datetime.fromisoformat(record["captured_at"]))
        return Fetch(**record)
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError, AttributeError):
        return None


FIELDS = {field.name for field in fields(Fetch)}


def _append(path: Path, lines: bytes) -> None:
    """Add whole lines to a file, and fsync it. Sources are pulled side by side, so one at a time."""
    with path.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        # A line cut off by a crash must not swallow the next one.
        rest = memoryview(lines if _ends_with_newline(path, size) else b"\n" + lines)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())


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


def _ends_with_newline(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        return size == 0 or os.pread(file.fileno(), 1, size - 1) == b"\n"


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
