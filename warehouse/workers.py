"""Reading payloads in processes beside this one: parsers hold Python's lock, so threads would not help.

A worker is sent a batch over its pipe and answers with tables as Arrow bytes. It ends when the pipe closes,
so none outlives a run that was killed. What is pickled is written and read by these processes alone.
"""

from __future__ import annotations

import io
import os
import pickle  # nosec B403 # words between our own processes; payloads travel as Arrow
import subprocess  # nosec B404 # our own interpreter, without a shell
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

import polars as pl

from warehouse.archive import Archive
from warehouse.parsed import Due, Parser, read_batch

WORTH_IT = 512
"""Fewer payloads are read before a worker has started."""
Batch = Sequence[Due]
Tables = dict[str, pl.DataFrame]


def read_batches(
    archive: Archive, parsers: Mapping[str, Parser], batches: Sequence[Batch]
) -> Iterator[tuple[Batch, Tables]]:
    """Each batch with what it adds to the tables (as read_batch), in whatever order they are done.

    Few payloads, or parsers that cannot be sent to another process, are read in this one.
    """
    sent = _sendable(archive, parsers) if sum(map(len, batches)) >= WORTH_IT else None
    if sent is None:
        for batch in batches:
            yield batch, read_batch(archive, parsers, batch)
    else:
        yield from _read_beside(sent, batches)


def _sendable(archive: Archive, parsers: Mapping[str, Parser]) -> bytes | None:
    try:
        return pickle.dumps((archive, parsers))
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


def _read_beside(sent: bytes, batches: Sequence[Batch]) -> Iterator[tuple[Batch, Tables]]:
    waiting = iter(batches)
    given: dict[Connection, Batch] = {}
    workers = [_start() for _ in range(min(os.cpu_count() or 1, len(batches)))]
    try:
        for pipe, _ in workers:
            pipe.send_bytes(sent)
            _give_next(pipe, waiting, given)
        while given:
            for pipe in [pipe for pipe in wait(given) if isinstance(pipe, Connection)]:
                answer = pickle.loads(pipe.recv_bytes())  # noqa: S301 # nosec B301 # our own process wrote it
                if isinstance(answer, BaseException):
                    raise answer
                batch = given.pop(pipe)
                _give_next(pipe, waiting, given)
                yield batch, {table: pl.read_ipc(io.BytesIO(b)) for table, b in answer.items()}
    finally:
        for pipe, process in workers:
            pipe.close()
            process.wait()


def _give_next(pipe: Connection, batches: Iterator[Batch], given: dict[Connection, Batch]) -> None:
    """Give a worker its next batch. It must have answered the last: two that write to each other both wait
    for ever, once what they write is more than a pipe holds."""
    batch = next(batches, None)
    if batch is not None:
        pipe.send(batch)
        given[pipe] = batch


def _start() -> tuple[Connection, subprocess.Popen[bytes]]:
    """A fresh interpreter and our end of its pipe. It imports nothing of the program that started us."""
    ours, theirs = Pipe()
    program = f"from warehouse.workers import serve; serve({theirs.fileno()})"
    # Tables of some hundred rows are read fastest by one thread; there is a worker for every core.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "POLARS_MAX_THREADS": "1",
    }
    process = subprocess.Popen(  # noqa: S603 # nosec B603 # our own interpreter
        [sys.executable, "-c", program],
        env=environment,
        pass_fds=[theirs.fileno()],
        start_new_session=True,
    )
    theirs.close()
    return ours, process


def serve(descriptor: int) -> None:
    """What a worker does until the pipe closes: answer a batch with its tables, or with what went wrong."""
    pipe = Connection(descriptor)
    with suppress(EOFError, ConnectionError):
        archive, parsers = pickle.loads(pipe.recv_bytes())  # noqa: S301 # nosec B301 # our own process wrote it
        while True:
            batch = pipe.recv()
            try:
                tables = read_batch(archive, parsers, batch)
                answer: object = {table: _arrow(frame) for table, frame in tables.items()}
            except Exception as error:  # noqa: BLE001 - it is raised again where the work was asked for
                answer = error
            pipe.send_bytes(pickle.dumps(answer, protocol=5))


def _arrow(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()
