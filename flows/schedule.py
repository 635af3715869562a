"""The schedules of prefect.yaml, read without Prefect: what runs when, as a command of photofinish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from cronsim import CronSim, CronSimError

COMMANDS = {
    "flows/daily.py:daily": ("run", {"sources": "--source", "cadence": "--cadence"}),
    "flows/upkeep.py:verify": ("verify", {}),
}
"""For each flow the command that does the same, and its options for the flow's parameters."""


class BadSchedule(Exception):
    """A schedule in prefect.yaml cannot be kept. Names the deployment and what is wrong."""


@dataclass(frozen=True)
class Planned:
    """A command that runs again and again: `photofinish *arguments`, at the times of a cron expression."""

    name: str
    arguments: tuple[str, ...]
    cron: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """The next time after `moment`, in UTC. In a change of the clock, as Debian's cron does."""
        return next(CronSim(self.cron, moment.astimezone(self.zone))).astimezone(UTC)


def planned(file: Path) -> list[Planned]:
    """What the deployments of a prefect.yaml do by cron, in its order; inactive schedules are left out.

    Raises BadSchedule.
    """
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
        deployments = list(written["deployments"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise BadSchedule(f"{file} holds no deployments that can be read: {error}") from error
    return [plan for deployment in deployments for plan in _plans(deployment)]


def _plans(deployment: Mapping[str, Any]) -> Iterator[Planned]:
    name = str(deployment.get("name"))
    for schedule in deployment.get("schedules") or ():
        if schedule.get("active", True) is False or deployment.get("paused"):
            continue
        if "cron" not in schedule:
            raise BadSchedule(f"{name}: serve keeps schedules by cron only, not {sorted(schedule)}")
        zone = schedule.get("timezone") or "UTC"
        try:
            plan = Planned(name, _command(name, deployment), schedule["cron"], ZoneInfo(zone))
            plan.after(datetime.now(UTC))
        except (CronSimError, StopIteration) as error:
            raise BadSchedule(
                f"{name}: {schedule['cron']!r} is no time by cron: {error}"
            ) from error
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadSchedule(f"{name}: {zone!r} is no timezone") from error
        yield plan


def _command(name: str, deployment: Mapping[str, Any]) -> tuple[str, ...]:
    entrypoint = deployment.get("entrypoint")
    if entrypoint not in COMMANDS:
        raise BadSchedule(f"{name}: serve has no command for {entrypoint}; a worker can run it")
    command, options = COMMANDS[entrypoint]
    arguments = [command]
    for parameter, value in (deployment.get("parameters") or {}).items():
        if value is None:
            continue
        if parameter not in options:
            raise BadSchedule(
                f"{name}: serve cannot give {parameter} to `photofinish {command}`; a worker can"
            )
        for one in value if isinstance(value, list) else [value]:
            arguments += [options[parameter], str(one)]
    return tuple(arguments)
