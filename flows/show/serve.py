"""What serve says: what it keeps, what comes next and when, how a run ended."""

from __future__ import annotations

from datetime import datetime

from rich.markup import escape

from flows.schedule import Planned
from flows.serve import HUNG, STOPPED, Ran
from flows.show.status import age
from flows.show.text import moment

ENDED = {
    0: "all good",
    1: "[yellow]something is not well[/]; `photofinish status` says what",
    STOPPED: "stopped",
    HUNG: "[red]took too long and was ended[/]",
}


def plan_line(plan: Planned, has_work: bool) -> str:
    """A schedule that is kept, or why it is not."""
    command = escape(" ".join(plan.arguments))
    why = "" if has_work else ": no card says so, not kept"
    return f"{escape(plan.name)}: `photofinish {command}` at {plan.cron} ({plan.zone.key}){why}"


def next_line(plan: Planned, due: datetime, now: datetime) -> str:
    """What runs next, and when. `due` and `now` are UTC."""
    if due <= now:
        return f"[bold]Now[/] {escape(plan.name)} ({moment(now)} UTC)"
    return f"[bold]Next[/] {escape(plan.name)} at {moment(due)} UTC, in {age(due - now)}"


def ran_line(ran: Ran, now: datetime) -> str:
    """How a run ended."""
    told = ENDED.get(ran.code, f"[red]ended with {ran.code}[/]; what it says stands above")
    return f"{moment(now)} UTC {escape(ran.plan.name)}: {told} ({ran.seconds:.0f} s)"
