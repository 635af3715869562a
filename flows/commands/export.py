"""The tables as files for other tools."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.markup import escape

from flows.commands.common import USAGE, Stop, json_option
from flows.settings import Settings
from flows.show.text import counted, print_json
from warehouse import reader

KINDS = ("parquet", "csv", "json")


def _published(settings: Settings, db: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the tables were published: the file's time; of what is no file, the newest fetch in it."""
    from warehouse.descriptions import newest

    if isinstance(settings.published, Path):
        return datetime.fromtimestamp(settings.published.stat().st_mtime, UTC)
    return newest(db)


@click.command()
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for exports (default: exports/ in the home).",
)
@click.option(
    "--format",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="A file format (repeat; default: parquet and csv).",
)
@click.option(
    "--table", "tables", multiple=True, metavar="SCHEMA.TABLE", help="Only this table (repeat)."
)
@click.option("--eee", is_flag=True, help="Also the latest results as Every Eval Ever records.")
@json_option
def export(
    to: Path | None, kinds: tuple[str, ...], tables: tuple[str, ...], eee: bool, as_json: bool
) -> None:
    """Write the published tables as files, with what is to be known of them.

    Each export is a folder of its own; `latest` beside it points to the newest.
    """
    from flows import pipeline
    from flows.export import whole
    from flows.progress import announce, bars
    from sources import load_sources, local
    from warehouse.models import read_models

    settings = Settings()
    wanted = whole.Wanted(kinds or ("parquet", "csv"), tables, eee)
    with reader.reader(settings.published) as db, bars(Console(stderr=True)):
        now = datetime.now(UTC)
        try:
            done = whole.export(
                db,
                to or settings.home / "exports",
                wanted,
                whole.package(_published(settings, db) or now, version("photofinish")),
                now,
                keys={m.table: m.header.key for m in read_models(pipeline.SQL, pipeline.STEPS)},
                cards={source.id: source.card for source in load_sources().values()},
                site_url=settings.site_url,
                private=(local.CARD.id,),
                progress=announce("exporting tables"),
            )
        except whole.ExportRefused as error:
            raise Stop(str(error), USAGE) from error
    if as_json:
        return print_json(
            Console(),
            (
                {
                    "table": d.name,
                    "rows": d.rows,
                    "file": str(done.folder / f.name),
                    "bytes": f.size,
                }
                | {"sha256": f.sha256}
                for d in done.datasets
                for f in d.files
            ),
        )
    size = sum(file.size for dataset in done.datasets for file in dataset.files)
    records = f" and {counted(done.records, 'Every Eval Ever record')}" if eee else ""
    Console().print(
        f"{counted(len(done.datasets), 'table')}{records}, {size / 1e6:.1f} MB, in\n"
        f"{escape(str(done.folder))}\n"
        "datapackage.json there lists the files and what their columns mean.",
        soft_wrap=True,
        highlight=False,
    )
    return None
