"""The folder of the site: whole files only, unchanged ones left alone, what is gone said to be gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from flows.export.datasets import Dataset
from flows.export.files import JSON, put

MANIFEST = ".photofinish.json"
"""The files that a publication made, so that the next one knows which of them are no longer made; what
somebody else puts into the folder (a CNAME, a robots.txt) is never touched."""
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".xml": "application/atom+xml",
    ".txt": "text/plain",
}


class Folder:
    """Writes the files of one publication. Each takes its place by one rename, or keeps its time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.written: set[str] = set()
        self.changed: set[str] = set()
        self._known = _manifest(root)

    @property
    def state(self) -> str:
        """What the last finished publication was made from; empty if there was none."""
        return str(self._known.get("state", ""))

    def text(self, name: str, content: str) -> None:
        """Write a text file in UTF-8."""
        self.bytes(name, content.encode())

    def bytes(self, name: str, content: bytes) -> None:
        """Write a file, unless it already holds `content`."""
        before = _time(self.root / name)
        put(self.root, name, TYPES.get(Path(name).suffix, "application/octet-stream"), content)
        self._note(name, before)

    def dataset(self, name: str, write: Callable[[Path, str], Dataset]) -> Dataset:
        """Let `write(folder, name)` write the files of a dataset into the folder that `name` names."""
        place, _, own = name.rpartition("/")
        before = {path.name: _time(path) for path in (self.root / place).glob(f"{own}.*")}
        done = write(self.root / place, own)
        for file in (*done.files, done.meta):
            self._note(f"{place}/{file.name}" if place else file.name, before.get(file.name))
        return done

    def begin(self) -> None:
        """Clear away what a killed publication left half written, and expect everything to be made anew."""
        for leftover in self.root.rglob(".*.tmp"):
            leftover.unlink(missing_ok=True)

    def finish(self, state: str, gone: Callable[[str], str]) -> None:
        """Replace pages that are no longer made by what `gone(path)` says, remove other such files, and
        note what this publication is made from."""
        missing = [name for name in self._names() if name not in self.written]
        for name in missing:
            if name.endswith(".html"):
                self.text(name, gone(name))
            else:
                (self.root / name).unlink(missing_ok=True)
        noted = {"state": state, "files": sorted(self.written)}
        put(self.root, MANIFEST, JSON, orjson.dumps(noted, option=orjson.OPT_INDENT_2))

    def _names(self) -> Iterable[str]:
        """The files of the last publication that lie within the folder, whatever the manifest says."""
        home = self.root.resolve()
        listed = self._known.get("files")
        for name in listed if isinstance(listed, list) else ():
            if isinstance(name, str) and (home / name).resolve().is_relative_to(home):
                yield name

    def _note(self, name: str, before: int | None) -> None:
        self.written.add(name)
        if _time(self.root / name) != before:
            self.changed.add(name)


def _time(path: Path) -> int | None:
    return path.stat().st_mtime_ns if path.exists() else None


def _manifest(root: Path) -> dict[str, object]:
    try:
        found = orjson.loads((root / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
