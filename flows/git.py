"""Asking git: what a repository holds, without checking anything out.

What it answers hangs on the repository alone: the user's own configuration counts only for cloning, and
reading neither reaches the network nor runs a program that a repository's configuration names.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess  # nosec B404 # git is the reader of its own formats; it runs without a shell
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from flows.progress import announce
from flows.redact import redacted

READING = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",  # for older gits, which do not know the line above
    "GIT_NO_REPLACE_OBJECTS": "1",
}
CLONING = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh"}
CONNECTING = ("GIT_ASKPASS", "GIT_CONFIG_", "GIT_HTTP", "GIT_PROXY", "GIT_SSH", "GIT_SSL")
"""What the environment may say to git: how to connect, not which repository to look at."""

OVERRIDES = ("core.quotePath=false", "log.showRoot=true", "log.showSignature=false")
"""What a repository's configuration may not decide."""

LOG = (
    "log",
    "--first-parent",
    "--diff-merges=first-parent",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--format=%H %ct",
)


class NoHistory(Exception):
    """No history can be read there. The message is a sentence with the next step."""


class Unreadable(Exception):
    """A blob cannot be had. The message says why, after the name of the file."""


class Change(NamedTuple):
    """What a commit made of a file: its new content is the blob."""

    commit: str
    at: datetime
    path: str
    blob: str


def is_url(place: str) -> bool:
    """Whether git would take this for an address: scheme://... or host:path."""
    return re.match(r"[^/]+:", place) is not None and not Path(place).exists()


@contextmanager
def cloned(url: str, folder: Path) -> Iterator[Path]:
    """A bare clone in `folder`, which is removed afterwards. Raises NoHistory if git cannot clone."""
    shutil.rmtree(folder, ignore_errors=True)
    tell = announce("cloning")
    tell(0, 1)
    try:
        options = ("--quiet", "--bare", "--no-tags")
        done = _run("clone", *options, "--", url, str(folder), setting=CLONING, keep=CONNECTING)
        if done.returncode:
            raise NoHistory(f"{_shown(url)} cannot be cloned: {_complaint(done)}")
        tell(1, 1)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def repository(path: Path) -> Path:
    """The git folder of a clone, working or bare. Raises NoHistory if `path` is not one."""
    folder = path.resolve()
    folder = folder / ".git" if (folder / ".git").exists() else folder
    if not folder.exists() or _git(folder, "rev-parse", "--git-dir").returncode:
        raise NoHistory(f"{path} is not a git repository; name a clone of the source's repository")
    return folder


def span(repository: Path) -> tuple[datetime, datetime]:
    """The times of the first and the last commit. Raises NoHistory if there is none."""
    times = [int(line) for line in _said(repository, "log", "--all", "--format=%ct").split()]
    if not times:
        raise NoHistory("the repository has no commits; name a clone of the source's repository")
    return _moment(min(times)), _moment(max(times))


def changes(repository: Path, branch: str, paths: Sequence[str]) -> Iterator[Change]:
    """The new and changed files under the paths, on the line that the branch showed, newest first.

    A file that was deleted or became a link gives none.
    """
    commit, at = "", 0
    specs = [f":(top,literal){path}" for path in paths]
    for line in _said(repository, *LOG, _tip(repository, branch), "--", *specs).split("\n"):
        if line.startswith(":"):
            facts, path = line.split("\t", maxsplit=1)
            _, mode, _, blob, _ = facts.split()
            if mode.startswith("100"):
                yield Change(commit, _moment(at), path, blob)
        elif line:
            commit, at = line.split()[0], int(line.split()[1])


def _tip(repository: Path, branch: str) -> str:
    """The commit of the publisher's branch, or where the clone stands if it has no such branch."""
    for ref in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        tip = _git(repository, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if tip.returncode == 0:
            return tip.stdout.decode().strip()
    return _said(repository, "rev-parse", "--verify", "HEAD^{commit}").strip()


class Blobs:
    """The contents of blobs, from one `git cat-file`, which is started anew where damage ended it."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Blobs:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, blob: str, max_bytes: int) -> bytes:
        """The bytes of a blob. Raises Unreadable if it is missing, damaged or too big."""
        if self._process is None:
            self._process = self._start()
        stdin, stdout = self._process.stdin, self._process.stdout
        if not stdin or not stdout:
            raise Unreadable("cannot be asked for")
        with suppress(BrokenPipeError):
            stdin.write(f"{blob}\n".encode())
            stdin.flush()
        header = stdout.readline().split()
        if header[1:] == [b"missing"]:
            raise Unreadable("is missing in the repository")
        size = int(header[2]) if len(header) == 3 else -1
        payload = stdout.read(size + 1)[:-1] if 0 <= size <= max_bytes else b""
        if size == len(payload) and _names(blob, payload):
            return payload
        self._end()
        if size > max_bytes:
            raise Unreadable(f"has {size} bytes, more than PHOTOFINISH_MAX_BYTES ({max_bytes})")
        raise Unreadable("is damaged in the repository")

    def _start(self) -> subprocess.Popen[bytes]:
        # No shell, and each argument is ours.
        return subprocess.Popen(  # noqa: S603 # nosec B603
            _command(f"--git-dir={self.repository}", "cat-file", "--batch"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(READING),
        )

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _names(blob: str, payload: bytes) -> bool:
    """Whether the blob's id is that of these bytes."""
    content = b"blob %d\0%b" % (len(payload), payload)
    method = "sha1" if len(blob) == 40 else "sha256"
    return hashlib.new(method, content, usedforsecurity=False).hexdigest() == blob


def _said(repository: Path, *arguments: str) -> str:
    done = _git(repository, *arguments)
    if done.returncode:
        raise NoHistory(
            f"git cannot read the history in {repository}: {_complaint(done)}. A fresh, whole clone "
            "may help"
        )
    return done.stdout.decode("utf-8", "surrogateescape")


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    overrides = [part for override in OVERRIDES for part in ("-c", override)]
    return _run(f"--git-dir={repository}", *overrides, *arguments, setting=READING)


def _run(
    *arguments: str, setting: dict[str, str], keep: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    # No shell; an address or path follows `--` or `=`, so that it is never an option.
    return subprocess.run(  # noqa: S603 # nosec B603
        _command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=_environment(setting, keep),
    )


def _command(*arguments: str) -> list[str]:
    git = shutil.which("git")
    if git is None:
        raise NoHistory("git is not installed here; install it, or backfill from recordings")
    return [git, *arguments]


def _environment(setting: dict[str, str], keep: tuple[str, ...] = ()) -> dict[str, str]:
    """Ours, where what it says to git counts only as far as it is kept."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(keep)}
    return {**ours, "LC_ALL": "C", **setting}


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    """The line with which git gave up."""
    lines = done.stderr.decode(errors="replace").strip().splitlines() or ["it does not say why"]
    last = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
    return _shown(last.removeprefix("fatal: "))


def _shown(text: str) -> str:
    """Without the passwords that an address may hold."""
    return redacted(text)


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
