"""What moved, in sentences: a step of a gap, a change of a board, the last week. Pure functions of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.page.words import PHOTO
from flows.show.explain import sentence
from flows.show.text import counted, listed
from warehouse.explain import Explanation

Row = Mapping[str, Any]
NAMED = 4


def happened(step: Row) -> str:
    """What lies behind one step of a gap: who left, who came, what moved as a whole, the note."""
    said = []
    if "new leader" in step["events"]:
        said.append(f"{step['leader']} now first.")
    if step["left_top"]:
        said.append(f"Left: {listed(step['left_top'], NAMED)}.")
    elif step["n_exits"]:
        said.append(f"{counted(step['n_exits'], 'model')} left.")
    if step["entered_top"]:
        said.append(f"Came: {listed(step['entered_top'], NAMED)}.")
    if "rescale" in step["events"] and step["shift"] is not None:
        said.append(f"The whole board moved by {step['shift']:+.4g}: the scale, not the models.")
    if step["note"]:
        said.append(step["note"])
    return " ".join(said)


def moved(change: Row) -> str:
    """One change of a board, in a sentence."""
    gap = f"; {change['gap_pct']:.2f}% ahead of the second" if change["gap_pct"] is not None else ""
    match change["kind"]:
        case "new leader":
            return f"{change['leader']} took the lead from {change['prev_leader']}{gap}."
        case "verdict":
            turned = (
                "the lead is now within the noise: a photo finish"
                if change["verdict"] == PHOTO
                else "the lead is now beyond the noise"
            )
            was_gap = change["prev_gap_pct"]
            before = f" (before: {was_gap:.2f}%)" if was_gap is not None else ""
            return f"{turned}; {change['leader']} first{gap}{before}."
        case "new board":
            models = counted(change["n_models"], "model")
            return f"first seen, with {models}; {change['leader']} first{gap}."
        case "release":
            first = f"{change['leader']} first{gap}"
            return f"a new release or another source; not compared with before. {first}."
        case kind:
            return change["note"] or f"{kind}; {change['leader']} first{gap}."


def of_late(board: Row, told: Explanation | None) -> str:
    """What the gap did in the last week, or when it last moved; for the front page."""
    if told is None:
        return "Seen once so far: nothing to compare yet."
    return sentence(told)
