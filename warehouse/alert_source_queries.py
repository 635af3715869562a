"""The queries of how sources fare, with the columns of warehouse/alert_queries.py."""

from __future__ import annotations

# A source is late only where its publisher goes on publishing.
STALENESS = """
with answered as (
    select
        fetches.source,
        max(fetches.captured_at) filter (
            where outcome in ('new', 'unchanged', 'not_modified') and quarantine.reason is null
        ) as last_good,
        min(fetches.captured_at) as first_try,
        arg_max(fetches.outcome, fetches.captured_at) as outcome,
        arg_max({'error': fetches.error}, fetches.captured_at).error as error
    from raw.fetches as fetches
    left join raw.quarantine as quarantine
        on quarantine.sha256 = fetches.payload_sha256
        and quarantine.source = fetches.source
        and quarantine.url = fetches.url
    where exists (from unnest($boards) as globs (pattern) where fetches.source glob pattern)
    group by fetches.source
),

ended as (
    select source
    from core.boards
    group by source
    having bool_and(coalesce(cadence in ('frozen', 'on demand'), true))
)
select
    source as board,
    'overall' as task,
    $now::timestamp as at,
    '' as snapshot_id,
    $now::timestamp as captured_at,
    $now::timestamp as seen_until,
    epoch($now::timestamp - coalesce(last_good, first_try)) / 3600 as value,
    last_good,
    outcome,
    error,
    source
from answered
anti join ended using (source)
where $now::timestamp >= coalesce(last_good, first_try)
"""

# One run, or one day of a backfill, is one look at a source; of each URL its last payload counts.
QUARANTINED = """
with looks as (
    select
        fetches.source,
        fetches.run_id,
        fetches.captured_at::date as day,
        fetches.url,
        max(fetches.captured_at) as captured_at,
        arg_max(fetches.payload_sha256, fetches.captured_at) as sha256
    from raw.fetches as fetches
    where
        fetches.outcome <> 'failed'
        and exists (from unnest($boards) as globs (pattern) where fetches.source glob pattern)
    group by fetches.source, fetches.run_id, day, fetches.url
)
select
    source as board,
    'overall' as task,
    max(looks.captured_at) as at,
    max(coalesce(looks.sha256, looks.run_id)) as snapshot_id,
    max(looks.captured_at) as captured_at,
    max(looks.captured_at) as seen_until,
    bool_or(quarantine.reason is not null) as value,
    min(quarantine.reason) as reason,
    arg_min(looks.url, quarantine.reason) as url,
    source
from looks
left join raw.quarantine as quarantine using (source, url, sha256)
group by source, looks.run_id, looks.day
"""
