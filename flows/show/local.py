"""Boards of your own, for the terminal: where one stands, its lost cases, its paired tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flows.show.text import counted, fixed, number, percent, titled
from warehouse.rows import Row

if TYPE_CHECKING:
    from sources.local_file import BadRow

SHOWN = 20
EXCERPT = 120


def bad_rows(bad: Sequence[BadRow]) -> str:
    """The first bad rows, one a line, with their reasons."""
    shown = "\n".join(f"  line {row.line}: {row.reason}" for row in bad[:SHOWN])
    more = f"\n  and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    return f"{shown}{more}"


def story(board: str, stood: Row) -> str:
    """Who leads whom by how much and how sure that is, in sentences."""
    dated = f"On {board} as of {stood['as_of']} {stood['leader']} has {number(stood['top_score'])}%"
    if stood["runner_up"] is None:
        return f"{dated} right; a second model gives a gap."
    gap = percent(stood["gap_1_2_pct"])
    said = f"{dated} right, {stood['runner_up']} {number(stood['second_score'])}%: a gap of {gap}, "
    said += stood["verdict"] if stood["verdict"] != "unknown" else "noise unknown"
    if (stood["n_tied"] or 0) > 1:
        said += f", {stood['n_tied']} models tied for the lead"
    if stood["n_cases"] is None:
        return f"{said}. The two have no case in common."
    apart = "apart" if stood["apart"] else "not apart"
    return (
        f"{said}. Of {counted(stood['n_cases'], 'case')} both were asked, {stood['leader']} did better "
        f"on {stood['better']} and {stood['runner_up']} on {stood['worse']}: {apart} "
        f"(McNemar's exact test, Holm-corrected p = {stood['p_holm']:.2g})."
    )


def losses_table(losses: Sequence[Row], board: str) -> Table:
    """One line a lost case: who failed it, how many others did, what was asked and answered."""
    table = titled(f"{board} · lost cases")
    table.add_column("case\n[dim]task[/]", max_width=16, overflow="fold")
    table.add_column("model\n[dim]score[/]", max_width=18, overflow="fold")
    fixed(table, "failed by", ["100 of 100"])
    table.add_column("prompt\n[dim]output[/]", overflow="fold", ratio=1)
    for row in losses:
        refused = " refused" if row["refused"] else ""
        table.add_row(
            _stacked(row["case_id"], row["task"]),
            _stacked(row["model"], f"{number(row['score'])}{refused}"),
            f"{row['models_failing']} of {row['models_asked']}",
            _stacked(excerpt(row["prompt"]), excerpt(row["output"])),
        )
    return table


def _stacked(first: str, second: str) -> Text:
    return Text.assemble(first, "\n", (second, "dim"))


def excerpt(text: str | None) -> str:
    """The beginning of a text on one line, without anything a terminal would obey."""
    plain = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text or "").strip()
    return plain if len(plain) <= EXCERPT else f"{plain[:EXCERPT]}…"


def tests_table(tests: Sequence[Row], board: str, task: str) -> Table:
    """One line a pair of neighbours: on how many cases each did better, and whether they are apart."""
    table = titled(f"{board} · {task} · as of {tests[0]['as_of']} · neighbours, case by case")
    table.add_column("model\n[dim]next below[/]", overflow="fold")
    for name, widest in (("cases", "1000"), ("better", "1000"), ("worse", "1000")):
        fixed(table, name, [widest], right=True)
    fixed(table, "p (Holm)", ["0.00012"], right=True)
    fixed(table, "apart", ["apart"])
    for row in tests:
        table.add_row(
            _stacked(row["model"], row["next_model"]),
            *(str(row[name]) for name in ("n_cases", "better", "worse")),
            f"{row['p_holm']:.2g}",
            "[green]apart[/]" if row["apart"] else "[dim]no[/]",
        )
    return table


def public_table(against: Sequence[Row]) -> Table:
    """One line a public board: how alike its order is to yours, and which model it ranks otherwise."""
    table = titled("Your order and theirs (overall, models in common)")
    table.add_column("public board\n[dim]as of[/]", overflow="fold")
    fixed(table, "models", ["100"], right=True)
    fixed(table, "tau", ["-1.00"], right=True)
    table.add_column("furthest apart", overflow="fold")
    fixed(table, "yours", ["100"], right=True)
    fixed(table, "theirs", ["100"], right=True)
    for row in against:
        tau = row["kendall_tau"]
        table.add_row(
            _stacked(row["public_board"], str(row["public_as_of"])),
            str(row["n_common"]),
            "–" if tau is None else f"{tau:.2f}",
            escape(row["model"]),
            str(row["local_rank"]),
            str(row["public_rank"]),
        )
    return table
