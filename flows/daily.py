"""The daily flow: one task per source, then load, transform and publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import wait
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task

from flows import log, pipeline
from flows.alerts.run import Alerted
from flows.artifacts import leave_summary
from flows.pull import Pulled, pull
from flows.settings import Settings
from flows.show.boards import gaps_markdown
from flows.show.text import markdown_text
from flows.tasks import evaluate_alerts, load, publish, publish_page, send_alerts, transform
from flows.watched import files_of
from sources import Source, load_sources
from warehouse.archive import Archive
from warehouse.damage import problems
from warehouse.reader import latest_gaps, quarantined, reader


@dataclass(frozen=True)
class SourceReport:
    """How one source fared in a run."""

    source: str
    outcome: str
    """new, unchanged, failed or quarantined"""
    files: int
    problem: str = ""

    @property
    def sick(self) -> bool:
        return self.outcome in ("failed", "quarantined")


@dataclass(frozen=True)
class Report:
    """What a run came to."""

    run_id: str
    sources: Sequence[SourceReport] = field(default_factory=list)
    parsed: int = 0
    alerts: Alerted = field(default_factory=Alerted)
    damaged: Sequence[str] = ()
    """Payloads that the archive could not give back: what is wrong with each."""
    page: str = ""
    """What went wrong with the page; empty if nothing did."""


class PullFailed(Exception):
    """A source could not be had; what of it came is in the archive."""

    def __init__(self, pulled: Pulled) -> None:
        super().__init__("; ".join(pulled.failures))
        self.pulled = pulled


def _worth_another_try(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return not (isinstance(error, PullFailed) and error.pulled.permanent)


@task(name="pull", task_run_name="pull {source_id}", cache_policy=NO_CACHE)
def pull_source(source_id: str, tidy: Path | None, run_id: str, as_of: datetime | None) -> Any:
    """Get one source into the archive. Raises PullFailed if a file of it could not be had."""
    settings = _settings(tidy)
    with log.step("pull", run_id=run_id, source=source_id) as told:
        pulled = pull(
            load_sources()[source_id], settings, run_id, lambda: as_of or datetime.now(UTC)
        )
        told["files"] = pulled.files
        if pulled.failures:
            raise PullFailed(pulled)
    return pulled


@flow(
    name="photofinish-daily",
    flow_run_name=lambda: f"daily {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
    validate_parameters=True,
)
def daily(
    sources: list[str] | None = None,
    as_of: datetime | None = None,
    tidy: Path | None = None,
    cadence: str | None = None,
) -> Any:
    """Pull the sources (all by default), load, transform, hold to the alert rules, publish, send, show.

    With `cadence` only the sources whose card says so; where there is none, nothing is done.

    A source that fails or is quarantined leaves the others landed; the run is then named Partial.
    What goes wrong with alerts or the page is told in its message and does not change its state.
    """
    settings = _settings(tidy)
    chosen = _choose(load_sources(), sources, settings, cadence)
    run_id = pipeline.new_run_id(datetime.now(UTC))
    if cadence and not chosen:
        return Completed(name="Idle", message=f"no card says {cadence}", data=Report(run_id))
    with pipeline.only_run(settings, f"the daily run {run_id}"), log.run(run_id):
        pulled = _pull_all(chosen, settings, run_id, as_of)
        with pipeline.kept_open(settings):
            parsed = load()
            with pipeline.only_transform(settings, f"the daily run {run_id}"):
                transform()
                with pipeline.merged_meanwhile(settings):
                    alerts = evaluate_alerts(as_of or datetime.now(UTC))
                publish()
                # After publication: who gets a message finds in the published file what it is about.
                alerts = send_alerts(run_id, alerts)
                page = publish_page()
    damaged = problems(settings.published)
    report = Report(run_id, _report(pulled, settings), parsed, alerts, damaged, page)
    _write_artifact(settings, report)
    leave_summary(settings, report)
    return _final_state(report)


def _settings(tidy: Path | None) -> Settings:
    return Settings(tidy=tidy) if tidy else Settings()


def _choose(
    every: dict[str, Source],
    wanted: list[str] | None,
    settings: Settings,
    cadence: str | None = None,
) -> dict[str, Source]:
    if unknown := set(wanted or ()) - set(every):
        known = ", ".join(every)
        raise ValueError(f"no source {', '.join(sorted(unknown))}; there are {known}")
    now = datetime.now(UTC)
    due = set(wanted) if wanted else every.keys() - _done_for_good(every, settings)
    return {
        id_: source
        for id_, source in every.items()
        if id_ in due and cadence in (None, source.card.cadence) and files_of(source, settings, now)
    }


def _done_for_good(every: dict[str, Source], settings: Settings) -> set[str]:
    """Sources whose publisher has stopped and of which we have something already."""
    frozen = {id_ for id_, source in every.items() if source.card.cadence == "frozen"}
    return Archive(settings.archive).holding(frozen)


def _pull_all(
    chosen: dict[str, Source], settings: Settings, run_id: str, as_of: datetime | None
) -> list[Pulled]:
    patient = pull_source.with_options(
        retries=settings.retries,
        retry_delay_seconds=[settings.retry_delay * 2**i for i in range(settings.retries)] or 0,
        retry_jitter_factor=0.5,
        retry_condition_fn=_worth_another_try,
        timeout_seconds=settings.total_timeout * 4,
    )
    futures = [patient.submit(id_, settings.tidy, run_id, as_of) for id_ in chosen]
    wait(futures)
    found = []
    for id_, future in zip(chosen, futures, strict=True):
        result = future.result(raise_on_failure=False)
        if isinstance(result, PullFailed):
            result = result.pulled
        elif isinstance(result, BaseException):
            result = Pulled(id_, 0, [], [f"{type(result).__name__}: {result}"])
        found.append(result)
    return found


def _report(pulled: list[Pulled], settings: Settings) -> list[SourceReport]:
    with reader(settings.published) as db:
        refused = quarantined(db)
    reports = []
    for one in pulled:
        reasons = {
            refused[key]
            for f in one.fetches
            if (key := (f.payload_sha256 or "", f.source, f.url)) in refused
        }
        if one.failures:
            outcome, problem = "failed", "; ".join(one.failures)
        elif reasons:
            outcome, problem = "quarantined", "; ".join(sorted(reasons))
        else:
            outcome = "new" if any(f.outcome == "new" for f in one.fetches) else "unchanged"
            problem = ""
        reports.append(SourceReport(one.source, outcome, one.files, problem))
    return reports


def _write_artifact(settings: Settings, report: Report) -> None:
    with reader(settings.published) as db:
        table = gaps_markdown(latest_gaps(db))
    sick = "".join(
        f"- {r.source}: {r.outcome}: {markdown_text(r.problem)}\n" for r in report.sources if r.sick
    )
    problems = f"\n## Problems\n\n{sick}" if sick else ""
    alerts = _alerts_markdown(report.alerts)
    create_markdown_artifact(
        key="photofinish-gaps",
        markdown=f"# How close the race is\n\n{table}\n{alerts}{problems}",
        description=f"Gaps after run {report.run_id}",
    )


def _alerts_markdown(alerts: Alerted) -> str:
    lines = [f"- {markdown_text(event.text)}" for event in alerts.events]
    if alerts.told:
        lines.append(f"- {markdown_text(alerts.told)}")
    listed = "\n".join(lines)
    return f"\n## Alerts\n\n{listed}\n" if lines else ""


def _final_state(report: Report) -> State[Any]:
    sick = [r for r in report.sources if r.sick]
    landed = len(report.sources) - len(sick)
    told = f"{landed} of {len(report.sources)} sources landed"
    if report.alerts.told:
        told += f"; {report.alerts.told}"
    if report.damaged:
        told += f"; {len(report.damaged)} payloads of the archive are damaged"
    if report.page:
        told += f"; {report.page}"
    if not sick:
        name = "Partial" if report.damaged else None
        return Completed(name=name, message=told, data=report)
    troubles = "; ".join(f"{r.source} {r.outcome}: {r.problem}" for r in sick)
    if landed:
        return Completed(name="Partial", message=f"{told}; {troubles}", data=report)
    return Failed(name="NothingLanded", message=f"{told}; {troubles}", data=report)
