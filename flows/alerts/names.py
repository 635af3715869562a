"""Names of channels: what a rule's notify says, and the variable that holds the address."""

from __future__ import annotations

import re

PREFIX = "PHOTOFINISH_NOTIFY_"
NO_NAME = "(not a name)"


def as_channel(name: str) -> str:
    """The name, or NO_NAME for what is none: an address written in a rule must not be kept anywhere."""
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,39}", name) else NO_NAME


def variable(name: str) -> str:
    """The environment variable with the address of a channel: on-call is PHOTOFINISH_NOTIFY_ON_CALL."""
    return PREFIX + name.upper().replace("-", "_")
