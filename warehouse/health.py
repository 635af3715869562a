"""How the sources fare, as the published file knows it: fresh, late or frozen, and what is wrong.

A pipeline that pulls and cannot publish is seen too: its published file grows old, and the sources late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from warehouse.rows import rows

PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
}
LATE_AFTER = 1.5
"""Periods since the last success: one run was missed, and half the time to the next has passed."""
FROZEN_AFTER = timedelta(days=90)
"""A source that answers and has shown nothing new for so long has stopped, whatever its card says."""


@dataclass(frozen=True)
class Watched:
    """What the card says: how often the source publishes, and the files asked for (each: URLs to try)."""

    cadence: str
    files: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, kw_only=True)
class Health:
    """One source. Times are UTC without a zone, None where it never happened."""

    source: str
    cadence: str
    freshness: str
    """fresh, late, frozen, on demand, or never (it was not asked yet)"""
    failing: bool
    """whether its last look failed or gave something that could not be read, in part or whole"""
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    last_change: datetime | None = None
    next_due: datetime | None = None
    problem: str | None = None
    """the last failure or refusal, past ones too; what is wrong now where `failing`"""
    problem_at: datetime | None = None
    quarantined: int = 0
    fetches: int = 0
    payloads: int = 0
    boards: int = 0
    snapshots: int = 0
    rows: int = 0
    """entries in the newest snapshots of its boards, or prices that hold"""
    as_of: Any = None
    """date of its newest snapshot or price"""

    @property
    def well(self) -> bool:
        return self.freshness != "late" and not self.failing


def health(
    db: duckdb.DuckDBPyConnection, watched: Mapping[str, Watched], now: datetime
) -> list[Health]:
    """One Health per source that is watched or was ever fetched, by id. `now` is UTC without a zone."""
    facts = {row["source"]: row for row in rows(db, _FACTS)}
    looks: dict[str, list[dict[str, Any]]] = {}
    for row in rows(db, _LAST_LOOK):
        looks.setdefault(row["source"], []).append(row)
    return [
        _judged(
            id_, watched.get(id_, Watched("on demand")), facts.get(id_), looks.get(id_, []), now
        )
        for id_ in sorted(watched.keys() | facts.keys())
    ]


def _judged(
    source: str,
    card: Watched,
    facts: dict[str, Any] | None,
    look: Sequence[dict[str, Any]],
    now: datetime,
) -> Health:
    if facts is None:
        return Health(source=source, cadence=card.cadence, freshness="never", failing=False)
    failures = list(_failures(card.files, look))
    worst = max(failures, key=lambda one: one["captured_at"], default=None)
    first_try = facts.pop("first_attempt")
    if worst:
        facts |= {"problem": worst["problem"], "problem_at": worst["captured_at"]}
    period = PERIODS.get(card.cadence)
    since = facts["last_success"] or first_try
    return Health(
        **facts,
        cadence=card.cadence,
        freshness=_freshness(card.cadence, since, facts["last_change"], now),
        failing=worst is not None,
        next_due=since + period if period else None,
    )


def _freshness(cadence: str, since: datetime, changed: datetime | None, now: datetime) -> str:
    period = PERIODS.get(cadence)
    if period is None:
        return cadence
    if now - since > LATE_AFTER * period:
        return "late"
    return "frozen" if changed and now - changed > FROZEN_AFTER else "fresh"


def _failures(
    files: Iterable[Sequence[str]], look: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The attempts of a look that left a file without payload: of its URLs none was good."""
    good = {row["url"] for row in look if row["problem"] is None}
    covered = {url for urls in files if good.intersection(urls) for url in urls}
    for row in look:
        if row["problem"] is not None and row["url"] not in covered:
            yield row


_ATTEMPTS = """
with attempts as (
    select
        fetches.source,
        fetches.run_id,
        fetches.url,
        fetches.captured_at,
        fetches.outcome,
        fetches.payload_sha256,
        case
            when fetches.outcome = 'failed' then coalesce(fetches.error, 'failed')
            else quarantine.reason
        end as problem
    from raw.fetches as fetches
    left join raw.quarantine as quarantine
        on quarantine.sha256 = fetches.payload_sha256
        and quarantine.source = fetches.source
        and quarantine.url = fetches.url
)"""

# All that the last run asked of a source; of the tries of a URL the last counts.
_LAST_LOOK = f"""{_ATTEMPTS},

lasts as (
    select source, arg_max(run_id, captured_at) as run_id
    from attempts
    group by source
)
select
    attempts.source,
    attempts.url,
    max(attempts.captured_at) as captured_at,
    arg_max({{'said': attempts.problem}}, attempts.captured_at).said as problem
from attempts
join lasts using (source, run_id)
group by attempts.source, attempts.url
order by attempts.source, attempts.url
"""

_FACTS = f"""{_ATTEMPTS},

fetched as (
    select
        source,
        count(*) as fetches,
        count(distinct payload_sha256) as payloads,
        min(captured_at) as first_attempt,
        max(captured_at) as last_attempt,
        max(captured_at) filter (where problem is null) as last_success,
        max(captured_at) filter (where problem is null and outcome = 'new') as last_change,
        arg_max(problem, captured_at) as problem,
        max(captured_at) filter (where problem is not null) as problem_at
    from attempts
    group by source
),

refused as (
    select source, count(*) as quarantined
    from raw.quarantine
    group by source
),

stood as (
    select source, count(distinct board) as boards, count(*) as snapshots
    from core.snapshots
    group by source
),

newest as (
    select source, board, max(as_of) as as_of
    from core.snapshots
    group by source, board
),

held as (
    select newest.source, newest.as_of, count(entries.model) as rows
    from newest
    left join core.snapshots as snapshots
        on snapshots.source = newest.source
        and snapshots.board = newest.board
        and snapshots.as_of = newest.as_of
    left join core.entries as entries
        on entries.snapshot_id = snapshots.snapshot_id and entries.current
    group by newest.source, newest.board, newest.as_of
    union all
    select source, max(as_of), count(*) filter (where valid_to is null)
    from market.prices
    group by source
),

sized as (
    select source, max(as_of) as as_of, sum(rows)::bigint as rows
    from held
    group by source
)
select
    fetched.*,
    coalesce(refused.quarantined, 0) as quarantined,
    coalesce(stood.boards, 0) as boards,
    coalesce(stood.snapshots, 0) as snapshots,
    coalesce(sized.rows, 0) as rows,
    sized.as_of
from fetched
left join refused using (source)
left join stood using (source)
left join sized using (source)
"""

_COST = """
select source, count(*) as attempts, coalesce(sum(elapsed_ms), 0)::bigint as elapsed_ms
from raw.fetches
where run_id = $run_id
group by source
"""


def cost(db: duckdb.DuckDBPyConnection, run_id: str) -> dict[str, tuple[int, int]]:
    """Per source the attempts of a run and the milliseconds they took in all, retries too."""
    found = rows(db, _COST, run_id=run_id)
    return {row["source"]: (row["attempts"], row["elapsed_ms"]) for row in found}
