"""What a run leaves in Prefect beside its state: a summary of how each source fared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prefect.artifacts import create_markdown_artifact

from flows.settings import Settings
from flows.show.summary import Line, summary_markdown
from flows.watched import watched
from warehouse.health import cost, health
from warehouse.reader import reader

if TYPE_CHECKING:
    from flows.daily import Report


def leave_summary(settings: Settings, report: Report) -> None:
    """The artifact photofinish-run: per source outcome, rows, age of its newest snapshot, time taken."""
    create_markdown_artifact(
        key="photofinish-run",
        markdown=f"# Run {report.run_id}\n\n{summary_markdown(lines(settings, report))}\n",
        description=f"How the sources fared in run {report.run_id}",
    )


def lines(settings: Settings, report: Report) -> Sequence[Line]:
    """A line per source of the run, from the published file."""
    now = datetime.now(UTC)
    with reader(settings.published) as db:
        known = {
            one.source: one for one in health(db, watched(settings, now), now.replace(tzinfo=None))
        }
        took = cost(db, report.run_id)
    return [
        Line(
            source=one.source,
            outcome=one.outcome,
            rows=known[one.source].rows,
            newest=known[one.source].as_of,
            age_days=(now.date() - as_of).days if (as_of := known[one.source].as_of) else None,
            seconds=took.get(one.source, (0, 0))[1] / 1000,
            problem=one.problem,
        )
        for one in report.sources
    ]
