"""Published sentences about a board (`claims.toml`), and for each the query that holds it to the data.

There are three kinds: how far the first is ahead of the k-th, how far the best of one group is ahead of
the best of another, and who led. Every query gives one row with the columns value and agrees.
"""

from __future__ import annotations

import tomllib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date as Day
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from warehouse.definitions import Definition, Nth, Unit, Who
from warehouse.gap_queries import State, gaps_query, groups_query, leaders_query
from warehouse.quoting import quoted

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

OPENNESS = {"proprietary": "false", "open": "true"}
# Decimal fractions such as 5.4 + 0.05 are not exact in binary: an edge belongs to the claim.
HAIR = 1e-9


class BrokenClaims(Exception):
    """The file of claims cannot be read at all. Names what would be right."""


class Claim(BaseModel, ABC):
    """What every kind of claim says: the sentence, whose it is, and of which state of which board."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    PARTS: ClassVar[tuple[str, ...]] = ("nth", "unit", "who")
    """The choices of a definition that mean something for this kind."""

    text: Text
    source: Text
    board: Text
    task: Text = "overall"
    date: Day
    definition: Definition = Definition()
    note: str = ""

    @model_validator(mode="after")
    def _only_what_has_a_meaning(self) -> Claim:
        vain = self.definition.model_fields_set - set(self.PARTS)
        if vain:
            raise ValueError(
                f"{' and '.join(sorted(vain))} of the definition says nothing here; "
                f"it may have {' and '.join(self.PARTS)}"
            )
        return self

    def definitions(self) -> Iterator[Definition]:
        """The claim's own definition, then the others under which it may hold, the most alike first."""
        yield self.definition
        for other in self.definition.others():
            if set(other.apart(self.definition)) <= set(self.PARTS):
                yield other

    @abstractmethod
    def query(self, state: State, definition: Definition) -> str:
        """A query against the published file: one row, what the data give and whether it agrees."""


class Measured(Claim):
    """A claim of a number: `value`, give or take `tolerance`, in the unit of the definition."""

    value: Number
    tolerance: Annotated[Number, Field(ge=0)]

    def _measured(self, unit: Unit) -> str:
        return (
            f"    {unit} as value,\n"
            f"    abs({unit} - {self.value!r}) <= {self.tolerance!r} + {HAIR} as agrees\n"
        )


class GapClaim(Measured):
    """How far the first is ahead of the k-th."""

    kind: Literal["gap"]
    k: Annotated[int, Field(strict=True, ge=2)]

    def query(self, state: State, definition: Definition) -> str:
        return (
            # Numbers, and words of an enumeration.
            f"{gaps_query(state, [self.k])}\n"
            f"select\n    top_model,\n    kth_model,\n{self._measured(definition.unit)}"
            f"from gaps\nwhere nth = '{definition.nth}' and who = '{definition.who}';"
        )


class GroupsClaim(Measured):
    """How far the best model of the first group is ahead of the best of the second; negative if behind.

    Lower is the worse of the two scores, upper the better one.
    """

    PARTS = ("unit",)
    kind: Literal["groups"]
    between: Literal["country", "openness"]
    groups: tuple[Text, Text]

    @model_validator(mode="after")
    def _two_groups(self) -> GroupsClaim:
        if self.groups[0] == self.groups[1]:
            raise ValueError("groups are two different ones")
        if self.between == "openness" and set(self.groups) != set(OPENNESS):
            raise ValueError(f"the groups of openness are {' and '.join(OPENNESS)}")
        if self.between == "country" and not all(len(g) == 2 and g.isupper() for g in self.groups):
            raise ValueError("a country is its two-letter ISO code, such as US")
        return self

    def query(self, state: State, definition: Definition) -> str:
        one, other = (self.belongs(group) for group in self.groups)
        return (
            # Numbers, words of an enumeration, and groups that are quoted or looked up.
            f"{groups_query(state, one, other)}\n"
            f"select\n    one_model,\n    other_model,\n{self._measured(definition.unit)}from gaps;"
        )

    def belongs(self, group: str) -> str:
        """The condition on `scored` that a model is of the group."""
        if self.between == "country":
            return f"home = {quoted(group)}"
        return f"is_open = {OPENNESS[group]}"


class LeaderClaim(Claim):
    """Who led: a model, or with `who = "organization"` an organisation. Equal scores lead together."""

    PARTS = ("nth", "who")
    kind: Literal["leader"]
    leader: Text

    def query(self, state: State, definition: Definition) -> str:
        name, names = "model", "model, model_raw"
        if definition.who is Who.ORGANIZATION:
            name = names = "coalesce(maker, model)"
        rank = "rank" if definition.nth is Nth.POSITION else "rank_ub"
        claimed = f"{quoted(self.leader)} in ({names})"
        return (
            f"{leaders_query(state, name, rank, claimed)}\n"
            "select\n    list(name order by position) as value,\n    bool_or(claimed) as agrees\n"
            "from leaders;"
        )


KINDS: dict[str, type[GapClaim | GroupsClaim | LeaderClaim]] = {
    "gap": GapClaim,
    "groups": GroupsClaim,
    "leader": LeaderClaim,
}


@dataclass(frozen=True)
class Refused:
    """A claim that is not written right: its place in the file and what would be right."""

    number: int
    text: str
    reason: str


def read_claims(path: Path) -> list[Claim | Refused]:
    """Every [[claim]] of a file in its order; a wrong one as Refused, and the others still work.

    Raises BrokenClaims if the file is missing, no TOML or holds no claims.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BrokenClaims(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenClaims(f"{path} is not TOML: {error}") from error
    written = document.pop("claim", [])
    if document or not isinstance(written, list) or not written:
        raise BrokenClaims(f"{path} should be a list of [[claim]] and nothing else")
    return [_read(number, one) for number, one in enumerate(written, start=1)]


def _read(number: int, written: object) -> Claim | Refused:
    if not isinstance(written, dict):
        return Refused(number, "", "a claim is a table under [[claim]]")
    text, kind = str(written.get("text", "")), written.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        return Refused(number, text, f"kind should be one of {', '.join(KINDS)}, not {kind!r}")
    try:
        return KINDS[kind].model_validate(written)
    except ValidationError as error:
        return Refused(number, text, _sentence(error, kind))


def _sentence(error: ValidationError, kind: str) -> str:
    said = []
    for one in error.errors():
        where = ".".join(map(str, one["loc"]))
        what = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            fields = KINDS[kind] if len(one["loc"]) == 1 else Definition
            said.append(f"there is no {where}; there are {', '.join(fields.model_fields)}")
        else:
            said.append(f"{where}: {what}" if where else what)
    return "; ".join(said)
