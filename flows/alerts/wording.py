"""What can be said of an alert, as variables for its template, and the templates of each metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flows.alerts.model import State, Status, Value
from flows.alerts.rule import Rule
from flows.alerts.template import clean, cleaned
from flows.show.text import listed
from warehouse.alert_metrics import Metric
from warehouse.alert_observations import Observation

WITHOUT_TASK = "overall"
NAMED = 3
STEP = (
    *("prev_as_of", "prev_gap_pct", "delta_pct", "left_top", "entered_top", "n_exits"),
    *("from_exits", "from_rescale", "from_scores", "from_entries"),
)
"""Facts of the step from one date to the next."""


@dataclass(frozen=True)
class Told:
    """What a message is about: `one` is the observation behind it, where there is one.

    because: the observation that crossed or recovered, whose step says why.
    """

    rule: Rule
    state: State
    status: Status
    one: Observation | None
    at: datetime
    because: Observation | None = None
    repeated: bool = False
    back: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the board now, and of the step in which it crossed or recovered."""
        now = dict(self.one.facts) if self.one else {}
        step = self.because.facts if self.because else dict.fromkeys(STEP)
        return {name: step[name] if name in STEP else value for name, value in now.items()}


def variables(told: Told) -> dict[str, Any]:
    """Everything a template can use: the names of flows.alerts.template.NAMES."""
    rule, state, what = told.rule, told.state, told.rule.what
    safe = cleaned(told.facts)
    links = [str(safe.get(name) or "") for name in ("homepage", "url")]
    link = next((one for one in links if one.startswith(("https://", "http://"))), "")
    cause = told.because.cause if told.because else None
    z = told.one.z if told.one and told.one.z is not None else safe.get("gap_z")
    return {
        "heading": clean(rule.name[:1].upper() + rule.name[1:].replace("-", " ")),
        "rule": clean(rule.name),
        "severity": rule.severity,
        "board": clean(state.board),
        "task": clean(state.task),
        "place": clean(
            state.board if state.task == WITHOUT_TASK else f"{state.board} {state.task}"
        ),
        "title": safe.get("title") or clean(state.board),
        "metric": what.name,
        "words": what.words,
        "status": told.status,
        "op": rule.op,
        "unit": what.unit,
        "value": state.value,
        "before": state.settled,
        "threshold": rule.threshold,
        "value_text": shown(what, state.value),
        "before_text": shown(what, state.settled),
        "threshold_text": shown(what, rule.threshold),
        "crossed": _side(rule, rule.op, rule.threshold),
        "back": _side(
            rule, AWAY[rule.op], rule.threshold if rule.recover is None else rule.recover
        ),
        "held": _held(told),
        "as_of": f"{state.seen_at:%Y-%m-%d}",
        "since": f"{told.because.at if told.because else state.since:%Y-%m-%d}",
        "count": state.count,
        "k": what.k,
        "leader": safe.get("top_model") or safe.get("leader") or safe.get("model_a") or "",
        "rival": safe.get("kth_model") or safe.get("model_b") or "",
        "former": safe.get("prev_leader") or "",
        "gap_text": f"{safe['gap_pct']:.2f}%" if safe.get("gap_pct") is not None else "",
        "p": safe.get("p_top_better"),
        "z": z,
        "verdict": safe.get("verdict") or "",
        "sure": _sure(what, safe),
        "cause": cause or "",
        "why": _why(what, cause, safe),
        "parts": _parts(safe),
        "source": safe.get("source") or "",
        "url": safe.get("url") or "",
        "link": link,
        "origin": _origin(safe, state, link),
        "facts": safe,
    }


def shown(what: Metric, value: Value) -> str:
    """A value for people: percent with two decimals, hours as days where they are many."""
    if value is None or isinstance(value, str):
        return clean(value or "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if what.unit == " h":
        days = f"{value / 24:.1f}".removesuffix(".0")
        return f"{days} days" if value >= 48 else f"{value:.0f} hours"
    if what.unit == "%":
        return f"{value:.2f}%"
    return f"{value:.3f}".rstrip("0").rstrip(".")


AWAY = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
SIDES = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "", "!=": "not"}


def _side(rule: Rule, op: str, threshold: Value) -> str:
    """Such as: below 0.5%."""
    plain = isinstance(threshold, float) and rule.what.unit == "%"
    told = f"{threshold:g}%" if plain else shown(rule.what, threshold)
    return f"{SIDES[op]} {told}".strip()


def _held(told: Told) -> str:
    if told.status == "no_data" and told.rule.no_data_after:
        return _span(told.rule.no_data_after)
    since = f" since {told.because.at:%Y-%m-%d}" if told.because else ""
    if isinstance(told.rule.for_, timedelta):
        return f"for {_span(told.rule.for_)}{since}"
    return f"for {told.state.count} snapshots{since}" if told.state.count > 1 else ""


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    count, word = (hours / 24, "day") if hours >= 48 else (hours, "hour")
    return f"{count:g} {word}{'' if count == 1 else 's'}"


def _sure(what: Metric, facts: Mapping[str, Any]) -> str:
    """How sure the order of the two models is, as the board's own noise says."""
    if what.name in ("n_tied", "top10_entrants", "kendall_tau") or what.of == "source":
        return ""
    verdict, p = facts.get("verdict"), facts.get("p_top_better")
    if verdict in (None, "unknown"):
        return "how sure is not known"
    said = "within the noise" if verdict == "photo finish" else "more than noise"
    if p is None:
        return said
    return f"{said} (p {f'= {p:.2f}' if p < 0.995 else '> 0.99'} that the first is better)"


def _why(what: Metric, cause: str | None, facts: Mapping[str, Any]) -> str:
    if what.name == "quarantined":
        return str(facts.get("reason") or "")
    if what.name == "staleness_hours":
        return f"Last error: {facts['error']}." if facts.get("error") else ""
    entered, left = facts.get("entered_top") or [], facts.get("left_top") or []
    gone = facts.get("n_exits") or len(left)
    said = {
        "entries": f"a new entrant, {listed(entered, NAMED)}"
        if len(entered) == 1
        else f"{len(entered)} new entrants, {listed(entered, NAMED)}"
        if entered
        else "new entrants",
        "exits": (f"{gone} models were delisted" if gone > 1 else "a model was delisted")
        + (f", {listed(left, NAMED)} among them" if left else ""),
        "scores": "new scores of the models in both lists",
        "rescale": "the whole board moved: the scale changed, not the models",
        "release": "a new release or source, which is not comparable with the one before",
        "turnover": "hardly a model is in both lists",
        "none": "the gap did not move, its noise did" if what.name == "verdict" else "",
    }.get(cause or "", "")
    return f"Cause: {said}." if said else ""


def _parts(facts: Mapping[str, Any]) -> str:
    parts = [
        f"{name} {facts[f'from_{name}']:+.2f}"
        for name in ("exits", "rescale", "scores", "entries")
        if facts.get(f"from_{name}") is not None
    ]
    return ", ".join(parts)


def _origin(facts: Mapping[str, Any], state: State, link: str) -> str:
    if not facts.get("source"):
        return ""
    return f"Source {facts['source']} as of {state.seen_at:%Y-%m-%d}" + (
        f", {link}" if link else ""
    )
