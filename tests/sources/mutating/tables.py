"""Damage to CSV and to tables in Markdown: cells, rows, columns and headers."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable

from tests.sources.mutating.odd import TEXTS

Table = list[list[str]]
Made = tuple[str, bytes]


def damaged_csv(table: Table, chance: random.Random) -> Made:
    damaged = [list(row) for row in table]
    done = [_damage(damaged, chance) for _ in range(chance.choice((1, 1, 1, 2, 4)))]
    file = io.StringIO()
    csv.writer(file, lineterminator=chance.choice(("\n", "\r\n"))).writerows(damaged)
    return "; ".join(done), file.getvalue().encode("utf-8", "replace")


def _damage(table: Table, chance: random.Random) -> str:
    """Damage one place of a table, in place."""
    if len(table) < 2 or min(map(len, table)) == 0:
        return "nothing"
    row, column = chance.randrange(1, len(table)), chance.randrange(min(map(len, table)))
    odd = chance.choice(TEXTS)
    what = chance.choice(list(DAMAGES))
    DAMAGES[what](table, row, column, odd)
    return f"{what} {column},{row} {odd[:20]!r}"


def _put(table: Table, row: int, column: int, odd: str) -> None:
    table[row][column] = odd


def _drop_column(table: Table, row: int, column: int, odd: str) -> None:
    for cells in table:
        del cells[column]


def _rename(table: Table, row: int, column: int, odd: str) -> None:
    table[0][column] = (table[0][column].upper(), table[0][0], "", odd)[row % 4]


def _whole_column(table: Table, row: int, column: int, odd: str) -> None:
    for cells in table[1:]:
        cells[column] = odd[:1000]


def _swap_columns(table: Table, row: int, column: int, odd: str) -> None:
    for cells in table[1:]:
        cells[0], cells[column] = cells[column], cells[0]


def _drop_rows(table: Table, row: int, column: int, odd: str) -> None:
    del table[1:]


def _shorten(table: Table, row: int, column: int, odd: str) -> None:
    del table[row][-1]


def _widen(table: Table, row: int, column: int, odd: str) -> None:
    for number, cells in enumerate(table):
        cells += [f"c{i}" if number == 0 else "" for i in range(500)]


DAMAGES: dict[str, Callable[[Table, int, int, str], object]] = {
    "cell": _put,
    "another cell": _put,
    "one more cell": _put,
    "drop column": _drop_column,
    "rename": _rename,
    "whole column": _whole_column,
    "swap columns": _swap_columns,
    "double row": lambda table, row, column, odd: table.insert(row, list(table[row])),
    "drop row": lambda table, row, column, odd: table.pop(row),
    "no rows": _drop_rows,
    "short row": _shorten,
    "long row": lambda table, row, column, odd: table[row].append(odd),
    "wide": _widen,
}


def damaged_markdown(text: str, chance: random.Random) -> Made:
    lines = text.splitlines()
    at = chance.choice([i for i, line in enumerate(lines) if line.lstrip().startswith("|")])
    odd = chance.choice(TEXTS)
    what = chance.choice(list(IN_MARKDOWN))
    IN_MARKDOWN[what](lines, at, odd, chance)
    return f"{what} line {at} {odd[:20]!r}", "\n".join(lines).encode("utf-8", "replace")


def _cell(lines: list[str], at: int, odd: str, chance: random.Random) -> None:
    cells = lines[at].split("|")
    cells[chance.randrange(len(cells))] = odd
    lines[at] = "|".join(cells)


def _join(lines: list[str], at: int, odd: str, chance: random.Random) -> None:
    lines[at : at + 2] = ["".join(lines[at : at + 2])]


def _plain(lines: list[str], at: int, odd: str, chance: random.Random) -> None:
    lines[chance.randrange(len(lines))] = odd


def _header(lines: list[str], at: int, odd: str, chance: random.Random) -> None:
    lines.insert(at, next(line for line in lines if line.lstrip().startswith("|")))


IN_MARKDOWN: dict[str, Callable[[list[str], int, str, random.Random], object]] = {
    "cell": _cell,
    "another cell": _cell,
    "drop": lambda lines, at, odd, chance: lines.pop(at),
    "double": lambda lines, at, odd, chance: lines.insert(at, lines[at]),
    "split": lambda lines, at, odd, chance: lines.insert(at, ""),
    "join": _join,
    "header": _header,
    "plain": _plain,
}
