"""Secrets taken out of text before anyone reads it: logins and tokens in addresses, and what the
environment holds in secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

HIDDEN = "***"
LOGIN = re.compile(r"(?<=://)[^\s/?#]*@")
NAMES = r"[\w-]{0,40}(?:token|secret|passw|pwd|api[_-]?key|signature|credential)[\w-]{0,40}"
PARAMETER = re.compile(rf"(?i)([?&;#](?:{NAMES}|key|sig|auth|code)=)[^\s&;#'\"<>]+")
HEADER = re.compile(
    r"(?i)\b((?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?(?:\w+ )?|bearer )[^\s'\",]+"
)
SECRET_VARIABLE = re.compile(
    r"PHOTOFINISH_NOTIFY_|PREFECT_API_(?:KEY|AUTH_STRING)$|PREFECT_API_DATABASE_CONNECTION_URL$"
)
SHORTEST = 6
"""Characters of a secret that is worth looking for: a shorter one stands in too many words."""


def redacted(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text without secrets: user:password@ and ?token=... of addresses, authorization headers, and
    the values of the variables that hold addresses of channels and the login to Prefect."""
    for name, value in environ.items():
        if SECRET_VARIABLE.match(name) and len(value) >= SHORTEST:
            text = text.replace(value, HIDDEN)
    text = LOGIN.sub(f"{HIDDEN}@", text)
    text = PARAMETER.sub(rf"\g<1>{HIDDEN}", text)
    return HEADER.sub(rf"\g<1>{HIDDEN}", text)
