"""One rule of alerts.toml, and what would be right where it is wrong."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from flows.alerts.template import template_error
from warehouse.alert_metrics import CAUSES, KS, METRICS, VERDICTS, Metric

OPS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
ORDERED, EQUAL = ("<", "<=", ">", ">="), ("==", "!=")
HOURS = {"m": 1 / 60, "h": 1, "d": 24, "w": 168}
OVERALL = ("overall",)


class Wrong(ValueError):
    """A rule that is wrong at one of its keys."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(what)
        self.key = key


def nearest(word: object, words: Iterable[str]) -> str:
    """Which of the words may be meant; all of them where none is like it."""
    choices = list(words)
    return " or ".join(get_close_matches(str(word), choices, 3, 0.5)) or ", ".join(choices)


def _duration(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('is a duration such as "12h", "3d" or "2w"')
    found = re.fullmatch(r"\s*(\d+)\s*([mhdw])\s*", value)
    if not found or not 0 < int(found[1]) < 100_000:
        raise ValueError(f'{value!r} is no duration; write for example "12h", "3d" or "2w"')
    return timedelta(hours=int(found[1]) * HOURS[found[2]])


def _for(value: object) -> object:
    if isinstance(value, str):
        return _duration(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError('is a number of snapshots (1 or more) or a duration such as "3d"')
    return value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
Globs = Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
# An address may hold a password, so the file has only the name of a channel.
Channel = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]


class Rule(BaseModel):
    """When to send which message to whom. docs/alerts.md explains every field with examples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Text, Field(max_length=60)]
    board: Globs = ("*",)
    task: Globs = OVERALL
    metric: str
    k: Annotated[int, Field(strict=True)] | None = None
    op: Literal["<", "<=", ">", ">=", "==", "!="]
    threshold: bool | float | str
    recover: Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = None
    for_: Annotated[int | timedelta, BeforeValidator(_for), Field(alias="for")] = 1
    only_if_significant: Annotated[bool, Field(strict=True)] = False
    ignore_causes: Annotated[tuple[str, ...], BeforeValidator(_listed)] = (
        "rescale",
        "release",
        "turnover",
    )
    severity: Literal["info", "warning", "critical"] = "warning"
    notify: Annotated[tuple[Channel, ...], BeforeValidator(_listed)] = ()
    message: str | None = None
    resolved_message: str | None = None
    send_resolved: Annotated[bool, Field(strict=True)] = True
    repeat_every: Duration | None = None
    no_data_after: Duration | None = None

    @property
    def what(self) -> Metric:
        """The metric that is watched."""
        return METRICS[_full_name(self.metric, self.k)]

    def beyond(self, value: Any) -> bool:
        """Whether the value is on the wrong side of the threshold."""
        return OPS[self.op](value, self.threshold)

    def recovered(self, value: Any) -> bool:
        """Whether the value is back: beyond the threshold of recovery, if the rule has one."""
        back = self.threshold if self.recover is None else self.recover
        return not OPS[self.op](value, back)

    @field_validator("message", "resolved_message")
    @classmethod
    def _renders(cls, template: str | None) -> str | None:
        if template is not None and (error := template_error(template)):
            raise ValueError(error)
        return template

    @field_validator("ignore_causes")
    @classmethod
    def _causes(cls, causes: tuple[str, ...]) -> tuple[str, ...]:
        for cause in causes:
            if cause not in CAUSES:
                raise ValueError(f"there is no cause {cause!r}; perhaps {nearest(cause, CAUSES)}")
        return causes

    @model_validator(mode="after")
    def _fits_its_metric(self) -> Rule:
        _check_metric(self.metric, self.k)
        _check_threshold(self)
        _check_recover(self)
        _check_extent(self)
        return self


def _full_name(metric: str, k: int | None) -> str:
    return metric.replace("_k_", f"_{k}_") if metric == "gap_1_k_pct" else metric


def _check_metric(metric: str, k: int | None) -> None:
    if metric == "gap_1_k_pct":
        if k not in KS:
            raise Wrong("k", f"gap_1_k_pct needs k, one of {', '.join(map(str, KS))}")
    elif metric not in METRICS:
        names = [*METRICS, "gap_1_k_pct"]
        raise Wrong("metric", f"there is no metric {metric!r}; perhaps {nearest(metric, names)}")
    elif k is not None:
        raise Wrong("k", "k goes with gap_1_k_pct alone; leave it out")


def _check_threshold(rule: Rule) -> None:
    kind, threshold = rule.what.kind, rule.threshold
    allowed = ORDERED if kind == "number" else EQUAL
    if rule.op not in allowed:
        raise Wrong("op", f"{rule.metric} is a {kind}: op is {' or '.join(allowed)}, not {rule.op}")
    if kind == "number" and (isinstance(threshold, bool | str) or not abs(threshold) < 1e300):
        raise Wrong("threshold", f"{rule.metric} is a number, and so is its threshold")
    if kind == "yes or no" and not isinstance(threshold, bool):
        raise Wrong("threshold", f"{rule.metric} is true or false, and so is its threshold")
    if kind == "verdict" and threshold not in VERDICTS:
        raise Wrong("threshold", f"is a verdict: {nearest(threshold, VERDICTS)}, not {threshold!r}")


def _check_recover(rule: Rule) -> None:
    if rule.recover is None:
        return
    if rule.what.kind != "number" or rule.what.of == "step":
        raise Wrong("recover", f"{rule.metric} has no way back in small steps; leave recover out")
    down = rule.op in ("<", "<=")
    if (rule.recover < rule.threshold) if down else (rule.recover > rule.threshold):  # type: ignore[operator]
        raise Wrong(
            "recover",
            f"with op {rule.op} the way back is {'above' if down else 'below'} the threshold: "
            f"{rule.threshold:g} or {'more' if down else 'less'}, not {rule.recover:g}",
        )


def _check_extent(rule: Rule) -> None:
    what = rule.what
    if rule.only_if_significant and not what.noisy:
        noisy = ", ".join(name for name, metric in METRICS.items() if metric.noisy)
        raise Wrong("only_if_significant", f"the noise is known only of {noisy}")
    if what.of == "step" and (rule.for_ != 1 or rule.repeat_every):
        key = "for" if rule.for_ != 1 else "repeat_every"
        raise Wrong(key, f"{rule.metric} is of one step and over with the next; leave {key} out")
    if what.of != "board" and rule.no_data_after:
        hint = "; staleness_hours watches sources" if what.of == "source" else ""
        raise Wrong("no_data_after", f"goes with metrics of a board, not {rule.metric}{hint}")
    if what.of == "source":
        if any("/" in glob for glob in rule.board):
            raise Wrong("board", f'{rule.metric} is of a source: its id, such as "arena_daily"')
        if rule.task != OVERALL:
            raise Wrong("task", f"{rule.metric} is of a source, which has no tasks; leave it out")
