"""Make a home whose archive holds the made-up boards of bench/boards.py, as a run would have left it.

A day on which a board is unchanged is a fetch of the same payload, as in a real journal. The payloads
of the days after the last are in next/0, next/1 and so on, for measuring what one more day costs.

    python -m bench.generate M FOLDER
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import orjson
import polars as pl

from bench.boards import FOLLOWING, SEED, SIZES, Size, State, names, states
from sources.contract import OVERALL, TIDY
from warehouse.archive import Archive, Fetch

VERSION = 2
"""Raise it when the same parameters give other bytes, so that no cached archive is taken for a new one."""
FIRST_DAY = date(2024, 1, 1)
FIRST_DAY_OF_YEARS = date(2016, 1, 1)
SITE = "https://bench.invalid"
DONE = "parameters.json"

Names = list[tuple[str, str, str]]


class OtherData(Exception):
    """The folder holds something else."""


def parameters(size: str) -> dict[str, object]:
    """Everything that the bytes of an archive of this size depend on."""
    return {"version": VERSION, "seed": SEED, "size": size, **asdict(SIZES[size])}


def cached(size: str, data: Path) -> Path:
    """The home of this size in the folder `data`, made if it is not there."""
    key = hashlib.sha256(orjson.dumps(parameters(size))).hexdigest()[:8]
    return generate(size, data / f"{size}-{key}")


def generate(size: str, folder: Path) -> Path:
    """Fill `folder` with a home of this size (archive/ and next/) and return it; a finished one is kept.

    Raises OtherData if the folder is finished with other parameters.
    """
    wanted = orjson.dumps(parameters(size))
    done = folder / DONE
    if done.exists():
        if done.read_bytes() != wanted:
            raise OtherData(f"{folder} holds an archive made with other parameters")
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(FOLLOWING):
        (folder / "next" / str(place)).mkdir(parents=True, exist_ok=True)
    chosen = SIZES[size]
    write = partial(_write_years if chosen.parquet else _write_days, chosen, folder)
    fetches = [fetch for made in _each(write, chosen) for fetch in made]
    Archive(folder / "archive").append(sorted(fetches, key=lambda f: (f.captured_at, f.url)))
    done.write_bytes(wanted)
    return folder


def _each(write: Callable[[int], list[Fetch]], size: Size) -> list[list[Fetch]]:
    """Write every board, on all cores where that is worth starting processes for."""
    if size.boards * size.days < 1000:
        return [write(board) for board in range(size.boards)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(write, range(size.boards)))


def board_name(board: int) -> str:
    """The board's name within the source: board-007."""
    return f"board-{board:03}"


def day_of(size: Size, day: int) -> date:
    """The calendar day of a day's number."""
    return (FIRST_DAY_OF_YEARS if size.parquet else FIRST_DAY) + timedelta(days=day)


def payload(state: State, named: Names) -> bytes:
    """The state as a publisher's JSON: a list of objects, best first."""
    columns = (
        state.model.tolist(),
        state.rating.tolist(),
        state.low.tolist(),
        state.high.tolist(),
        state.votes.tolist(),
    )
    return orjson.dumps(
        [
            {
                "model": named[model][0],
                "organization": named[model][1],
                "license": named[model][2],
                "rating": rating,
                "rating_q025": low,
                "rating_q975": high,
                "votes": votes,
            }
            for model, rating, low, high, votes in zip(*columns, strict=True)
        ]
    )


def _write_days(size: Size, folder: Path, board: int) -> list[Fetch]:
    """One payload per change; the fetches of every day."""
    archive, named = Archive(folder / "archive"), names(size)
    seen: dict[int, tuple[str, int]] = {}
    for state in _recorded(size, board):
        written = payload(state, named)
        if state.day >= size.days:
            place = str(state.day - size.days)
            (folder / "next" / place / f"{board_name(board)}.json").write_bytes(written)
        else:
            seen[max(state.day, size.since)] = (archive.store(written), len(written))
    return list(_fetches(size, board, seen))


def _recorded(size: Size, board: int) -> Iterator[State]:
    """The states from the day `since` on, with the one that stood on it."""
    standing = None
    for state in states(size, board):
        if state.day > size.since and standing is not None:
            yield standing
            standing = None
        if state.day <= size.since:
            standing = state
        else:
            yield state


def _fetches(size: Size, board: int, seen: dict[int, tuple[str, int]]) -> Iterator[Fetch]:
    shown = seen[size.since]
    for day in range(size.since, size.days):
        sha256, length = shown = seen.get(day, shown)
        moment = datetime.combine(day_of(size, day), datetime.min.time(), UTC)
        yield Fetch(
            run_id=f"bench-{day:04}",
            source="bench",
            url=f"{SITE}/{board_name(board)}.json",
            captured_at=moment + timedelta(hours=6, seconds=board),
            outcome="new" if day in seen else "unchanged",
            http_status=200,
            payload_sha256=sha256,
            bytes=length,
            elapsed_ms=40,
        )


def _write_years(size: Size, folder: Path, board: int) -> list[Fetch]:
    """One Parquet payload per year, captured on the first day of the next."""
    archive, named = Archive(folder / "archive"), names(size)
    made = []
    lived = (state for state in states(size, board) if state.day < size.days)
    for year, changes in groupby(lived, key=lambda state: day_of(size, state.day).year):
        written = _parquet(size, board, list(changes), named)
        made.append(
            Fetch(
                run_id=f"bench-{year}",
                source="bench",
                url=f"{SITE}/{board_name(board)}/{year}.parquet",
                captured_at=datetime(year + 1, 1, 1, 6, tzinfo=UTC) + timedelta(seconds=board),
                outcome="new",
                http_status=200,
                payload_sha256=archive.store(written),
                bytes=len(written),
                elapsed_ms=40,
            )
        )
    return made


def _parquet(size: Size, board: int, changes: list[State], named: Names) -> bytes:
    model = np.concatenate([state.model for state in changes])
    lengths = [len(state.model) for state in changes]
    days = np.repeat(np.array([day_of(size, s.day) for s in changes], "datetime64[D]"), lengths)
    told = pl.DataFrame(
        named, schema=["model_raw", "organization_raw", "license_raw"], orient="row"
    )
    frame = told[model].with_columns(
        board=pl.lit(f"bench/{board_name(board)}"),
        task=pl.lit(OVERALL),
        score=np.concatenate([state.rating for state in changes]),
        ci_low=np.concatenate([state.low for state in changes]),
        ci_high=np.concatenate([state.high for state in changes]),
        n=np.concatenate([state.votes for state in changes]),
        as_of=pl.Series(days, dtype=pl.Date),
        extra=pl.lit(None, pl.String),
    )
    buffer = io.BytesIO()
    frame.select(*TIDY).write_parquet(buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SIZES:
        sys.exit(f"usage: python -m bench.generate {{{'|'.join(SIZES)}}} FOLDER")
    print(generate(sys.argv[1], Path(sys.argv[2])))
