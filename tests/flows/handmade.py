"""Recordings made by hand, as a backfill reads them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path

from warehouse.archive import fingerprint


def record(folder: Path, source: str, payloads: Mapping[str, tuple[str, bytes]]) -> None:
    """Write <source>/index.csv and the payloads: per day the URL and the bytes published then."""
    (folder / source).mkdir(parents=True)
    with (folder / source / "index.csv").open("w", newline="") as file:
        index = csv.writer(file)
        index.writerow(["captured_at", "sha256", "path", "upstream_url"])
        for day, (url, payload) in payloads.items():
            (folder / source / f"{day}.gz").write_bytes(gzip.compress(payload, mtime=0))
            index.writerow([f"{day}T12:00:00Z", fingerprint(payload), f"{day}.gz", url])
