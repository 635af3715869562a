"""Messages from templates. Model names are strangers' text, and templates their users': both are tamed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_NAME, LONGEST_TEXT = 120, 1500

NAMES = (
    "heading", "rule", "severity", "place", "board", "title", "task", "metric", "words",
    "status", "value", "before", "threshold", "op", "unit", "value_text", "before_text",
    "threshold_text", "crossed", "back", "held", "as_of", "since", "count", "k", "leader",
    "rival", "former", "gap_text", "p", "z", "verdict", "sure", "cause", "why", "parts",
    "source", "url", "link", "origin", "facts",
)  # fmt: skip
"""What a template can use. docs/alerts.md says what each is."""


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """The text on one line, without characters that a terminal or a chat would obey, cut to a length."""
    shown = "".join(
        " " if char.isspace() else char
        for char in text
        # Control, format (right-to-left, zero width), surrogate, private and unassigned characters.
        if char.isspace() or not unicodedata.category(char).startswith("C")
    )
    plain = " ".join(shown.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def cleaned(value: Any) -> Any:
    """Plain JSON in which every text is clean."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value


def render(template: str, variables: Mapping[str, Any]) -> str:
    """The message of a template. Raises jinja2.TemplateError, and what its expressions raise."""
    return clean(_environment().from_string(template).render(variables), LONGEST_TEXT)


def template_error(template: str) -> str | None:
    """What is wrong with a template, in a sentence; None if it can be used."""
    from jinja2 import TemplateError, meta

    environment = _environment()
    try:
        used = meta.find_undeclared_variables(environment.parse(template))
        for name in sorted(used - set(NAMES) - set(environment.globals)):
            like = get_close_matches(name, NAMES, 3, 0.5) or NAMES
            return f"the template has no {name}; perhaps {', '.join(like)}"
        if not render(template, SAMPLE):
            return "the template gives no text"
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f" (line {line} of it)" if line and "\n" in template else ""
        return f"the template is wrong{where}: {error.message}"
    except Exception as error:  # noqa: BLE001 - a template's expressions may raise anything
        return f"the template cannot be used: {type(error).__name__}: {error}"
    return None


def _environment() -> ImmutableSandboxedEnvironment:
    # On most days there is no message, and nobody waits for its templates' library.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Not HTML: what a channel needs escaped is escaped where it is sent.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


SAMPLE: Mapping[str, Any] = {
    **dict.fromkeys(NAMES, "sample"),
    "value": 0.36,
    "before": 0.76,
    "threshold": 0.5,
    "count": 3,
    "k": 2,
    "p": 0.84,
    "z": 1.0,
    "facts": {},
}
