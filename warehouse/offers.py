"""Questions about what the models of a board cost, for the published file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from warehouse.rows import tuples


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What one provider asks for one model, in USD per million tokens; null is not stated."""

    provider: str
    price: float
    """Blended: (3 * input + output) / 4."""
    input_price: float
    output_price: float
    since: date
    context_tokens: int | None
    tool_use: bool | None
    open_weights: bool | None
    source: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an offer must meet; what is not stated of an offer does not meet it."""

    max_price: float | None = None
    min_context: int | None = None
    open_weights: bool = False
    tools: bool = False


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Sources that disagree today on what one provider asks for one model."""

    model: str
    provider: str
    prices: tuple[tuple[str, float | None, float | None], ...]
    """Per source the prices of a million tokens read and written."""


def answers(offer: Offer, wanted: Wanted) -> dict[str, bool | None]:
    """Per constraint whether the offer meets it; None where it is not stated."""
    found: dict[str, bool | None] = {}
    if wanted.max_price is not None:
        found["max_price"] = offer.price <= wanted.max_price
    if wanted.min_context is not None:
        known = offer.context_tokens
        found["min_context"] = None if known is None else known >= wanted.min_context
    if wanted.open_weights:
        found["open_weights"] = offer.open_weights
    if wanted.tools:
        found["tools"] = offer.tool_use
    return found


def offers_of(
    db: duckdb.DuckDBPyConnection, models: Collection[str], day: date | None
) -> Mapping[str, list[Offer]]:
    """Per model the offers that held on `day` (None: those that hold now), the cheapest first.

    For a model that none was known of on that day, the first ones known later: the rule of
    market.cheapest. A model without any is not there.
    """
    found: dict[str, list[Offer]] = defaultdict(list)
    for model, provider, price, read, written, since, context, tools, weights, source in tuples(
        db,
        """
        with considered as (
            select *, holds_on($day, valid_from, valid_to) as holds
            from market.offers
            where list_contains($models, model)
        ),

        standing as (
            select *
            from considered
            qualify holds or (
                not bool_or(holds) over (partition by model)
                and valid_from = min(valid_from) filter (where valid_from > $day)
                    over (partition by model)
            )
        )
        select
            model,
            provider,
            price_usd_per_mtok,
            input_usd_per_mtok,
            output_usd_per_mtok,
            valid_from,
            context_tokens,
            tool_use,
            coalesce(models.open_weights, standing.open_weights),
            source
        from standing
        left join core.models as models using (model)
        order by model, price_usd_per_mtok, context_tokens desc nulls last, provider
        """,
        day=day or date.max,
        models=list(models),
    ):
        found[model].append(
            Offer(
                provider=provider,
                price=price,
                input_price=read,
                output_price=written,
                since=since,
                context_tokens=context,
                tool_use=tools,
                open_weights=weights,
                source=source,
            )
        )
    return found


def conflicts(
    db: duckdb.DuckDBPyConnection, sold: Collection[tuple[str, str]]
) -> Iterator[Conflict]:
    """Where sources disagree today, of the (model, provider) pairs in `sold`."""
    for model, provider, *lists in db.execute(
        "select model, provider, sources, input_usd_per_mtok, output_usd_per_mtok "
        "from market.price_conflicts order by model, provider"
    ).fetchall():
        if (model, provider) in sold:
            prices = tuple(zip(*lists, strict=True))
            yield Conflict(model=model, provider=provider, prices=prices)


def last_read(db: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """Per price source the day its list was last fetched."""
    return dict(
        db.execute(
            """
            select source, max(captured_at)::date
            from raw.fetches
            where outcome in ('new', 'unchanged', 'not_modified')
                and source in (select source from market.prices)
            group by source
            order by source
            """
        ).fetchall()
    )
