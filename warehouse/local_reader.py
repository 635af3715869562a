"""Questions about boards of your own: the tests between neighbours, and the lost cases behind a score.

Lost cases hold prompts and outputs, so they are asked of the build database; the rest of the published file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from warehouse.layout import NotADatabase
from warehouse.reader import NothingPublished, UnknownBoard
from warehouse.rows import Row, rows, tuples


@contextmanager
def build_reader(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the build database read-only.

    Raises NothingPublished if it is not there, NotADatabase while a run writes it or if it is broken.
    """
    if not path.exists():
        raise NothingPublished(f"{path} is not there yet: `photofinish local add FILE` makes it")
    try:
        db = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise NotADatabase(
            "a run is at work on the database; ask again when it is done"
            if "lock" in str(error)
            else f"{path} cannot be opened; `photofinish rebuild` makes it anew from the archive"
        ) from error
    try:
        yield db
    finally:
        db.close()


def check_local(db: duckdb.DuckDBPyConnection, board: str) -> None:
    """Raise UnknownBoard, naming the boards of your own, unless `board` is one."""
    boards = [
        row[0]
        for row in db.execute(
            "select board from core.boards where source = 'local' order by board"
        ).fetchall()
    ]
    if board not in boards:
        named = ", ".join(boards) or "none yet; `photofinish local add FILE` makes one"
        raise UnknownBoard(f"there is no board {board}; of your own there are: {named}")


def losses(
    db: duckdb.DuckDBPyConnection,
    board: str,
    search: str | None = None,
    model: str | None = None,
    task: str | None = None,
) -> list[Row]:
    """local.losses of one board, the cases that most models fail first.

    `search` is looked for in case, prompt, expected and output, whatever the case of its letters; `model`
    is a model or its name in the file. Raises UnknownBoard for a board, model or task there is not.
    """
    check_local(db, board)
    _check_among(db, board, "model", model)
    _check_among(db, board, "task", task)
    return rows(
        db,
        """
        select losses.*
        from local.losses as losses
        join local.results as results using (board, task, case_id, model)
        where losses.board = $board
            and ($model is null or $model in (losses.model, results.model_raw))
            and ($task is null or losses.task = $task)
            and (
                $search is null
                or contains(
                    lower(concat_ws(
                        chr(10), losses.case_id, losses.prompt, losses.expected, losses.output
                    )),
                    lower($search)
                )
            )
        order by losses.models_failing desc, losses.task, losses.case_id, losses.model
        """,
        board=board,
        search=search,
        model=model,
        task=task,
    )


def _check_among(
    db: duckdb.DuckDBPyConnection, board: str, column: str, wanted: str | None
) -> None:
    names = "model, model_raw" if column == "model" else "task, task"
    # The names are one of the two lists above; the board is a parameter.
    query = f"select distinct {names} from local.results where board = $board"
    known = tuples(db, query, board=board)
    if wanted is not None and not any(wanted in row for row in known):
        there = ", ".join(sorted({row[0] for row in known}))
        raise UnknownBoard(f"{board} has no {column} {wanted}; it has: {there}")


def paired(db: duckdb.DuckDBPyConnection, board: str, task: str) -> list[Row]:
    """metrics.paired_tests of the latest state of a board, in order of position."""
    return rows(
        db,
        """
        select tests.*
        from metrics.paired_tests as tests
        join metrics.paired_counts as counts using (board, task, as_of, model)
        where board = $board and task = $task
        qualify rank() over (order by as_of desc) = 1
        order by counts.position
        """,
        board=board,
        task=task,
    )


def against_public(db: duckdb.DuckDBPyConnection, board: str) -> list[Row]:
    """Per public board with models in common: how alike the orders are, and where they differ most.

    public_board, public_as_of, n_common, kendall_tau, model, local_rank, public_rank: the model whose
    ranks lie furthest apart. The boards that agree least come first.
    """
    return rows(
        db,
        """
        select public_board, public_as_of, n_common, kendall_tau, model, local_rank, public_rank
        from metrics.local_vs_public
        where local_board = $board
        qualify row_number() over (
            partition by public_board order by abs(difference) desc, local_rank, model
        ) = 1
        order by kendall_tau nulls last, public_board
        """,
        board=board,
    )


def standing(db: duckdb.DuckDBPyConnection, board: str, day: date) -> Row:
    """How a board stood on a day: its row of metrics.gap_history, the runner-up's score, and the paired
    test of the first two (null where there is none)."""
    return rows(
        db,
        """
        select
            history.*,
            gaps.kth_score as second_score,
            tests.n_cases,
            tests.better,
            tests.worse,
            tests.p_holm,
            tests.apart
        from metrics.gap_history as history
        left join metrics.gaps as gaps
            on gaps.snapshot_id = history.snapshot_id
            and gaps.task = history.task
            and gaps.k = 2
        left join metrics.paired_tests as tests
            on tests.snapshot_id = history.snapshot_id
            and tests.task = history.task
            and tests.model = history.leader
        where history.board = $board and history.task = 'overall' and history.as_of <= $day
        order by history.as_of desc
        limit 1
        """,
        board=board,
        day=day,
    )[0]
