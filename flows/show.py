"""What a person sees: tables for the terminal and Markdown for the run's artifact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from sources.contract import Card
from warehouse.reader import SPARK_POINTS

if TYPE_CHECKING:
    from flows.daily import Report

SHOWN = 5
BARS = "▁▂▃▄▅▆▇█"
VERDICT_STYLE = {"lead": "green", "photo finish": "bold yellow", "unknown": "dim"}


def sparkline(values: Sequence[float | None]) -> str:
    """The values as bars from the lowest to the highest; a gap where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join(
        " " if value is None else BARS[round((value - low) / span * (len(BARS) - 1))]
        for value in values
    )


def percent(value: float | None) -> str:
    """A gap in percent with two decimals, or a dash."""
    return "–" if value is None else f"{value:.2f}%"


def gaps_table(gaps: pl.DataFrame) -> Table:
    """Two lines a board: who leads whom, by how much, how sure, and which way it goes."""
    table = _table("How close the race is")
    table.add_column("board\n[dim]as of[/]", min_width=22, max_width=22, overflow="fold")
    table.add_column("leader\n[dim]runner-up[/]", overflow="ellipsis")
    _fixed(table, "gap 1–2\n[dim]over time[/]", ["▁" * SPARK_POINTS], right=True)
    _fixed(table, "gap 1–10", ["100.00%"], right=True)
    _fixed(table, "verdict", VERDICT_STYLE)
    for row in gaps.iter_rows(named=True):
        table.add_row(
            f"{escape(row['board'])}\n[dim]{row['as_of']}[/]",
            _pair(row["leader"], row["runner_up"], ("bold", "")),
            f"[bold]{percent(row['gap_1_2_pct'])}[/]\n[cyan]{sparkline(row['trend'])}[/]",
            percent(row["gap_1_10_pct"]),
            f"{verdict(row['verdict'])}\n{tied(row)}",
        )
    return table


def series_table(series: pl.DataFrame, board: str, task: str) -> Table:
    """Two lines a date of one board."""
    table = _table(f"{board} · {task}")
    _fixed(table, "as of", ["2025-01-01"])
    table.add_column("leader\n[dim]runner-up[/]", overflow="ellipsis")
    _fixed(table, "gap 1–2", ["100.00%"], right=True)
    _fixed(table, "gap 1–10", ["100.00%"], right=True)
    _fixed(table, "models", ["1000"], right=True)
    _fixed(table, "verdict", VERDICT_STYLE)
    for row in series.iter_rows(named=True):
        table.add_row(
            str(row["as_of"]),
            _pair(row["leader"], row["runner_up"], ("", "dim")),
            percent(row["gap_1_2_pct"]),
            percent(row["gap_1_10_pct"]),
            str(row["n_models"]),
            f"{verdict(row['verdict'])}\n{tied(row)}",
        )
    return table


def leaderboard_table(entries: pl.DataFrame, board: str, task: str) -> Table:
    """The entries of one snapshot, best first; the tie with the leader is marked."""
    first = entries.row(0, named=True)
    table = _table(f"{board} · {task} · as of {first['as_of']}")
    _fixed(table, "rank", ["100"], right=True)
    table.add_column("model", overflow="fold")
    table.add_column("organization", overflow="ellipsis")
    _fixed(table, "score", ["1234.56"], right=True)
    _fixed(table, "95% interval", ["1234 to 1234"], right=True)
    _fixed(table, "n", ["100,000"], right=True)
    for row in entries.iter_rows(named=True):
        style = "bold yellow" if row["tied_with_leader"] else ""
        table.add_row(
            "–" if row["rank"] is None else str(row["rank"]),
            escape(row["model"]),
            escape(row["organization"] or ""),
            number(row["score"]),
            _interval(row),
            "" if row["n"] is None else f"{row['n']:,}",
            style=style,
        )
    return table


def _interval(row: dict[str, Any]) -> str:
    if row["ci_low"] is not None and row["ci_high"] is not None:
        return f"{number(row['ci_low'])} to {number(row['ci_high'])}"
    if row["sd"] is not None:
        return f"± {1.96 * row['sd']:.1f}"
    return ""


def status_table(status: pl.DataFrame) -> Table:
    """One line a source: when it last answered and what it holds."""
    table = _table("Sources")
    for name in ("source", "last success", "latest board"):
        table.add_column(name, no_wrap=True)
    for name in ("boards", "snapshots", "payloads", "refused"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in status.iter_rows(named=True):
        table.add_row(
            row["source"],
            moment(row["last_success"]),
            str(row["as_of"] or "–"),
            *(str(row[name]) for name in ("boards", "snapshots", "payloads", "quarantined")),
        )
    return table


def problem(row: dict[str, Any]) -> str:
    """The problem of a source worth showing: a failure since the last success, or a quarantine."""
    failed, succeeded = row["last_failure"], row["last_success"]
    if failed and (succeeded is None or failed > succeeded):
        return f"failed {moment(failed)}: {row['last_error']}"
    if row["quarantined"]:
        return f"{row['quarantined']} in quarantine: {row['last_reason']}"
    return ""


def verdict(said: str | None) -> str:
    """The verdict in its colour."""
    return f"[{VERDICT_STYLE[said]}]{said}[/]" if said else ""


def tied(row: dict[str, Any]) -> str:
    """How many models share a lead that is a photo finish."""
    shared = row["verdict"] == "photo finish" and row["n_tied"] and row["n_tied"] > 1
    return f"[dim]{row['n_tied']} tied[/]" if shared else ""


def number(value: float | None) -> str:
    """A score with as many decimals as it needs, at most two; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def moment(value: datetime | None) -> str:
    """A time in UTC to the minute, or never."""
    return f"{value:%Y-%m-%d %H:%M}" if value else "never"


def gaps_markdown(gaps: pl.DataFrame) -> str:
    """The gaps as a Markdown table; names are escaped so that they stay text."""
    lines = [
        "| board | leader | runner-up | gap 1-2 | gap 1-10 | verdict | as of |",
        "|---|---|---|---:|---:|---|---|",
    ]
    for row in gaps.iter_rows(named=True):
        cells = (
            row["board"],
            row["leader"],
            row["runner_up"] or "–",
            percent(row["gap_1_2_pct"]),
            percent(row["gap_1_10_pct"]),
            row["verdict"] or "",
            str(row["as_of"]),
        )
        lines.append(f"| {' | '.join(markdown_text(cell) for cell in cells)} |")
    return "\n".join(lines)


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for mark in "|*_`[]#":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped


def print_json(console: Console, rows: Iterable[dict[str, Any]]) -> None:
    """The rows as JSON, one document, dates in ISO form."""
    console.file.write(orjson.dumps(list(rows), option=_JSON, default=_plain).decode() + "\n")


_JSON = orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def _fixed(table: Table, name: str, widest: Iterable[str], right: bool = False) -> None:
    """A column that keeps its width on a narrow terminal: the names beside it give way."""
    width = max(map(len, widest), default=0)
    table.add_column(name, min_width=width, no_wrap=True, justify="right" if right else "left")


def _pair(leader: str, runner_up: str | None, styles: tuple[str, str]) -> Text:
    """Leader above runner-up, cut rather than wrapped on a narrow terminal."""
    return Text.assemble(
        (leader, styles[0]), "\n", (runner_up or "–", styles[1]), no_wrap=True, overflow="ellipsis"
    )


def print_report(console: Console, report: Report, as_json: bool) -> None:
    """How each source fared in a run, and the cause where one did not land."""
    if as_json:
        return print_json(console, [asdict(source) for source in report.sources])
    table = _table(f"Run {report.run_id}")
    for name in ("source", "outcome", "files"):
        table.add_column(name, no_wrap=True)
    for source in report.sources:
        style = "red" if source.sick else ""
        table.add_row(source.source, source.outcome, str(source.files), style=style)
    console.print(table)
    for source in report.sources:
        if source.sick:
            console.print(f"[red]{source.source}[/]: {escape(source.problem)}", soft_wrap=True)
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
    table = _table("Sources")
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


def _facts(card: Card) -> dict[str, Any]:
    return {key: value for key, value in asdict(card).items() if key != "urls"}
