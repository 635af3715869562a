"""Files that are there whole or not at all, and that are left alone where nothing changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

PARQUET, CSV, JSON = "application/vnd.apache.parquet", "text/csv", "application/json"


@dataclass(frozen=True)
class File:
    """A written file: its name in its folder, media type, size in bytes and sha256."""

    name: str
    media_type: str
    size: int
    sha256: str


def put(folder: Path, name: str, media_type: str, content: bytes) -> File:
    """Write a file unless it already holds `content`. Its time tells when it last changed."""
    path = folder / name
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(fresh).chmod(0o644)
            Path(fresh).replace(path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise
    return File(name, media_type, len(content), hashlib.sha256(content).hexdigest())


def seen(folder: Path, name: str, media_type: str) -> File:
    """A file that is there already, by what it holds."""
    digest, size = hashlib.sha256(), 0
    with (folder / name).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return File(name, media_type, size, digest.hexdigest())
