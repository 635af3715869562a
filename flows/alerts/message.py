"""The message of an event: what crossed, from what to what, since when, how sure, why, where to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.alerts.model import Event
from flows.alerts.template import cleaned, render
from flows.alerts.wording import Told, variables

_TAIL = "{% if why %} {{ why }}{% endif %}{% if origin %} {{ origin }}{% endif %}"
_WAS = "{% if before_text %} (was {{ before_text }}){% endif %}"
_NUMBER = (
    "{{ heading }} on {{ place }}: {{ words }} {{ value_text }}"
    + _WAS
    + ", {{ crossed }}{% if held %} {{ held }}{% endif %}{% if sure %}; {{ sure }}{% endif %}."
    + _TAIL
)
_SIDES = (
    "{{ heading }} on {{ place }}: {{ words }} {{ value_text }}"
    + _WAS
    + ", {{ crossed }}{% if held %} {{ held }}{% endif %}: {{ leader }} against {{ rival }}; {{ sure }}."
    + _TAIL
)
TEMPLATES: Mapping[str, str] = {
    "frontier_country_gap_pct": _SIDES,
    "frontier_openness_gap_pct": _SIDES,
    "verdict": "{{ heading }} on {{ place }}: {{ value_text }}" + _WAS + "{% if held %} {{ held }}"
    "{% endif %}, {{ leader }} {{ gap_text }} ahead of {{ rival }}; {{ sure }}." + _TAIL,
    "leader_changed": "{{ heading }} on {{ place }}: {{ leader }} in place of {{ former }}, "
    "{{ gap_text }} ahead of the second; {{ sure }}." + _TAIL,
    "top10_entrants": "{{ heading }} on {{ place }}: {{ value_text }} models new in the first ten, "
    "{{ crossed }}." + _TAIL,
    "staleness_hours": "{{ heading }}: {{ board }} has not answered well for {{ value_text }}, "
    "{{ crossed }}.{% if why %} {{ why }}{% endif %} Next: photofinish status.",
    "quarantined": "{{ heading }}: a payload of {{ board }} is in quarantine"
    "{% if why %}: {{ why }}{% endif %}. Its boards keep their last good state. "
    "Next: photofinish status.",
}
"""The wording of each metric while nothing else is asked for; numbers share one."""

OVER: Mapping[str, str] = {
    "verdict": "Over: {{ heading }} on {{ place }}: {{ value_text }}" + _WAS + ", {{ leader }} "
    "{{ gap_text }} ahead of {{ rival }}; {{ sure }}." + _TAIL,
    "staleness_hours": "Over: {{ heading }}: {{ board }} answers again.",
    "quarantined": "Over: {{ heading }}: {{ board }} could be read again.",
    "": "Over: {{ heading }} on {{ place }}: {{ words }} {{ value_text }}"
    + _WAS
    + ", {{ back }}{% if sure %}; {{ sure }}{% endif %}."
    + _TAIL,
}
NO_DATA = (
    "No data for {{ heading }} on {{ place }} for {{ held }}: the last is of {{ as_of }}, "
    "{{ words }} {{ value_text }}. Next: photofinish status."
)
BACK = "Data again for {{ heading }} on {{ place }}: {{ words }} {{ value_text }}. {{ origin }}"


def event(told: Told) -> Event:
    """The event with its text and facts; a template of the user that fails gives way to the default."""
    rule, state = told.rule, told.state
    names = variables(told)
    return Event(
        rule=rule.name,
        severity=rule.severity,
        board=state.board,
        task=state.task,
        metric=rule.what.name,
        status=told.status,
        observed_at=told.at,
        value=state.value,
        before=state.settled,
        threshold=rule.threshold,
        text=_text(told, names),
        notify=rule.notify,
        facts=cleaned(
            {
                **told.facts,
                "cause": names["cause"],
                "as_of": names["as_of"],
                "since": names["since"],
                "count": state.count,
                "link": names["link"],
                "repeated": told.repeated,
            }
        ),
    )


def _text(told: Told, names: Mapping[str, Any]) -> str:
    default = render(default_template(told), names)
    own = told.rule.message if told.status == "firing" else told.rule.resolved_message
    if own is None or told.status == "no_data" or told.back:
        return f"Still: {default}" if told.repeated else default
    try:
        return render(own, names) or default
    except Exception:  # noqa: BLE001 - a user's template may meet a fact that its sample did not have
        return default


def default_template(told: Told) -> str:
    """The wording where the rule has none of its own."""
    name = told.rule.what.name
    if told.status == "no_data":
        return NO_DATA
    if told.status == "resolved":
        return BACK if told.back else OVER.get(name, OVER[""])
    return TEMPLATES.get(name, _NUMBER)
