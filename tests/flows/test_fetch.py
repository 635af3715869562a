"""Getting bytes: what is asked, what is refused, and with which words."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.fetch import FetchFailed, get, mirrored
from flows.settings import Settings
from tests.flows.server import Told, serving
from warehouse.archive import Fetch


@pytest.fixture
def told() -> Iterator[Told]:
    with serving() as server:
        yield server


def test_a_mirror_stands_in_for_every_host() -> None:
    assert mirrored("https://a.org/x/y.csv", "http://m:1/") == "http://m:1/a.org/x/y.csv"
    assert mirrored("https://a.org/x/y.csv", None) == "https://a.org/x/y.csv"


def test_bytes_and_validators_come_back(told: Told, settings: Settings) -> None:
    told.headers = {"ETag": '"v1"', "Last-Modified": "Mon, 06 Jan 2025 00:00:00 GMT"}
    answer = get(f"{told.url}/board.csv", None, settings)
    assert (answer.payload, answer.etag) == (b"hello", '"v1"')
    assert told.asked[0]["User-Agent"].startswith("photofinish/")


def test_what_is_known_is_asked_for_conditionally(told: Told, settings: Settings) -> None:
    told.status, told.body = 304, b""
    known = Fetch(
        run_id="r",
        source="s",
        url="u",
        captured_at=datetime(2025, 1, 1, tzinfo=UTC),
        outcome="new",
        etag='"v1"',
        last_modified="Mon, 06 Jan 2025 00:00:00 GMT",
    )
    assert get(told.url, known, settings).payload is None
    assert told.asked[0]["If-None-Match"] == '"v1"'
    assert told.asked[0]["If-Modified-Since"] == "Mon, 06 Jan 2025 00:00:00 GMT"


def test_the_contact_is_in_the_user_agent(told: Told, settings: Settings) -> None:
    get(told.url, None, settings.model_copy(update={"contact": "ops@example.org"}))
    assert "(+ops@example.org)" in told.asked[0]["User-Agent"]


@pytest.mark.parametrize(
    ("status", "permanent"), [(404, True), (403, True), (500, False), (503, False), (429, False)]
)
def test_an_error_status_is_a_failure_and_some_are_permanent(
    told: Told, settings: Settings, status: int, permanent: bool
) -> None:
    told.status = status
    with pytest.raises(FetchFailed, match=f"HTTP {status}") as caught:
        get(told.url, None, settings)
    assert caught.value.permanent is permanent


def test_an_empty_answer_is_a_failure(told: Told, settings: Settings) -> None:
    told.body = b" \n"
    with pytest.raises(FetchFailed, match="empty"):
        get(told.url, None, settings)


def test_an_answer_cut_off_is_a_failure(told: Told, settings: Settings) -> None:
    told.headers = {"Content-Length": "100"}
    with pytest.raises(FetchFailed, match="cut off"):
        get(told.url, None, settings)


def test_a_small_answer_that_unpacks_to_too_much_is_a_failure(
    told: Told, settings: Settings
) -> None:
    told.body = gzip.compress(b" " * 3 * 1024**2)
    told.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(FetchFailed, match="larger than 1 MiB"):
        get(told.url, None, settings.model_copy(update={"max_bytes": 1024**2}))


def test_a_large_answer_that_unpacks_to_nothing_is_a_failure(
    told: Told, settings: Settings
) -> None:
    """The name in the head of a gzip may be of any length."""
    told.body = b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 2 * 1024**2
    told.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(FetchFailed, match="larger than 1 MiB"):
        get(told.url, None, settings.model_copy(update={"max_bytes": 1024**2}))


def test_a_file_on_disk_has_the_same_limit(settings: Settings, tmp_path: Path) -> None:
    small, file = settings.model_copy(update={"max_bytes": 1024**2}), tmp_path / "a b.csv"
    for size, reason in ((1024**2 + 1, "larger than 1 MiB"), (0, "a b.csv is empty")):
        file.write_bytes(b"x" * size)
        with pytest.raises(FetchFailed, match=reason):
            get(file.as_uri(), None, small)
    file.write_bytes(b"x" * 1024**2)
    assert len(get(file.as_uri(), None, small).payload or b"") == 1024**2


def test_a_circle_of_redirects_is_a_failure(told: Told, settings: Settings) -> None:
    told.status, told.headers = 302, {"Location": "/again"}
    with pytest.raises(FetchFailed, match="circle"):
        get(told.url, None, settings)


def test_no_server_is_a_failure(settings: Settings) -> None:
    with pytest.raises(FetchFailed, match="no connection"):
        get("http://127.0.0.1:9/nothing", None, settings)


def test_a_redirect_goes_through_the_mirror_and_never_off_https(
    told: Told, settings: Settings
) -> None:
    """Where it points to is what the mirror is asked for, not the host itself."""
    told.status, told.headers = 302, {"Location": "https://cdn.example/file.csv"}
    mirrored_settings = settings.model_copy(update={"mirror": told.url})
    with pytest.raises(FetchFailed, match="circle"):
        get("https://a.org/x.csv", None, mirrored_settings)
    assert told.paths[:2] == ["/a.org/x.csv", "/cdn.example/file.csv"]
    told.headers = {"Location": "http://cdn.example/file.csv"}
    with pytest.raises(FetchFailed, match="which is not https"):
        get("https://a.org/x.csv", None, mirrored_settings)


def test_an_answer_that_drips_ends_at_the_time_limit(settings: Settings) -> None:
    """Each byte comes before the read timeout, and the last would come after a week."""
    impatient = settings.model_copy(update={"total_timeout": 0.5, "read_timeout": 5})
    with dripping() as url:
        began = time.monotonic()
        with pytest.raises(FetchFailed, match=r"not finished after 0\.5 s"):
            get(url, None, impatient)
    assert time.monotonic() - began < 4


@contextmanager
def dripping() -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        asked, _ = listening.accept()
        with asked, suppress(OSError):
            asked.recv(4096)
            asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            for _ in range(100):
                asked.sendall(b"x")
                time.sleep(0.1)

    threading.Thread(target=drip, daemon=True).start()
    with listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_what_is_packed_otherwise_than_asked_is_refused(
    told: Told, settings: Settings, encoding: str
) -> None:
    told.headers = {"Content-Encoding": encoding}
    with pytest.raises(FetchFailed, match=f"packed as {encoding}"):
        get(told.url, None, settings)


def test_a_gzip_of_several_members_is_whole_and_a_cut_or_broken_one_is_refused(
    told: Told, settings: Settings
) -> None:
    told.headers = {"Content-Encoding": "gzip"}
    told.body = gzip.compress(b"one ") + gzip.compress(b"two")
    assert get(told.url, None, settings).payload == b"one two"
    told.body = gzip.compress(b"one two" * 100)[:-9]
    with pytest.raises(FetchFailed, match="cut off"):
        get(told.url, None, settings)
    told.body = b"no gzip at all"
    with pytest.raises(FetchFailed, match="could not be unpacked"):
        get(told.url, None, settings)


def test_not_modified_without_a_question_is_a_failure(told: Told, settings: Settings) -> None:
    told.status, told.body = 304, b""
    with pytest.raises(FetchFailed, match="HTTP 304"):
        get(told.url, None, settings)


@pytest.mark.parametrize("etag", ["x" * 2000, "\xe9", " "])
def test_an_etag_that_could_not_be_sent_back_is_not_kept(
    told: Told, settings: Settings, etag: str
) -> None:
    told.headers = {"ETag": etag}
    assert get(told.url, None, settings).etag is None
