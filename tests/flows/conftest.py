"""One Prefect server for the flow tests of a worker: its start is the dear part.

It ends with them and not with the session, for an idle one takes some of a processor too.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.prefect_server import Server, started


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server; subprocesses find it by PREFECT_API_URL."""
    with started(tmp_path_factory.mktemp("prefect")) as running:
        yield running


@pytest.fixture
def prefect(server: Server) -> Iterator[Server]:
    """The server as the one that this process talks to."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: server.api}):
        yield server
