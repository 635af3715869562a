"""The short list of `photofinish pick`: each line with its reason in words, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rich.markup import escape
from rich.table import Table

from flows.show.text import fixed, listed, number, titled
from warehouse.offers import Offer, Wanted
from warehouse.shortlist import Choice, Loosening, Shortlist

OPTIONS = {
    "max_price": "--max-price",
    "min_context": "--min-context",
    "open_weights": "--open",
    "tools": "--tools",
}
UNSTATED = {
    "min_context": "context length",
    "open_weights": "open weights",
    "tools": "tool use",
}
SHARES = ("half", "a third", "a quarter", "a fifth", "a sixth", "a seventh", "an eighth", "a ninth")
NAMED = 3


def shortlist_table(found: Shortlist, wanted: Wanted) -> Table:
    """One block a model: its reason, score, price, terms and who sells it."""
    table = titled(f"{found.board} · {found.task} · as of {found.as_of}")
    table.add_column("model\n[dim]why[/]", overflow="fold", ratio=1)
    fixed(table, "score\n[dim]rank[/]", ["1234.56"], right=True)
    fixed(table, "USD/Mtok\n[dim]in · out[/]", ["12.50 · 75"], right=True)
    fixed(table, "context\n[dim]tools[/]", ["no tools"])
    table.add_column("sold by\n[dim]price since[/]", min_width=10, max_width=13, overflow="fold")
    for choice in found.choices:
        offer = choice.offer
        table.add_row(
            f"[bold]{escape(choice.model)}[/]\n[dim]{reason(choice, found, wanted)}[/]",
            f"{number(choice.score)}\n[dim]#{choice.rank}[/]",
            _price(offer),
            _terms(offer),
            _seller(offer),
        )
    return table


def reason(choice: Choice, found: Shortlist, wanted: Wanted) -> str:
    """Why a model is on the list, in words."""
    if choice.leader:
        return _of_leader(choice, found)
    if choice.tied:
        place = "cannot be told from the leader"
    else:
        place = "" if choice.behind_pct is None else f"{choice.behind_pct:.1f}% behind the leader"
    if choice.cheapest_tied:
        why, place = f"the cheapest that {place} (Holm, 5%)", ""
    elif choice.best:
        why = f"best score {_asked(wanted)}"
    else:
        why = "cheapest on the Pareto line" if choice.cheapest else "on the Pareto line"
    return ", ".join(part for part in (why, place, price_in_words(choice.price_ratio)) if part)


def _of_leader(choice: Choice, found: Shortlist) -> str:
    if choice.offer is None:
        return "the leader; it is on no price list"
    if not choice.meets:
        return "the leader, to compare: it does not meet what you ask for"
    if not choice.cheapest_tied or found.n_tied is None:
        return "the leader"
    if found.n_tied == 1:
        return "the leader, ahead of every other beyond the noise (Holm, 5%)"
    known = "known to be " if found.tied_unpriced else ""
    return f"the leader; no model that cannot be told from it is {known}cheaper"


def _asked(wanted: Wanted) -> str:
    others = wanted.min_context or wanted.open_weights or wanted.tools
    if others:
        return "that meets what you ask for"
    return "with a known price" if wanted.max_price is None else f"under {wanted.max_price:g} USD"


def price_in_words(ratio: float | None) -> str:
    """How a price compares with the leader's, from leader's price / price."""
    if ratio is None:
        return ""
    if ratio == 1:
        return "at the same price"
    if ratio < 1:
        return f"at {1 / ratio:.2g} times its price"
    if ratio < 1.75:
        return f"at {100 / ratio:.0f}% of its price"
    if ratio < 9.5:
        return f"at {SHARES[round(ratio) - 2]} of its price".replace("half of", "half")
    return f"at 1/{ratio:.0f} of its price"


def usd(value: float) -> str:
    """USD with two decimals, or three digits below one."""
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def _price(offer: Offer | None) -> str:
    if offer is None:
        return "–"
    return f"{usd(offer.price)}\n[dim]{offer.input_price:.4g} · {offer.output_price:.4g}[/]"


def _seller(offer: Offer | None) -> str:
    if offer is None:
        return "–"
    # Words of a long name may go on the next line.
    return f"{escape(offer.provider.replace('_', ' '))}\n[dim]{offer.since}[/]"


def _terms(offer: Offer | None) -> str:
    if offer is None:
        return "–"
    tools = {True: "tools", False: "no tools", None: "tools ?"}[offer.tool_use]
    weights = {True: "\n[dim]open[/]", False: "", None: "\n[dim]open ?[/]"}[offer.open_weights]
    return f"{tokens(offer.context_tokens)}\n[dim]{tools}[/]{weights}"


def tokens(count: int | None) -> str:
    """A context length: 1M, 200k, 8192; a question mark where it is not stated."""
    if count is None:
        return "?"
    if count >= 1_000_000:
        return f"{count / 1_000_000:.3g}M"
    return f"{count / 1000:.0f}k" if count >= 10_000 else str(count)


def notes(found: Shortlist, wanted: Wanted) -> Iterator[str]:
    """What a buyer must know beside the list, a sentence each: what it rests on, then what it leaves out."""
    yield _of_tie(found)
    yield _of_line(found, wanted)
    if found.tied_unpriced:
        yield (
            f"On no price list: {listed(found.tied_unpriced, NAMED)}, in the tie with the leader. "
            "What has no known price may be cheaper."
        )
    if found.unknown:
        yield _unstated(found)
    for conflict in islice(found.conflicts, NAMED):
        said = "; ".join(
            f"{source} {_side(read)} in, {_side(written)} out"
            for source, read, written in conflict.prices
        )
        yield f"Sources disagree on {conflict.model} at {conflict.provider}: {said}. The newest counts."
    yield _of_age(found)
    yield (
        "USD/Mtok: list price of a million tokens, three read for one written; no discount for caching "
        "or batches. A model that thinks writes more tokens, so an answer costs more than this says."
    )
    yield (
        "Not known here: latency, rate limits, data retention and residency, fine-tuning, whether a "
        "host serves the weights unchanged, and quality on your own task "
        "(`photofinish local add FILE`)."
    )


def _unstated(found: Shortlist) -> str:
    left_out = ", ".join(
        f"{UNSTATED[constraint]} of {count} {'model' if count == 1 else 'models'}"
        for constraint, count in found.unknown.items()
    )
    return f"Left out because it is not stated: {left_out}."


def _of_tie(found: Shortlist) -> str:
    if found.n_tied is None:
        return "The board publishes no noise for its leader, so no tie can be claimed."
    if found.n_tied == 1:
        return "No model is tied with the leader (Holm, 5%)."
    meets = any(choice.cheapest_tied for choice in found.choices)
    none = "" if meets else " None of them has an offer that meets what you ask for."
    return (
        f"{found.n_tied} of {found.n_models} models, the leader included, cannot be told apart from it "
        f"(Holm, 5%): the board cannot separate them, which does not make them equal.{none}"
    )


def _of_line(found: Shortlist, wanted: Wanted) -> str:
    meet = "" if wanted == Wanted() else f", and {found.n_meeting} meet what you ask for"
    more = f" {found.more_on_frontier} more are on it." if found.more_on_frontier else ""
    return (
        f"{found.n_priced} of {found.n_models} models have a known price{meet}. On the Pareto line: no "
        f"other of those scores as well for less.{more}"
    )


def _of_age(found: Shortlist) -> str:
    if found.prices_on:
        return (
            f"Prices are those of {found.prices_on}; where none was known that early, the first known "
            "later, as its date says."
        )
    read = ", ".join(f"{source} {day}" for source, day in found.last_read.items())
    return f"Prices are the latest known, whatever the date of the board. Lists last read: {read}."


def _side(price: float | None) -> str:
    return "?" if price is None else f"{price:.4g}"


def nothing_left(found: Shortlist) -> str:
    """Why the list is empty, and which constraint to loosen."""
    if not found.last_read:
        return "no prices have landed yet; `photofinish run` pulls them with the other sources"
    if not found.n_priced:
        return (
            f"no model of {found.board} ({found.task}) has a known price; prices are of models that "
            "answer in text, under the name that a price list uses"
        )
    if not found.loosenings:
        return (
            f"none of the {found.n_priced} models with a known price meets what you ask for, nor would "
            "one without any single option; leave out two of them"
        )
    ways = "; ".join(_way(way) for way in found.loosenings)
    unstated = f". {_unstated(found)}" if found.unknown else ""
    return (
        f"none of the {found.n_priced} models with a known price meets what you ask for: "
        f"{ways}{unstated}"
    )


def _way(way: Loosening) -> str:
    option = OPTIONS[way.constraint]
    left = f"without {option} {way.models} would"
    if way.constraint == "max_price" and way.nearest is not None:
        return f"{left}, the cheapest at {usd(way.nearest)} USD per million tokens"
    if way.constraint == "min_context" and way.nearest is not None:
        return f"{left}, the longest context stated being {way.nearest:.0f}"
    return left
