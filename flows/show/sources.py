"""Sources, cards and runs, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from flows.show.text import print_json, titled
from sources.contract import Board, Card

if TYPE_CHECKING:
    from flows.daily import Report


SHOWN = 5


def print_report(console: Console, report: Report, as_json: bool) -> None:
    """How each source fared in a run, and the cause where one did not land."""
    if as_json:
        return print_json(console, [asdict(source) for source in report.sources])
    table = titled(f"Run {report.run_id}")
    for name in ("source", "outcome", "files"):
        table.add_column(name, no_wrap=True)
    for source in report.sources:
        style = "red" if source.sick else ""
        table.add_row(source.source, source.outcome, str(source.files), style=style)
    console.print(table)
    for source in report.sources:
        if source.sick:
            console.print(f"[red]{source.source}[/]: {escape(source.problem)}", soft_wrap=True)
    if report.alerts.told:
        console.print(escape(report.alerts.told), soft_wrap=True, highlight=False)
    if report.page:
        console.print(escape(report.page), soft_wrap=True, highlight=False)
    return None


def skipped(reasons: Sequence[str]) -> str:
    """What could not be had: how many versions, the first of them, and what to do."""
    shown = "\n".join(f"  {reason}" for reason in reasons[:SHOWN])
    more = f"\n  and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return (
        f"{len(reasons)} versions were left out:\n{shown}{more}\n"
        "Run again to land them: with a whole clone of the repository, with a higher "
        "PHOTOFINISH_MAX_BYTES, or when the publisher answers again."
    )


def print_cards(console: Console, cards: Sequence[Card], as_json: bool) -> None:
    """One line a source."""
    if as_json:
        return print_json(console, [_facts(card) for card in cards])
    table = titled("Sources")
    for name in ("source", "title", "boards", "cadence", "licence"):
        table.add_column(name, no_wrap=name in ("source", "cadence"))
    for card in cards:
        names = [board.board.split("/")[1] for board in card.boards]
        more = f" and {len(names) - 3} more" if len(names) > 4 else ""
        boards = ", ".join(names[:3] if more else names) + more or card.kind
        table.add_row(card.id, card.title, boards, card.cadence, card.licence)
    console.print(table)
    console.print("Next: `photofinish sources ID` for the whole card.")
    return None


def print_card(console: Console, card: Card, as_json: bool) -> None:
    """All facts of one source."""
    if as_json:
        return print_json(console, [_facts(card)])
    console.print(f"[bold]{escape(card.title)}[/] ({card.id}), {card.cadence}")
    console.print(
        f"{escape(card.homepage)}\ncredit: {escape(card.credit)}; licence: {card.licence}"
    )
    for note in card.notes:
        console.print(f"  • {escape(note)}")
    for board in card.boards:
        better = "higher" if board.higher_is_better else "lower"
        console.print(f"\n[bold]{board.board}[/]  {escape(board.title)}")
        for label, value in (
            ("measures", board.task_family),
            ("score", f"{board.metric}, {board.unit}, {better} is better"),
            *_perfect(board),
            ("method", board.scoring_method),
            ("sample size", board.sample_size),
            ("date", board.evaluation_date),
            ("prompts public", board.prompts_public),
            ("contamination", board.contamination),
            (
                "refused unless",
                f"{board.min_rows} to {board.max_rows} models, "
                f"scores {board.min_score:g} to {board.max_score:g}",
            ),
        ):
            console.print(f"  {label + ':':<16}{escape(value)}")
    return None


def _perfect(board: Board) -> list[tuple[str, str]]:
    return [] if board.perfect_score is None else [("perfect score", f"{board.perfect_score:g}")]


def _facts(card: Card) -> dict[str, Any]:
    return {key: value for key, value in asdict(card).items() if key != "urls"}
