"""Sentences that may be cited: each stands alone, with metric, value, date and source.

Pure functions from the rows of the queries to text; each also says why the number may be unstable and
what follows for a reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.page.words import CLEAR, NARROW, ORDINALS, PHOTO, amount, day
from flows.show.explain import sentence
from flows.show.shortlist import usd
from flows.show.text import counted, listed
from warehouse.explain import Explanation

Row = Mapping[str, Any]
TIED_NAMED, TASKS_NAMED = 6, 5


@dataclass(frozen=True)
class Cited:
    """One claim: its fragment on the page, a heading, the sentence, why it may move, what to do."""

    id: str
    heading: str
    sentence: str
    unstable: str
    advice: str


def claims(
    board: Row,
    tie: Row,
    told: Explanation | None,
    sides: Sequence[Row],
    tasks: Sequence[Row],
) -> list[Cited]:
    """Every claim that can be made of a board, in the order of the page."""
    found = [
        leader(board),
        *([gap(board, 2)] if board["gap_1_2_pct"] is not None else []),
        *([gap(board, board["far_k"])] if (board["far_k"] or 2) > 2 else []),
        certainty(board, tie),
        *([change(board, told)] if told else []),
        *cost(board, tie),
        *(side(board, row) for row in sides if row["gap_pct"] is not None),
        *saturation(board, tasks),
    ]
    return [
        replace(one, sentence=f"{one.sentence} Source: {source(board)}.")
        for one in found
        if one is not None
    ]


def source(board: Row) -> str:
    """Whose data a claim rests on, in the card's words."""
    return str(board["credit"] or board["source"]).rstrip(".")


def when(board: Row) -> str:
    """The date in a claim: a board that is no longer followed is spoken of in the past."""
    if board["status"] == "live":
        return f"As of {day(board['as_of'])}"
    return f"When it last changed, on {day(board['as_of'])}"


def was(board: Row, now: str, then: str) -> str:
    return now if board["status"] == "live" else then


def leader(board: Row) -> Cited:
    """Who is first, with what score, among how many."""
    verb = was(board, "is", "was")
    return Cited(
        "leader",
        "Who leads",
        f"{when(board)}, {board['leader']} {verb} first of {counted(board['n_models'], 'model')} on "
        f"{board['title']} with {amount(board['top_score'], board)} ({board['metric']}).",
        _age(board)
        or "A leader can change with the next publication; a first place says nothing of "
        "the distance.",
        "Read the gap and the tie below before calling it the best.",
    )


def gap(board: Row, k: int) -> Cited:
    """How far the first is ahead of the second, or of the k-th."""
    if k == 2:
        value, other = board["gap_1_2_pct"], board["runner_up"]
        points = f"{amount(board['gap_1_2'], board)}, " if board["gap_1_2"] is not None else ""
        against = f"the second, {other}"
    else:
        value, points = board["far_gap_pct"], ""
        against = f"the {ORDINALS[k]}"
    name = f"gap-1-{k}"
    heading = f"From first to {ORDINALS[k]}"
    if value is None:
        return Cited(
            name,
            heading,
            f"{when(board)}, no gap in percent can be given on {board['title']}: the score of "
            f"{against} is 0.",
            "A percentage needs a score other than 0.",
            "Compare the scores themselves.",
        )
    return Cited(
        name,
        heading,
        f"{when(board)}, {board['leader']} {was(board, 'is', 'was')} {points}{value:.2f}% ahead of "
        f"{against}, on {board['title']} (relative to the lower-placed score).",
        _noise(board) if k == 2 else "It moves when models come or go, though no score changes.",
        _advice(board)
        if k == 2
        else "See the steps on this page: they tell what the list did from what the models did.",
    )


def certainty(board: Row, tie: Row) -> Cited:
    """Whether the lead is beyond the noise, and how many share it."""
    names = listed(tie["tied_models"] or [], TIED_NAMED)
    heading, on = "How sure the lead is", f"on {board['title']}"
    if board["runner_up"] is None:
        said = f"{when(board)}, there {was(board, 'is', 'was')} one model only {on}, so no race."
    elif board["race"] == PHOTO:
        said = (
            f"{when(board)}, the lead {on} {was(board, 'is', 'was')} a photo finish: "
            f"{board['n_tied']} models cannot be told from the leader at 5% ({names})."
        )
    elif board["race"] == NARROW:
        said = (
            f"{when(board)}, the leader {on} {was(board, 'is', 'was')} ahead of the second by "
            f"{board['z_1_2']:.1f} standard errors, yet {board['n_tied']} models cannot be told from "
            f"it once all comparisons are counted (Holm, 5%: {names})."
        )
    elif board["race"] == CLEAR:
        said = (
            f"{when(board)}, the lead {on} {was(board, 'is', 'was')} beyond the noise: "
            f"{board['leader']} is ahead of {board['runner_up']} by {board['z_1_2']:.1f} standard errors."
        )
    else:
        said = (
            f"{when(board)}, nobody can say whether the lead {on} is real: the publisher states "
            "neither error bars nor a sample size."
        )
    chance = (
        f" The leader is truly the best with a probability of {100 * board['p_leader_best']:.0f}%."
        if board["p_leader_best"] is not None
        else ""
    )
    return Cited("tie", heading, said + chance, _noise(board), _advice(board))


def change(board: Row, told: Explanation) -> Cited:
    """What the gap did of late, and why."""
    said = sentence(told)
    return Cited(
        "change",
        "What changed, and why",
        f"On {board['title']}: {said[0].lower()}{said[1:]}",
        "The four parts are taken in a fixed order (exits, scale, scores, entries); another order would "
        "share out the same change otherwise.",
        "Do not read a gap that moved with the list as progress of a model.",
    )


def cost(board: Row, tie: Row) -> Iterator[Cited]:
    """What a tie costs: the cheapest model that cannot be told from the leader."""
    if not tie["cheapest_tied"] or tie["n_tied"] < 2:
        return
    cheapest = f"{tie['cheapest_tied']} at {usd(tie['cheapest_price'])} USD per million tokens"
    ratio = (
        f", the leader at {usd(tie['leader_price'])} ({tie['price_ratio']:.1f} times as much)"
        if tie["leader_price"] and tie["cheapest_tied"] != tie["leader"]
        else ""
    )
    unpriced = (
        f" Of {counted(tie['n_tied_unpriced'], 'tied model')} no price is known."
        if tie["n_tied_unpriced"]
        else ""
    )
    yield Cited(
        "cost",
        "What the tie costs",
        f"{when(board)}, of the {tie['n_tied']} models that cannot be told from the leader on "
        f"{board['title']}, the cheapest with a known price {was(board, 'is', 'was')} "
        f"{cheapest}{ratio}.{unpriced}",
        f"Prices as of {day(tie['price_as_of'])}, three tokens read for one written; a model that "
        "thinks writes more tokens for the same answer.",
        "Where scores tie, choose by price, speed, context and licence, and test on your own cases.",
    )


def side(board: Row, row: Row) -> Cited:
    """The best of one side against the best of the other."""
    ahead, behind = ("a", "b") if row["gap"] >= 0 else ("b", "a")
    sure = {
        "lead": "beyond the noise",
        "photo finish": "within the noise",
        "unknown": "with unknown certainty",
    }[row["verdict"]]
    heading = {"country": "US and China", "openness": "Proprietary and open weights"}
    return Cited(
        f"frontier-{row['dimension']}",
        heading[row["dimension"]],
        f"On {board['title']}, on {day(row['as_of'])}, the best {_side(row[ahead])} model "
        f"({row[f'model_{ahead}']}) was {abs(row['gap_pct']):.2f}% ahead of the best "
        f"{_side(row[behind])} model ({row[f'model_{behind}']}), {sure}.",
        f"{counted(row['unplaced'], 'better model')} of unknown side may change it."
        if row["unplaced"]
        else "Country and licence are as the boards state them.",
        "Compare it over several boards; one board is one taste.",
    )


def saturation(board: Row, tasks: Sequence[Row]) -> Iterator[Cited]:
    """Which tasks no longer tell the best apart."""
    full = [row["task"] for row in tasks if row["saturated"]]
    if full:
        yield Cited(
            "saturated",
            "Where it no longer tells",
            f"{when(board)}, {counted(len(full), 'task')} of {len(tasks)} on {board['title']} "
            f"{was(board, 'is', 'was')} saturated, the ten best within 5% of the perfect score: "
            f"{listed(full, TASKS_NAMED)}.",
            "What tells models apart there is a handful of items, some of them labelled wrongly.",
            "Leave these tasks out when you compare the first.",
        )


def _side(name: str) -> str:
    return {"US": "US", "CN": "Chinese", "open weights": "open-weights"}.get(name, name)


def _noise(board: Row) -> str:
    """Why the lead may be unstable."""
    if board["runner_up"] is None:
        return "More models may join."
    if board["race"] == PHOTO:
        return "The gap is smaller than its noise: a re-run could give another order." + _tail(
            board
        )
    if board["race"] == NARROW:
        return "One test is easier to pass than many; with more votes the tie may break." + _tail(
            board
        )
    if board["race"] == CLEAR:
        return "Error bars hold for repeated votes or cases, not for other prompts." + _tail(board)
    return "Without noise a gap may be chance." + _tail(board)


def _tail(board: Row) -> str:
    age = _age(board)
    return f" {age}" if age else ""


def _age(board: Row) -> str:
    if board["status"] == "frozen":
        return f"The publisher has stopped; last seen on {day(board['last_seen_at'])}."
    if board["status"] == "stale":
        return (
            f"It has not changed since {day(board['as_of'])} (last seen on "
            f"{day(board['last_seen_at'])}); newer models are missing."
        )
    return ""


def _advice(board: Row) -> str:
    """What a reader should do."""
    if board["status"] != "live":
        return "Use it to compare models of its time, not to choose one today."
    if board["race"] in (PHOTO, NARROW):
        return "Treat the tied models as equals; let price, latency, context and licence decide."
    if board["race"] == CLEAR:
        return "The lead is real on this test; see whether your task is like it."
    return "Do not choose by a small gap; test the first few on your own cases."
