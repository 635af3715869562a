"""What the pages of models ask, for all models at once."""

from __future__ import annotations

import duckdb
import polars as pl

from warehouse.page_boards import MAIN

# Of boards that tell the same race only the one that is shown counts, unless a model is on no other.
_SHOWN = f"""{MAIN},

    wholes as (
        select distinct listed_as, board as whole
        from core.states
        where listed_as <> board
    ),

    listed as (
        select entries.*
        from core.entries as entries
        join main using (board, task)
        where
            entries.current and entries.position is not null
            and not exists (
                from wholes
                join core.entries as told
                    on told.board = wholes.whole and told.model = entries.model and told.current
                where wholes.listed_as = entries.board
            )
    )"""


def standings(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Per model and board the last date that lists it: board, title, as_of, rank, n_models, score,
    unit, low, high, tied, listed_now (whether that is the board's latest date) and best_rank with the
    first date it stood there. In order of model, listed_now, board."""
    return db.execute(
        f"""
        with {_SHOWN},

        ended as (
            select board, max(as_of) as newest
            from metrics.gap_history
            join main using (board, task)
            group by board
        ),

        best as (
            select
                board,
                model,
                min(rank) as best_rank,
                arg_min(as_of, (rank, as_of)) as best_as_of,
                min(as_of) as first_as_of
            from listed
            group by board, model
        ),

        last as (
            select *
            from listed
            qualify row_number() over (partition by board, model order by as_of desc) = 1
        )
        select
            last.model,
            last.board,
            cards.title,
            cards.task_family,
            last.as_of,
            last.rank,
            history.n_models,
            last.score,
            cards.unit,
            coalesce(last.ci_low, last.score - 1.96 * last.sd) as low,
            coalesce(last.ci_high, last.score + 1.96 * last.sd) as high,
            list_contains(ties.tied_models, last.model) as tied,
            last.as_of = ended.newest as listed_now,
            best.best_rank,
            best.best_as_of,
            best.first_as_of
        from last
        join best using (board, model)
        join ended using (board)
        join core.boards as cards using (board)
        join metrics.gap_history as history
            on history.board = last.board and history.task = last.task and history.as_of = last.as_of
        left join metrics.ties as ties
            on ties.board = last.board and ties.task = last.task and ties.as_of = last.as_of
        order by last.model, listed_now desc, last.board
        """
    ).pl()


def histories(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Per model, board and stretch without change: rank, score, valid_from, valid_to (null: it holds)."""
    return db.execute(
        f"""
        with {_SHOWN},

        shown as (
            select distinct board, task, model
            from listed
        )
        select
            history.model,
            history.board,
            history.rank,
            history.score,
            history.valid_from,
            history.valid_to
        from metrics.rank_history as history
        join shown using (board, task, model)
        order by history.model, history.board, history.valid_from
        """
    ).pl()


def facts(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Per model with a score in the task by which some board is shown: what is known of it, its price now.

    Columns: model, organization, country, open_weights, licenses, first_seen, last_seen, provider,
    price_usd_per_mtok, input_usd_per_mtok, output_usd_per_mtok, price_as_of, context_tokens.
    """
    return db.execute(
        f"""
        with {MAIN},

        listed as (
            select distinct entries.model
            from core.entries as entries
            join main using (board, task)
            where entries.current and entries.position is not null
        ),

        now as (
            select *
            from market.cheapest
            where valid_to is null
        )
        select
            models.model,
            models.organization,
            models.country,
            models.open_weights,
            models.licenses,
            models.first_seen,
            models.last_seen,
            now.provider,
            now.price_usd_per_mtok,
            now.input_usd_per_mtok,
            now.output_usd_per_mtok,
            now.price_as_of,
            now.context_tokens
        from core.models as models
        join listed using (model)
        left join now using (model)
        order by models.model
        """
    ).pl()
