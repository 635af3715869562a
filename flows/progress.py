"""Progress of long work: the command line listens, the tasks tell, neither knows the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)
_reader: ContextVar[Callable[[str], None] | None] = ContextVar("notes", default=None)


def note(sentence: str) -> None:
    """Say something that a person should know and that stops nothing; logged where nobody listens."""
    if reader := _reader.get():
        reader(sentence)
    else:
        logging.getLogger("photofinish").warning(sentence)


def announce(what: str) -> Callable[[int, int], None]:
    """A callback (done, total) that tells whoever listens in this context how far `what` is."""

    def tell(done: int, total: int) -> None:
        if listener := _listener.get():
            listener(what, done, total)

    return tell


@contextmanager
def bars(console: Console) -> Iterator[None]:
    """Show a bar for each kind of work announced inside; nothing where the console is no terminal."""
    with Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        shown: dict[str, int] = {}

        def listen(what: str, done: int, total: int) -> None:
            if what not in shown:
                shown[what] = progress.add_task(what, total=total)
            progress.update(shown[what], completed=done, total=total)  # type: ignore[arg-type]

        def read(sentence: str) -> None:
            console.print(escape(sentence), soft_wrap=True, highlight=False)

        token, notes = _listener.set(listen), _reader.set(read)
        try:
            yield
        finally:
            _listener.reset(token)
            _reader.reset(notes)
