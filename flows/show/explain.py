"""Why a gap moved, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from flows.show.text import fixed, listed, percent, titled
from warehouse.explain import PARTS, Explanation

ORDINAL = {2: "2nd", 3: "3rd", 5: "5th", 10: "10th"}
NEGLIGIBLE = 0.05
"""A part below this share of the whole change does not count in the closing sentence."""
STEPS_SHOWN = 5
MODELS_SHOWN = 5


def sentence(told: Explanation) -> str:
    """What the gap did between the two dates, from what, and what that means."""
    digits = 1 if abs(told.gap_pct - told.prev_gap_pct) >= 1 else 2
    before, after = (f"{gap:.{digits}f}%" for gap in (told.prev_gap_pct, told.gap_pct))
    between = f"between {told.prev_as_of} and {told.as_of}"
    gap = f"The gap between 1st and {ORDINAL[told.k]}"
    if before == after:
        moved = f"{gap} was {before} on {told.prev_as_of} and on {told.as_of}"
    else:
        verb = "rose" if told.gap_pct > told.prev_gap_pct else "fell"
        moved = f"{gap} {verb} from {before} to {after} {between}"
    clauses = ", ".join(_clauses(told, digits))
    return f"{moved}: {clauses}. {_meaning(told)}" if clauses else f"{moved}. {_meaning(told)}"


def _clauses(told: Explanation, digits: int) -> Iterator[str]:
    exits, entrants = (
        sum(step[name] or 0 for step in told.steps) for name in ("n_exits", "n_entrants")
    )
    if told.steps[0]["cause"] in ("release", "turnover") and len(told.steps) == 1:
        return
    if exits or _seen(told.parts["exits"], digits):
        yield f"{_models(exits)} delisted ({signed(told.parts['exits'], digits)})"
    if entrants or _seen(told.parts["entries"], digits):
        yield f"{_models(entrants)} added ({signed(told.parts['entries'], digits)})"
    if _seen(told.parts["rescale"], digits) or any(step["rescaled"] for step in told.steps):
        yield f"the board as a whole {signed(told.parts['rescale'], digits)}"
    yield f"scores {signed(told.parts['scores'], digits)}"
    if _seen(told.parts["apart"], digits):
        yield f"between lists that cannot be compared {signed(told.parts['apart'], digits)}"


def _models(count: int) -> str:
    return "1 model was" if count == 1 else f"{count} models were"


def _seen(part: float, digits: int) -> bool:
    return bool(round(part, digits))


def signed(value: float, digits: int = 2) -> str:
    """A change with its sign; zero is +0.0."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def _meaning(told: Explanation) -> str:
    """What follows for a reader."""
    if len(told.steps) == 1:
        return _meaning_of_step(told)
    list_moves = told.parts["exits"] + told.parts["entries"]
    if any(step["rescaled"] for step in told.steps):
        return "On the way the scale of the whole board changed."
    largest = max(PARTS, key=lambda part: abs(told.parts[part]))
    if largest == "scores":
        return "Mostly the models moved, not the list."
    return "Mostly the list moved, not the models." if list_moves else "Nothing moved in between."


def _meaning_of_step(told: Explanation) -> str:
    step = told.steps[0]
    cause = step["cause"]
    if cause == "release":
        return "A new release, or another source, lies between: the two measure different things."
    if cause == "turnover":
        return f"The two lists do not have {told.k} models in common, so the change has no parts."
    if cause == "rescale" and step["rescaled"]:
        return (
            f"Nearly the whole board moved at once (median {step['shift']:+.4g}): "
            "the scale changed, not the models."
        )
    if cause == "exits":
        others = sum(abs(told.parts[part]) for part in ("rescale", "scores", "entries"))
        if others < NEGLIGIBLE * abs(told.parts["exits"]):
            return "The models did not move; the list did."
        return "Mostly the list moved, not the models."
    if cause == "entries" and step["top_model"] in step["entered_top"]:
        return f"A new leader came in: {step['top_model']}."
    if cause == "entries":
        return f"New models came in above the {ORDINAL[told.k]}."
    return "The models moved, not the list." if cause == "scores" else "Nothing moved."


def mattered(told: Explanation) -> Iterator[str]:
    """The models behind a single step, a line each kind."""
    step = told.steps[0]
    head = f"the first {told.k}"
    if step["left_top"]:
        yield f"left {head}: {listed(step['left_top'], MODELS_SHOWN)}"
    if step["entered_top"]:
        yield f"came into {head}: {listed(step['entered_top'], MODELS_SHOWN)}"
    if told.movers:
        moved = ", ".join(f"{model} {change:+.4g}" for model, change in told.movers)
        yield f"moved most in {head}: {moved}"


def steps_table(told: Explanation) -> Table:
    """The biggest steps on the way, in order of time."""
    moving = [step for step in told.steps if step["cause"] != "none"]
    biggest = sorted(moving, key=lambda step: -abs(step["delta_pct"]))[:STEPS_SHOWN]
    table = titled(f"The biggest of {len(told.steps)} steps")
    fixed(table, "as of", ["2025-01-01"])
    fixed(table, "gap", ["100.00%"], right=True)
    fixed(table, "moved", ["+100.00"], right=True)
    fixed(table, "cause", ["turnover"])
    table.add_column("by", overflow="fold")
    for step in sorted(biggest, key=lambda step: step["as_of"]):
        table.add_row(
            str(step["as_of"]),
            percent(step["gap_pct"]),
            signed(step["delta_pct"]),
            step["cause"],
            escape(_behind(step)),
        )
    return table


def _behind(step: dict[str, Any]) -> str:
    if step["cause"] == "exits":
        return f"{step['n_exits']} models delisted: {listed(step['left_top'], MODELS_SHOWN)}"
    if step["cause"] == "entries":
        return f"new: {listed(step['entered_top'], MODELS_SHOWN)}"
    if step["rescaled"]:
        return f"the whole board moved by {step['shift']:+.4g}"
    return ""
