"""A web server for tests: says what it is told to, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep


class Told:
    """What to answer, and the headers of each request so far."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.body = b"hello"
        self.headers: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []
        """Answers to the next POSTs, before `status`."""
        self.delay = 0.0
        """Seconds before a POST is answered."""


@contextmanager
def serving() -> Iterator[Told]:
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            told.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            sleep(told.delay)
            self.answer(told.statuses.pop(0) if told.statuses else told.status)

        def do_GET(self) -> None:
            self.answer(told.status)

        def answer(self, status: int) -> None:
            told.asked.append(dict(self.headers))
            told.paths.append(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
