"""The page: a static site from the published tables."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from rich.console import Console

from flows.commands.common import json_option
from flows.progress import bars
from flows.settings import Settings
from flows.show.text import counted, print_json

if TYPE_CHECKING:
    from flows.page.site import Published


@click.command()
@click.option("--anew", is_flag=True, help="Look at every page even if no table has changed.")
@json_option
def publish(anew: bool, as_json: bool) -> None:
    """Publish the page: a folder of static files that opens in any browser, with no server.

    It is made from the tables that the last run published, and a run makes it too (PHOTOFINISH_PAGE). Files
    that have not changed are left alone. PHOTOFINISH_SITE_URL names the address it will have.
    """
    from flows import pipeline
    from flows.page.site import publish_site
    from flows.progress import announce

    settings = Settings()
    began = time.monotonic()
    with pipeline.only_run(settings, "a publication of the page"), bars(Console(stderr=True)):
        done = publish_site(settings, announce("writing pages"), anew)
    if as_json:
        facts = {
            "folder": done.folder,
            "index": done.index,
            "boards": done.boards,
            "models": done.models,
            "files": done.files,
            "changed": done.changed,
            "skipped": done.skipped,
        }
        return print_json(Console(), [facts])
    _say(done, time.monotonic() - began)
    return None


def _say(done: Published, seconds: float) -> None:
    found = f"{counted(done.boards, 'board')} and {counted(done.models, 'model')}"
    if done.skipped:
        said = f"Nothing on the page of {found} has changed since it was published; --anew looks again."
    else:
        said = (
            f"The page of {found} is published: {done.changed} of {counted(done.files, 'file')} "
            f"written in {seconds:.0f} s."
        )
    console = Console()
    console.print(said, soft_wrap=True, highlight=False)
    console.print(
        f"Next: open {done.index.resolve().as_uri()} in a browser, or copy {done.folder} to any host "
        "of static files.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
