"""The machine: versions of what photofinish stands on, room on the disk, who may write."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flows.doctor.finding import Finding, size
from flows.settings import Settings

LEAST_ROOM = 100 * 1024 * 1024
ANEW = "install what requirements.lock names: `make install` in the folder of photofinish"


def versions(installed: metadata.Distribution | None = None) -> Iterator[Finding]:
    """Python and the packages that photofinish asks for, held to the versions it was made with."""
    try:
        told = (installed or metadata.distribution("photofinish")).metadata
    except metadata.PackageNotFoundError:
        yield Finding("versions", "photofinish is not installed as a package", ANEW)
        return
    python = platform.python_version()
    if not SpecifierSet(told["Requires-Python"] or "").contains(python):
        found = f"this is Python {python}; photofinish needs {told['Requires-Python']}"
        yield Finding("versions", found, "make the environment anew with such a Python")
    for line in told.get_all("Requires-Dist") or []:
        wanted = Requirement(line)
        # The extras are the user's choice.
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            yield from _one(wanted)


def _one(wanted: Requirement) -> Iterator[Finding]:
    try:
        there = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        yield Finding("versions", f"{wanted.name} is not installed", ANEW)
        return
    if not wanted.specifier.contains(there, prereleases=True):
        found = f"{wanted.name} is {there}; photofinish was made with {wanted.specifier}"
        yield Finding("versions", found, ANEW)


def disk(settings: Settings) -> Iterator[Finding]:
    """A rebuild writes both databases beside the old ones: as much room must be free."""
    needed = max(LEAST_ROOM, *(_size(path) for path in (settings.build, settings.published_file)))
    if settings.build.exists() and settings.published_file.exists():
        needed = max(LEAST_ROOM, _size(settings.build) + _size(settings.published_file))
    free = shutil.disk_usage(_there(settings.home)).free
    if free < needed:
        yield Finding(
            "disk",
            f"{size(free)} are free where {settings.home} is; a run may need {size(needed)}",
            "make room, or set PHOTOFINISH_HOME to a folder on another disk",
        )


def permissions(settings: Settings) -> Iterator[Finding]:
    """Folders and files of the home that this user may not write, or that are of the wrong kind."""
    archive = settings.archive
    folders = [settings.home, archive, archive / "journal", settings.build.parent]
    folders += [settings.alerts_store.parent]
    files = [
        settings.build,
        settings.published_file,
        *sorted((archive / "journal").glob("*.ndjson")),
    ]
    for path in (*folders, *files):
        kind = "folder" if path in folders else "file"
        if path.exists() and path.is_dir() != (kind == "folder"):
            found = f"{path} is not a {kind}"
            yield Finding("permissions", found, "move it away; what belongs there is made anew")
    refused = _refused([path for path in (*folders, *files) if path.exists()])
    if not settings.home.exists():
        refused = _refused([_there(settings.home)])
    for path in refused:
        yield Finding(
            "permissions",
            f"{path} cannot be written by this user, or is mounted read-only",
            "change its owner, mode or mount, or set PHOTOFINISH_HOME to another folder",
        )


def _refused(paths: Sequence[Path]) -> list[Path]:
    """Where writing is refused; of a folder and what lies in it only the folder."""
    found: list[Path] = []
    for path in paths:
        wanted = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
        if not os.access(path, wanted) and not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found


def _there(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return path if path.exists() else _there(path.parent)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
