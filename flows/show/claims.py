"""Claims and what the data say of them, for the terminal and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from flows.show.definitions import amount
from warehouse.claims import Claim, Measured, Refused
from warehouse.definitions import PERCENTAGES, Definition, Unit
from warehouse.verdicts import Answer, Verdict

WIDTH = 80
REFUSED = "refused"
STYLES = {
    Verdict.REPRODUCED: "green",
    Verdict.ONLY_UNDER: "bold yellow",
    Verdict.CONTRADICTED: "bold red",
    Verdict.MISSING: "dim",
    REFUSED: "red",
}
NOUNS = {Unit.POINTS: " points", Unit.SIGMA: " standard errors"}


def print_answers(console: Console, answers: Sequence[Answer | Refused], queries: bool) -> None:
    """For each claim its sentence and source, the verdict, what was found, and the query if wanted."""
    console.width = min(console.width, WIDTH)
    for number, answer in enumerate(answers, start=1):
        console.print(f"[bold]{number}. {escape(answer_text(answer))}[/]")
        for line in _lines(answer):
            console.print(Padding.indent(line, 3))
        if queries and isinstance(answer, Answer) and answer.query:
            # As it is, so that it can be pasted: no indent, no wrapping, no markup.
            console.print(
                f"\n{answer.query}", markup=False, emoji=False, highlight=False, soft_wrap=True
            )
        console.print()


def answer_text(answer: Answer | Refused) -> str:
    return answer.text if isinstance(answer, Refused) else answer.claim.text


def _lines(answer: Answer | Refused) -> Iterator[str]:
    if isinstance(answer, Refused):
        yield f"[{STYLES[REFUSED]}]{REFUSED}[/]: {escape(answer.reason)}"
        return
    claim = answer.claim
    task = "" if claim.task == "overall" else f" · {claim.task}"
    yield f"[dim]{escape(f'{claim.source} · {claim.board}{task}')}[/]"
    under = f" {differing(answer)}" if answer.verdict is Verdict.ONLY_UNDER else ""
    yield f"[{STYLES[answer.verdict]}]{answer.verdict}{under}[/]{escape(found(answer))}"
    yield f"definition: {answer.definition.words(*claim.PARTS)}{spread_of(answer)}"
    yield f"date: {dated(answer)}"
    if claim.note:
        yield f"note: {escape(claim.note)}"


def differing(answer: Answer) -> str:
    """What sets the nearest definitions under which the claim holds apart from its own."""
    own = answer.claim.definition
    return " or under ".join(one.words(*one.apart(own)) for one in answer.nearest)


def found(answer: Answer) -> str:
    """What the data give, beside what is claimed, or what is missing."""
    claim = answer.claim
    if answer.verdict is Verdict.MISSING:
        return f": {answer.reason}"
    if isinstance(claim, Measured):
        percent = "%" if claim.definition.unit in PERCENTAGES else ""
        claimed = f"{claim.value:g}{percent} ± {claim.tolerance:g}"
        return f": {told(answer.definition.unit, answer.value)}, where the claim is {claimed}"
    return f": {answer.reason or told(answer.definition.unit, answer.value) + ' led'}"


def told(unit: Unit, value: object) -> str:
    """A value that a query gave: a number in its unit, or names."""
    if isinstance(value, float):
        # A decimal more than elsewhere: how near the number is to the edge of the claim matters.
        exact = f"{value:.3f}%" if unit in PERCENTAGES else amount(unit, value)
        return f"{exact}{NOUNS.get(unit, '')}"
    return " and ".join(map(str, value)) if isinstance(value, list) else "–"


def spread_of(answer: Answer) -> str:
    """How far the numbers under all definitions lie apart."""
    if answer.spread is None:
        return ""
    low, high = (amount(answer.definition.unit, value) for value in answer.spread)
    return f"; under every definition: {low} to {high}"


def dated(answer: Answer) -> str:
    """The state that answered, and how it stands to the date of the claim."""
    asked = answer.claim.date
    if answer.state is None:
        return str(asked)
    used = answer.state.as_of
    if used == asked:
        return str(used)
    days = abs((used - asked).days)
    which = "last state before" if used < asked else "first state after"
    return f"{used}, the {which} {asked} ({days} day{'s' if days > 1 else ''})"


def answer_facts(number: int, answer: Answer | Refused) -> dict[str, Any]:
    """One claim and its answer for machines."""
    if isinstance(answer, Refused):
        return {
            "number": number,
            "text": answer.text,
            "verdict": REFUSED,
            "reason": answer.reason,
        }
    return {
        "number": number,
        **answer.claim.model_dump(mode="json"),
        "definition": _parts(answer.claim, answer.claim.definition),
        "verdict": answer.verdict.value,
        "found": answer.value,
        "found_under": _parts(answer.claim, answer.definition),
        "as_of": answer.state.as_of if answer.state else None,
        "reason": answer.reason or None,
        "every_definition": [
            {**_parts(answer.claim, one), "found": value, "agrees": one in answer.holding}
            for one, value in answer.found.items()
        ],
        "query": answer.query or None,
    }


def _parts(claim: Claim, definition: Definition) -> dict[str, str]:
    return {part: getattr(definition, part).value for part in claim.PARTS}
