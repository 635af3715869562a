"""What the warehouse says of the boards beside what the oracle says, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pytest

from tests.oracle.boards import Board, in_order, rank, rank_ub, scored, sd, steps, value, whole
from tests.oracle.churn import rank_churn
from tests.oracle.gap_changes import gap_changes
from tests.oracle.gaps import gap_history, gaps, rank_history, reigns, saturated
from tests.oracle.noise import tied_with_leader

Key = tuple[Any, ...]
Table = dict[Key, Mapping[str, Any]]
Rows = Iterable[tuple[Key, Mapping[str, Any]]]

KEYS = {
    "core.entries": ("board", "task", "as_of", "model"),
    "core.listings": ("board", "task", "as_of"),
    "metrics.gaps": ("board", "task", "as_of", "k"),
    "metrics.gap_history": ("board", "task", "as_of"),
    "metrics.ties": ("board", "task", "as_of"),
    "metrics.gap_changes": ("board", "task", "as_of", "k"),
    "metrics.task_spread": ("board", "task", "as_of"),
    "metrics.rank_churn": ("board", "task", "as_of"),
    "metrics.reigns": ("board", "task", "from_as_of"),
    "metrics.rank_history": ("board", "task", "model", "valid_from"),
}
EXACT = 1e-9
ROUGH = {"p_leader_best": 0.005}
"""The oracle walks the leader's score in steps; the exact value is held against scipy elsewhere."""


def differences(db: duckdb.DuckDBPyConnection, boards: Sequence[Board]) -> Iterator[str]:
    """One line per row or value on which the warehouse and the oracle differ, naming the board."""
    for table, key in KEYS.items():
        columns, found = told(db, table, key)
        expected = dict(EXPECTED[table](boards))
        for missing in expected.keys() - found.keys():
            yield f"{table} {_named(missing)}: no row; the oracle has {expected[missing]}"
        for extra in found.keys() - expected.keys():
            yield f"{table} {_named(extra)}: the oracle has no such row"
        for at in expected.keys() & found.keys():
            for column in columns:
                ours, theirs = found[at][column], expected[at].get(column)
                if not same(column, ours, theirs):
                    yield f"{table} {_named(at)} {column}: {ours!r}; the oracle says {theirs!r}"


def told(db: duckdb.DuckDBPyConnection, table: str, key: Sequence[str]) -> tuple[list[str], Table]:
    """The columns of a table to compare, and its rows by key (only what is current)."""
    where = "where current" if table in ("core.entries", "core.listings") else ""
    rows = db.sql(f"select * from {table} {where}").pl().to_dicts()
    known = {column for row in rows for column in row} - set(key)
    ignored = {"snapshot_id", "prev_snapshot_id", "model_raw", "current"}
    ignored |= {"organization", "country", "open_weights"}
    return sorted(known - ignored), {tuple(row[c] for c in key): row for row in rows}


def same(column: str, ours: object, theirs: object) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float | int):
        return ours == pytest.approx(theirs, rel=EXACT, abs=ROUGH.get(column, EXACT))
    return ours == theirs


def _named(key: Key) -> str:
    return " ".join(str(part) for part in key)


def _entries(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for snapshot in board.snapshots:
            names = [entry.model for entry in in_order(board, snapshot)]
            for entry in snapshot.entries:
                listed = entry.score is not None
                yield (
                    (board.name, board.task, snapshot.as_of, entry.model),
                    {
                        "score": entry.score,
                        "ci_low": entry.ci_low,
                        "ci_high": entry.ci_high,
                        "n": entry.n,
                        "rank": rank(board, entry, snapshot) if listed else None,
                        "position": 1 + names.index(entry.model) if listed else None,
                        "rank_ub": rank_ub(board, entry, snapshot),
                        "whole": whole(board),
                        "sd": sd(board, entry),
                    },
                )


def _listings(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for snapshot in board.snapshots:
            yield (
                (board.name, board.task, snapshot.as_of),
                {"n_listed": len(snapshot.entries), "n_models": len(scored(snapshot))},
            )


def _gaps(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for snapshot in board.snapshots:
            for k, row in gaps(board, snapshot).items():
                yield (board.name, board.task, snapshot.as_of, k), row


def _gap_history(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for snapshot in filter(scored, board.snapshots):
            yield (board.name, board.task, snapshot.as_of), gap_history(board, snapshot)


def _ties(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for snapshot in filter(scored, board.snapshots):
            tied = tied_with_leader(board, snapshot)
            yield (
                (board.name, board.task, snapshot.as_of),
                {
                    "leader": in_order(board, snapshot)[0].model,
                    "n_tied": None if tied is None else len(tied),
                    "tied_models": tied,
                    "n_tied_unpriced": None if tied is None else len(tied),
                },
            )


def _gap_changes(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for before, now in steps(board):
            for k, row in gap_changes(board, before, now).items():
                yield (
                    (board.name, board.task, now.as_of, k),
                    {
                        **row,
                        "prev_as_of": before.as_of,
                        "gap_pct": gaps(board, now)[k]["gap_pct"],
                        "prev_gap_pct": gaps(board, before)[k]["gap_pct"],
                    },
                )


def _task_spread(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for snapshot in filter(scored, board.snapshots):
            scores = [value(entry) for entry in in_order(board, snapshot)]
            ten = scores[:10]
            yield (
                (board.name, board.task, snapshot.as_of),
                {
                    "spread": max(scores) - min(scores),
                    "best": scores[0],
                    "worst": scores[-1],
                    "top10_mean": sum(ten) / 10 if len(ten) == 10 else None,
                    "saturated": saturated(board, ten),
                    "n_models": len(scores),
                },
            )


def _rank_churn(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for before, now in steps(board):
            yield (board.name, board.task, now.as_of), rank_churn(board, before, now)


def _reigns(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for row in reigns(board):
            yield (board.name, board.task, row["from_as_of"]), row


def _rank_history(boards: Sequence[Board]) -> Rows:
    for board in boards:
        for row in rank_history(board):
            yield (board.name, board.task, row["model"], row["valid_from"]), row


EXPECTED = {
    "core.entries": _entries,
    "core.listings": _listings,
    "metrics.gaps": _gaps,
    "metrics.gap_history": _gap_history,
    "metrics.ties": _ties,
    "metrics.gap_changes": _gap_changes,
    "metrics.task_spread": _task_spread,
    "metrics.rank_churn": _rank_churn,
    "metrics.reigns": _reigns,
    "metrics.rank_history": _rank_history,
}
