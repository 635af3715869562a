"""A worker as on another machine: python -m tests.flows.landing_worker RECORDINGS SOURCE...

Waits for a line on its input, lands the recorded versions of the sources, reads whatever is due, makes the
tables and publishes. Prints how many payloads it has read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from flows import pipeline
from flows.landing import land
from flows.recordings import read_recordings, recorded
from flows.settings import Settings
from sources import load_sources
from tests.small import one_thread
from warehouse.archive import Archive


def main(recordings: Path, chosen: list[str]) -> None:
    duckdb.connect = one_thread
    settings, sources = Settings(), load_sources()
    print("ready", flush=True)
    sys.stdin.readline()
    versions = recorded(recordings, chosen, None, None)
    land(versions, read_recordings, Archive(settings.archive), f"of {'-'.join(chosen)}")
    read = pipeline.load_journal(settings, sources)
    with pipeline.only_transform(settings, "the worker"):
        pipeline.make_tables(settings, sources)
        pipeline.publish_tables(settings)
    print(read, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
