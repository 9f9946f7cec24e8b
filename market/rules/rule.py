"""A rule, and a set of them: plain data, as a rule file holds it."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["mask", "budget", "report"]
LEVELS: tuple[Level, ...] = ("mask", "budget", "report")
Where = Literal["option", "text", "claim", "order"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. It looks at one thing, which decides what breaks it.

    Parameters
    ----------
    id, why : str
        Its name, and what it asks of a seller, as the report says it.
    source : str
        The law or the guideline it is from.
    level : {"mask", "budget", "report"}
        Never allowed; allowed so often; counted.
    option : tuple of str
        It looks at what a seller chooses to do: the names of options, ``*`` at the end for any
        ending.
    says : tuple of str
        It looks at what a seller says: phrases that a sentence must not have.
    lacks : tuple of str
        It looks at what a seller says: phrases of which a message must have one.
    claims : tuple of str
        It looks at claims: the verdicts of the claim reader.
    order : bool
        It looks at orders.
    when, unless : tuple of str
        Conditions, see `market.rules.conditions`: it holds only when all of `when` are so, and not
        when all of `unless` are.
    unless_says : tuple of str
        Phrases that take one of `says` back, in the same sentence.
    denied : bool
        Whether a denial before a phrase of `says` does not take it back.
    limit : float or None
        Of a budget: the share of conversations that may break it.
    add : str
        Of `lacks` at level "mask": what the market adds where it is missing.
    """

    id: str
    why: str
    source: str
    level: Level
    option: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    claims: tuple[Literal["unsupported", "contradicted"], ...] = ()
    order: bool = False
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    unless_says: tuple[str, ...] = ()
    denied: bool = False
    limit: float | None = None
    add: str = ""

    def __hash__(self) -> int:
        """Hash the id alone: rules are looked up by for every sentence."""
        return hash(self.id)

    @property
    def looks_at(self) -> list[Where]:
        """What it looks at; a rule that can be used looks at one thing."""
        places: list[tuple[Where, object]] = [
            ("option", self.option),
            ("text", self.says),
            ("text", self.lacks),
            ("claim", self.claims),
            ("order", self.order),
        ]
        return [place for place, given in places if given]

    @property
    def where(self) -> Where:
        """The one thing that it looks at."""
        return self.looks_at[0]


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that hold, and what is listened for.

    Parameters
    ----------
    rules : tuple of Rule
    heard : mapping of str to tuple of str
        Phrases of a buyer by the name of the fact that they make: ``turns_since_NAME``.
    """

    rules: tuple[Rule, ...] = ()
    heard: dict[str, tuple[str, ...]] = {}

    def at(self, where: Where, level: Level | None = None) -> tuple[Rule, ...]:
        """Return the rules that look at one thing, of one level where one is given."""
        return tuple(
            rule for rule in self.rules if rule.where == where and level in (None, rule.level)
        )
