"""A copy of the archive in another place: a folder, a bucket, a server, by its fsspec URL.

Payloads go first and the journal last, as in the archive itself, so a copy that is cut off is whole as far
as its journal goes, and the next one goes on from there.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from warehouse.archive import Archive, ArchiveDamaged, fingerprint

PART = ".part"


class CopyRefused(Exception):
    """The copy cannot be begun: the message says what to change."""


@dataclass
class Copied:
    """What a copy came to. `problems` are sentences; what they are about was left as it is."""

    payloads: int = 0
    bytes: int = 0
    present: int = 0
    journals: int = 0
    mended: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Place:
    """A folder somewhere, by its URL. Files appear in it whole or not at all."""

    def __init__(self, url: str) -> None:
        try:
            self.fs, self.root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            # The URL may hold a password; its kind says enough.
            kind = url.partition("://")[0] if "://" in url else "the place"
            raise CopyRefused(f"{kind} cannot be used: {error}") from error
        self.root = self.root.rstrip("/")

    @property
    def local(self) -> Path | None:
        """The folder, where it is one of this machine."""
        return Path(self.root).resolve() if isinstance(self.fs, LocalFileSystem) else None

    def sizes(self) -> dict[str, int]:
        """The files there, by path, with their sizes."""
        self.fs.invalidate_cache()
        found = self.fs.find(self.root, detail=True) if self.fs.exists(self.root) else {}
        return {
            path.removeprefix(self.root).lstrip("/"): int(facts["size"])
            for path, facts in found.items()
        }

    def read(self, path: str) -> bytes:
        content: bytes = self.fs.cat_file(f"{self.root}/{path}")
        return content

    def put(self, path: str, content: bytes) -> bool:
        """Write a file under another name, read it back, and only then give it its name.

        Returns False, and leaves what was there, if other bytes come back.
        """
        target = f"{self.root}/{path}"
        self.fs.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        self.fs.pipe_file(target + PART, content)
        if self.fs.cat_file(target + PART) != content:
            self.fs.rm_file(target + PART)
            return False
        self.fs.mv(target + PART, target)
        return True


def copy_archive(
    archive: Archive,
    place: Place,
    check: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Copied:
    """Bring `place` up to the archive.

    A payload that is there with its size is taken as copied; with `check` it is read and hashed too. One
    that is there and not what its name says is mended, and named in the result. A journal that is not the
    beginning of ours is another history: it is left alone and is a problem. Raises CopyRefused if the
    place lies in the archive itself, OSError if it cannot be written.
    """
    if place.local and place.local.is_relative_to(archive.root.resolve()):
        raise CopyRefused(f"{place.local} is in the archive itself; name another place")
    journals = {path.name: _lines(path) for path in sorted(archive.journal.glob("*.ndjson"))}
    payloads = sorted(archive.root.glob("??/*.gz"))
    there, done = place.sizes(), Copied()
    for number, path in enumerate(payloads, start=1):
        _payload(archive, place, path, there, check, done)
        progress(number, len(payloads))
    for name, content in journals.items():
        _journal(place, f"journal/{name}", content, there, done)
    if place.local:
        os.sync()  # what is said to be copied is on disk
    return done


def _payload(
    archive: Archive,
    place: Place,
    path: Path,
    there: Mapping[str, int],
    check: bool,
    done: Copied,
) -> None:
    name, sha256 = f"{path.parent.name}/{path.name}", path.name.removesuffix(".gz")
    if name in there:
        same_size = there[name] == path.stat().st_size
        if (same_size and not check) or _holds(place.read(name), sha256):
            done.present += 1
            return
    try:
        archive.read(sha256)
    except ArchiveDamaged as error:
        done.problems.append(f"not copied: {error}")
        return
    content = path.read_bytes()
    if not place.put(name, content):
        done.problems.append(f"{name}: other bytes came back than were written; copy again")
        return
    done.payloads += 1
    done.bytes += len(content)
    if name in there:
        done.mended.append(name)


def _journal(
    place: Place, name: str, content: bytes, there: Mapping[str, int], done: Copied
) -> None:
    copied = place.read(name) if name in there else b""
    if copied == content:
        return
    if not content.startswith(copied):
        ahead = copied.startswith(content)
        why = "has more than ours: this home is older than it" if ahead else "tells another history"
        done.problems.append(
            f"{name} there {why}. It was left as it is; copy to another place, or restore from it"
        )
        return
    if not place.put(name, content):
        done.problems.append(f"{name}: other bytes came back than were written; copy again")
        return
    done.journals += 1
    done.bytes += len(content)


def _lines(path: Path) -> bytes:
    """The whole lines of a journal: a run may be writing the next one."""
    content = path.read_bytes()
    return content[: content.rfind(b"\n") + 1]


def _holds(content: bytes, sha256: str) -> bool:
    """Whether a stored file is the payload of this name. Other bytes may be: zlib versions differ."""
    try:
        return fingerprint(gzip.decompress(content)) == sha256
    except (OSError, EOFError, zlib.error):
        return False
