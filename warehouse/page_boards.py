"""What the page asks of all boards at once: where each race stands, and whether that is still so."""

from __future__ import annotations

import duckdb
import polars as pl

UNSEEN_DAYS, UNMOVED_DAYS = 30, 90
"""A board is stale if it was last seen, or last changed, longer than this before the newest sighting."""
HEAD = 10

# The task by which a board is shown: its summary, else the first by name. Boards of your own tests are
# shown only if asked for (show_own).
MAIN = """
    main as (
        select board, coalesce(max(task) filter (where task = 'overall'), min(task)) as task
        from metrics.gap_history
        where board not like 'local/%' or coalesce(getvariable('show_own')::boolean, false)
        group by board
    )"""

LATEST = f"""{MAIN},

    latest as (
        select history.*
        from metrics.gap_history as history
        join main using (board, task)
        qualify row_number() over (partition by history.board order by history.as_of desc) = 1
    )"""


def show_own(db: duckdb.DuckDBPyConnection, shown: bool) -> None:
    """Whether the queries of the page see the boards of your own tests; by default they do not."""
    db.execute(f"set variable show_own = {shown}")


def boards(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """One row per board: its card, the latest row of its gap history, and how the race stands.

    Beside those of core.boards and metrics.gap_history: tied_models, last_seen_at, first_as_of,
    n_dates, note, url, payload_sha256 and captured_at of the latest state, n_tasks, far_k and far_gap_pct
    (the largest k with a gap, and it);
    status: live, stale (not seen, or not moved, for long) or frozen (the publisher has stopped);
    race: photo finish, narrow lead (ahead of the second, but by Holm's test not of all), clear lead, or
    unknown; whole: the board that tells the same race with this one as a part of it, or that has the same
    title, measure and scale and a newer date; null for the one to show.
    In order: live boards first, then by task family and title.
    """
    return db.execute(
        f"""
        with {LATEST},

        newest as (
            select max(last_seen_at)::date as day
            from core.snapshots
        ),

        seen as (
            select
                board,
                max(last_seen_at) as last_seen_at,
                min(as_of) as first_as_of
            from core.snapshots
            group by board
        ),

        counted as (
            select
                history.board,
                count(*) filter (where history.task = main.task) as n_dates,
                count(distinct history.task) filter (where history.task <> 'overall') as n_tasks
            from metrics.gap_history as history
            join main using (board)
            group by history.board
        ),

        far as (
            select board, task, as_of, max(k) as far_k, arg_max(gap_pct, k) as far_gap_pct
            from metrics.gaps
            group by board, task, as_of
        ),

        parts as (
            select listed_as as board, max(board) as whole
            from core.states
            where listed_as <> board
            group by listed_as
        ),

        stood as (
            select
                cards.*,
                latest.* exclude (board),
                ties.tied_models,
                seen.last_seen_at,
                seen.first_as_of,
                counted.n_dates,
                counted.n_tasks,
                snapshots.note,
                snapshots.url,
                snapshots.payload_sha256,
                snapshots.captured_at,
                far.far_k,
                far.far_gap_pct,
                parts.whole as part_of,
                newest.day as newest_day,
                case
                    when cards.cadence = 'frozen' then 'frozen'
                    when seen.last_seen_at::date < newest.day - {UNSEEN_DAYS}
                        or latest.as_of < newest.day - {UNMOVED_DAYS} then 'stale'
                    else 'live'
                end as status,
                case
                    when latest.verdict = 'photo finish' then 'photo finish'
                    when latest.verdict = 'lead' and latest.n_tied > 1 then 'narrow lead'
                    when latest.verdict = 'lead' then 'clear lead'
                    else 'unknown'
                end as race
            from latest
            join core.boards as cards using (board)
            join core.snapshots as snapshots using (snapshot_id)
            join seen on seen.board = latest.board
            join counted on counted.board = latest.board
            cross join newest
            left join metrics.ties as ties
                on ties.board = latest.board and ties.task = latest.task and ties.as_of = latest.as_of
            left join far
                on far.board = latest.board and far.task = latest.task and far.as_of = latest.as_of
            left join parts on parts.board = latest.board
        ),

        matched as (
            select
                *,
                first_value(board) over (
                    partition by title, task_family, metric, scale
                    order by part_of is not null, as_of desc, n_models desc, board
                ) as same_race
            from stood
        )
        select
            * exclude (part_of, same_race),
            coalesce(part_of, nullif(same_race, board)) as whole
        from matched
        order by
            status <> 'live', status = 'frozen', task_family nulls last, title, board
        """
    ).pl()


def heads(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The first ten of the latest state of every board, in order of board and position.

    Columns: board, position, rank, model, organization, score, low and high (the published 95%
    interval, else the one that the standard error gives; null without noise), tied (with the leader;
    null where the leader's noise is unknown).
    """
    return db.execute(
        f"""
        with {LATEST}
        select
            entries.board,
            entries.position,
            entries.rank,
            entries.model,
            entries.organization,
            entries.score,
            coalesce(entries.ci_low, entries.score - 1.96 * entries.sd) as low,
            coalesce(entries.ci_high, entries.score + 1.96 * entries.sd) as high,
            list_contains(ties.tied_models, entries.model) as tied
        from core.entries as entries
        join latest using (snapshot_id, task)
        left join metrics.ties as ties
            on ties.board = latest.board and ties.task = latest.task and ties.as_of = latest.as_of
        where entries.position <= {HEAD}
        order by entries.board, entries.position
        """
    ).pl()


def histories(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """metrics.gap_history of the task by which each board is shown, oldest first."""
    return db.execute(
        f"""
        with {MAIN}
        select history.*
        from metrics.gap_history as history
        join main using (board, task)
        order by history.board, history.as_of
        """
    ).pl()


def meanings(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What each column of the tables behind the page means, by its name: the comments in the file."""
    rows = db.execute(
        """
        select column_name, comment
        from duckdb_columns()
        where comment is not null and schema_name in ('core', 'metrics', 'market')
        order by
            list_position(
                ['gap_history', 'gap_changes', 'entries', 'pareto', 'ties', 'rank_churn',
                    'rank_history', 'task_spread', 'models', 'boards', 'snapshots'],
                table_name
            ) desc nulls first,
            table_name desc
        """
    ).fetchall()
    return dict(rows)


def fingerprint(db: duckdb.DuckDBPyConnection) -> str:
    """A digest of what the page shows of the published file, the days of sightings included."""
    parts = [
        db.execute(f"select sum(hash(shown)::hugeint) from ({query}) as shown").fetchall()[0][0]
        for query in (
            "select * replace (last_seen_at::date as last_seen_at) from core.snapshots",
            "select * from core.boards",
            "select * from core.models",
            "select * from metrics.gap_history",
            "select * from metrics.gap_changes",
            "select * from metrics.ties",
            "select * from metrics.frontier",
            "select * from market.cheapest",
        )
    ]
    return "-".join(f"{part or 0:x}" for part in parts)
