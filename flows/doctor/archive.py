"""The archive: lines of the journal that cannot be read, payloads that are lost or damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flows.doctor.finding import Finding
from warehouse.archive import Archive, Damaged, Fetch


def cut_lines(archive: Archive) -> Iterator[Finding]:
    """Lines that a run was cut off in, or that something else has written."""
    for where in archive.cut_lines():
        yield Finding(
            "journal",
            f"{where} cannot be read: a run was cut off while writing it, or it was altered",
            "the next run fetches that file again; delete the line to be rid of this message",
        )


def payloads(
    archive: Archive,
    fetches: Sequence[Fetch],
    quick: bool,
    progress: Callable[[int, int], None],
) -> Iterator[Finding]:
    """Payloads that the archive cannot give back; with `quick` only those whose file is gone."""
    urls = {f.payload_sha256: f.url for f in fetches if f.payload_sha256}
    latest = {fetch.payload_sha256 for fetch in archive.latest().values()}
    for one in _gone(archive, urls) if quick else archive.verify(progress):
        if one.sha256 not in urls:
            mend = "the journal does not name it, so nothing uses it: delete the file"
        elif one.sha256 in latest:
            mend = f"restore it from a copy, or run again: {urls[one.sha256]} is asked for it anew"
        else:
            mend = (
                "restore it from a copy of the archive; if there is none, "
                "`photofinish rebuild --without-damaged` makes the tables without it"
            )
        yield Finding("archive", one.problem, mend)


def _gone(archive: Archive, named: dict[str, str]) -> Iterator[Damaged]:
    for sha256 in sorted(named):
        if not (path := archive.path(sha256)).exists():
            yield Damaged(path, sha256, f"the archive has lost {path}")
