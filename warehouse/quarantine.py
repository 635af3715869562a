"""Payloads that a parser refused: which there are, how to have them read again, what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import duckdb

from warehouse.rows import Row, rows

Key = tuple[str, str, str]
"""sha256, source, url: what names a payload of a source."""


def quarantine(db: duckdb.DuckDBPyConnection, sources: Sequence[str] = ()) -> list[Row]:
    """One row per refused payload: sha256, source, url, captured_at (UTC), reason, detail, bytes.

    Only those of `sources`, if any are named; by source and time.
    """
    return rows(
        db,
        """
        select
            refused.sha256,
            refused.source,
            refused.url,
            refused.captured_at,
            refused.reason,
            refused.detail,
            payloads.bytes
        from raw.quarantine as refused
        left join raw.payloads as payloads on payloads.sha256 = refused.sha256
        where len($sources) = 0 or list_contains($sources, refused.source)
        order by refused.source, refused.captured_at, refused.url, refused.sha256
        """,
        sources=list(sources),
    )


def forget(db: duckdb.DuckDBPyConnection, keys: Iterable[Key]) -> None:
    """Forget that these payloads were read, so that the next load reads them. They stay in quarantine
    until then, so nothing is lost if there is none."""
    for key in keys:
        db.execute(
            "delete from parsed.payloads where sha256 = ? and source = ? and url = ?", list(key)
        )


def landed(db: duckdb.DuckDBPyConnection, keys: Collection[Key]) -> list[Row]:
    """What payloads that are read came to: sha256, source, url, rows, and the boards they tell of."""
    return rows(
        db,
        """
        with wanted as (
            select
                unnest($hashes::varchar[]) as sha256,
                unnest($sources::varchar[]) as source,
                unnest($urls::varchar[]) as url
        ),

        told as (
            select sha256, source, url, list(distinct board order by board) as boards
            from parsed.states
            group by all
        )
        select wanted.*, payloads.rows, coalesce(told.boards, []) as boards
        from wanted
        join parsed.payloads as payloads using (sha256, source, url)
        left join told using (sha256, source, url)
        order by wanted.source, wanted.url, wanted.sha256
        """,
        hashes=[sha256 for sha256, _, _ in keys],
        sources=[source for _, source, _ in keys],
        urls=[url for _, _, url in keys],
    )
