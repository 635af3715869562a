"""Where a published number comes from: the payload behind a snapshot, and who published it."""

from __future__ import annotations

import duckdb

from warehouse.archive import Archive
from warehouse.rows import Row, rows


def trace(db: duckdb.DuckDBPyConnection, snapshot_id: str, archive: Archive) -> Row:
    """The provenance of a snapshot: every score of it comes from this one payload.

    snapshot_id, board, listed_as (the board's name at the source; another one on a timeline of several
    sources), as_of, source, url, captured_at and last_seen_at (UTC), payload_sha256, bytes, payload_path
    (in the archive, from the home folder), licence and credit of the board at its source. Raises KeyError
    if there is no such snapshot.
    """
    found = rows(
        db,
        """
        select
            states.snapshot_id,
            states.board,
            states.listed_as,
            states.as_of,
            states.source,
            states.url,
            states.captured_at,
            states.last_seen_at,
            states.payload_sha256,
            payloads.bytes,
            boards.licence,
            boards.credit
        from core.states as states
        left join raw.payloads as payloads on payloads.sha256 = states.payload_sha256
        left join core.boards as boards on boards.board = states.listed_as
        where states.snapshot_id = $snapshot_id
        """,
        snapshot_id=snapshot_id,
    )
    if not found:
        raise KeyError(snapshot_id)
    told = found[0]
    path = archive.path(told["payload_sha256"]).relative_to(archive.root.parent)
    return {**told, "payload_path": str(path)}
