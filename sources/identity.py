"""Model names: the same model is written in many ways; this brings the certain ones together.

`canonical` applies rules that hold for every source and never guesses: what a rule does not know
stays apart. What is certain but follows no rule is an alias (reference/aliases.csv). A false merge
is far worse than a missed one: sizes, dates, efforts, thinking, previews, quantisations and modes
all stay in the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

AS_PUBLISHED = "as published"

VENDORS = (
    "01-ai",
    "ai21",
    "alibaba",
    "allenai",
    "amazon",
    "anthropic",
    "baidu",
    "bytedance",
    "cohere",
    "coherelabs",
    "databricks",
    "deepseek",
    "deepseek-ai",
    "gemini",
    "google",
    "ibm-granite",
    "meta-llama",
    "microsoft",
    "minimax",
    "minimaxai",
    "mistral",
    "mistralai",
    "moonshot",
    "moonshotai",
    "nousresearch",
    "nvidia",
    "openai",
    "qwen",
    "snowflake",
    "stepfun-ai",
    "thudm",
    "x-ai",
    "xai",
    "z-ai",
    "zai-org",
)
"""Makers that stand before a slash. Hosts do not ("groq.com/", "ollama/", "together.ai/"): the same
weights at two hosts are two entries, and what a host serves may be quantised."""

FAMILIES = (
    ("ai21", r"jamba"),
    ("anthropic", r"claude"),
    ("cohere", r"command|aya"),
    ("databricks", r"dbrx"),
    ("deepseek-ai", r"deepseek"),
    ("google", r"gemini|gemma|palm"),
    ("ibm", r"granite"),
    ("meta", r"llama"),
    ("microsoft", r"phi|wizardlm"),
    ("moonshot-ai", r"kimi"),
    ("openai", r"gpt|o1|o3|o4"),
    ("xai", r"grok"),
    ("zhipu-?ai", r"glm"),
)
"""Makers written as a word before their own family ("Google Gemini-1.5-Pro", "Meta-Llama-3-8B")."""

VENDOR_PATH = re.compile(rf"(?:openrouter/(?=[^/]+/))?(?:{'|'.join(VENDORS)})/(?=[^/]+$)")
VENDOR_WORD = re.compile("|".join(rf"{maker}-(?=(?:{own})(?![a-z]))" for maker, own in FAMILIES))
DATE = re.compile(r"(?<!\d)(20[2-4]\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
VERSION = re.compile(r"(?<![\d.])(?<!\d-)(\d)-(\d)(?=-(?!\d(?!\d))|$)")
NUMBERED = re.compile(
    r"^(?:(qwen)-(?=[123](?:\.\d)?-)|(llama|gemma)(?=[234](?:\.\d)?-)|(gpt)(?=[34](?:\.5)?(?:-|$)))"
)
EFFORT = re.compile(r"-(minimal|low|medium|high|xhigh)-reasoning$")
BUDGET = re.compile(r"-(\d+k)-think(?:ing)?(?:-tokens)?$")
MARKS = re.compile(r"[*`]")
SEPARATORS = re.compile(r"[\s_()\[\]-]+")
PLUSES = re.compile(r"(?:-?\+)+-?")
ATTACHED_PLUS = re.compile(r"(?<=[a-z0-9])\++(?=-)|-?\++$")


def canonical(name: str) -> tuple[str, str]:
    """The key of a published name, and the last rule that changed something."""
    key, last = name, AS_PUBLISHED
    for rule, change in RULES:
        changed = change(key)
        if changed != key:
            key, last = changed, rule
    return key, last


def identify(source: str, name: str, aliases: Mapping[tuple[str, str], str]) -> tuple[str, str]:
    """The model behind a name in a source: its alias, in this source or in all, else its key.

    An alias may be written as published or as a key.
    """
    key, rule = canonical(name)
    for scope in (source, "*"):
        for written in (name, key):
            if (scope, written) in aliases:
                return aliases[scope, written], "alias"
    return key, rule


def _case_and_separators(name: str) -> str:
    """Lower case; brackets, blanks and underscores are hyphens; emphasis marks go.

    Command R+ is Command R Plus; a plus between two names is a mixture and stays.
    """
    hyphens = SEPARATORS.sub("-", MARKS.sub("", name.lower())).strip("-")
    return PLUSES.sub("+", ATTACHED_PLUS.sub("-plus", hyphens)).strip("-") or name


def _vendor(key: str) -> str:
    path = VENDOR_PATH.match(key)
    rest = key[path.end() :] if path else key
    word = VENDOR_WORD.match(rest)
    return rest[word.end() :] if word else rest


def _date(key: str) -> str:
    return DATE.sub(r"\1\2\3", key)


def _version(key: str) -> str:
    return VERSION.sub(r"\1.\2", key)


def _family_number(key: str) -> str:
    """qwen-2.5-72b is qwen2.5-72b; llama3-70b is llama-3-70b; gpt4-0613 is gpt-4-0613."""
    return NUMBERED.sub(lambda found: found[1] or f"{found[2] or found[3]}-", key)


def _effort(key: str) -> str:
    """High-reasoning is -high, 32k-thinking-tokens is -thinking-32k; nothing stated stays so."""
    return BUDGET.sub(r"-thinking-\1", EFFORT.sub(r"-\1", key))


RULES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("case and separators", _case_and_separators),
    ("vendor prefix", _vendor),
    ("date form", _date),
    ("version dot", _version),
    ("family number", _family_number),
    ("effort wording", _effort),
)
