"""What the system or the database refuses, as a sentence with the next step."""

from __future__ import annotations

import errno

import duckdb

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_ALLOWED = (errno.EROFS, errno.EACCES, errno.EPERM)
NOTHING_LOST = "nothing that was archived is lost"


def sentence(error: OSError | duckdb.Error) -> str:
    """What happened and what to do."""
    if isinstance(error, duckdb.Error):
        return _of_duckdb(str(error))
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in FULL:
        return _full(where)
    if error.errno in NOT_ALLOWED:
        return (
            f"{error.strerror}{where}: this user may not write there; change the owner or the mount, or "
            f"set PHOTOFINISH_HOME to another folder. {NOTHING_LOST.capitalize()}"
        )
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY):
        return (
            f"{error.strerror}{where}: something else stands in the place of a file or folder of "
            f"photofinish; move it away and run again. {NOTHING_LOST.capitalize()}"
        )
    return f"{error.strerror or error}{where}; {NOTHING_LOST}"


def _of_duckdb(told: str) -> str:
    first = told.splitlines()[0]
    if any(word in told for word in ("No space left", "File too large", "Disk quota")):
        return _full(f" ({first})")
    return f"the database says: {first}. Run again with --debug for more"


def _full(where: str) -> str:
    return f"the disk is full{where}: make room and run again; {NOTHING_LOST}"
