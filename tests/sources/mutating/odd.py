"""Values that nobody expects where they stand."""

from __future__ import annotations

from typing import Any


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "-",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "1e999",
    "null",
    "%",
    "abc",
    True,
    False,
    0,
    -1,
    -1.5,
    0.5,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    2**31,
    2**63,
    -(2**63) - 1,
    10**30,
    10**400,
    "9" * 400,
    "1" + "0" * 30,
    "1,024",
    "1,2,3",
    "１２",
    "٣",
    "0x10",
    "1_000",
    "2999-01-01",
    "0001-01-01",
    "9999-12-31",
    "2025-02-30",
    "20250230",
    "2025-13-01T99:99:99Z",
    "10000-01-01",
    "=1+1",
    "<b>",
    "[/]",
    "\u202e",
    "\u0000",
    "\x1b[31m",
    "a\nb",
    "\U0001f600",
    "x" * 100_000,
    "🦆" * 20_000,
    [],
    {},
    [[]],
    [1, "a", None],
    {"a": 1},
    nested(30),
    nested(600),
)

PLAIN = [value for value in ODD if not isinstance(value, list | dict)]
TEXTS = [str(value) for value in PLAIN]
