"""One measurement in a process of its own: prints what it found as one JSON object, times in seconds.

    python -m bench.measure NAME SIZE DATA

Each is a function (size, data, work) -> numbers; only its own module is imported, so that nobody's memory
counts another's libraries.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

MEASUREMENTS = {
    "generate": "bench.rebuilding.generate",
    "prepare": "bench.rebuilding.prepare",
    "rebuild": "bench.rebuilding.rebuild",
    "read": "bench.beside.read",
    "unzip": "bench.beside.unzip",
    "orjson": "bench.beside.parse",
    "insert": "bench.beside.insert",
    "pandas": "bench.beside.pandas_script",
    "plain-sql": "bench.beside.plain_sql",
    "dlt": "bench.beside.dlt_objects",
    "dlt-arrow": "bench.beside.dlt_arrow",
    "day": "bench.days.one_more",
    "unchanged": "bench.days.unchanged",
    "queries": "bench.reading.queries",
    "file": "bench.reading.file_size",
    "gaps": "bench.reading.gaps_command",
    "ranks": "bench.reading.ranks",
}


def main(name: str, size: str, data: Path) -> None:
    """Measure in a working folder that is removed afterwards, and print the numbers."""
    module, function = MEASUREMENTS[name].rsplit(".", 1)
    if module != "bench.beside":
        # Where pandas is installed DuckDB imports it with the first parameter. Here it is for a peer alone.
        sys.modules["pandas"] = None  # type: ignore[assignment]
    measure = getattr(importlib.import_module(module), function)
    (data / "work").mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{name}-{size}-", dir=data / "work"))
    try:
        numbers = measure(size, data, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(json.dumps(numbers))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
