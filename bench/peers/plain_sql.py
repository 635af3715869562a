"""DuckDB alone: read_json over the archive, and a few queries."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from bench.peers.changes import changes

METRICS = Path(__file__).with_name("metrics.sql")


def run(home: Path, out: Path) -> None:
    """Make the tables of metrics.sql from the archive in `home`, in `out`/plain.duckdb."""
    found = changes(home)
    with duckdb.connect(str(out / "plain.duckdb")) as db:
        db.execute("set preserve_insertion_order = false")
        db.register(
            "changes",
            pa.table(
                {
                    "board": [change.board for change in found],
                    "as_of": [change.day for change in found],
                    "path": [str(change.path) for change in found],
                }
            ),
        )
        db.execute(
            """
            create table listings as
            select changes.board, changes.as_of, rows.* exclude (filename)
            from read_json(
                $paths,
                format = 'array',
                filename = true,
                columns = {
                    model: 'varchar', organization: 'varchar', license: 'varchar', rating: 'double',
                    rating_q025: 'double', rating_q975: 'double', votes: 'bigint'
                }
            ) as rows
            join changes on changes.path = rows.filename
            """,
            {"paths": sorted({str(change.path) for change in found})},
        )
        db.execute(METRICS.read_text(encoding="utf-8"))
