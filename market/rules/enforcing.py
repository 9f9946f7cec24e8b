"""Mask rules while a conversation goes on: what is not allowed now, and what is not let through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from retailsim.market.claims.reader import sentences
from retailsim.market.rules.conditions import Fact, Facts
from retailsim.market.rules.judging import binds, forbids_option, lacking, says
from retailsim.market.rules.rule import Rule, RuleSet


class Withheld(NamedTuple):
    """A sentence that was not let through, or was put in, and the rule that asks for it."""

    rule: str
    sentence: str


class LetThrough(NamedTuple):
    """What may be said of a text, and what was changed for it."""

    text: str
    withheld: tuple[Withheld, ...]


class SpeechRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules for the words of one message, with what is so when it is spoken.

    Parameters
    ----------
    rules : tuple of Rule
        At level "mask", on texts.
    facts : dict of str to bool, int or float
    """

    rules: tuple[Rule, ...]
    facts: dict[str, Fact]

    def let_through(self, text: str) -> LetThrough:
        """Return a text without the sentences that break a rule, with those that one asks for.

        The text is as it was, to the letter, where nothing has to be changed.
        """
        said, withheld = sentences(text), list[Withheld]()
        for rule in self.rules:
            if rule.says and binds(rule, self.facts):
                bad = [one for one in said if says(rule, one)]
                said = [one for one in said if one not in bad]
                withheld += [Withheld(rule.id, one) for one in bad]
        for rule in self.rules:
            if rule.lacks and binds(rule, self.facts) and lacking(rule, said):
                said.append(rule.add)
                withheld.append(Withheld(rule.id, f"without {rule.add!r}"))
        return LetThrough(" ".join(said) if withheld else text, tuple(withheld))


class Enforced:
    """The mask rules of a rule set, by what they look at.

    Parameters
    ----------
    rules : RuleSet
    """

    def __init__(self, rules: RuleSet) -> None:
        self._options = rules.at("option", "mask")
        self._texts = rules.at("text", "mask")
        self._orders = rules.at("order", "mask")

    def forbidden(self, options: Iterable[str], facts: Facts) -> frozenset[str]:
        """Return which options of these names are not allowed now."""
        binding = [rule for rule in self._options if binds(rule, facts)]
        return frozenset(name for rule in binding for name in options if forbids_option(rule, name))

    def speech(self, facts: Mapping[str, Fact]) -> SpeechRules:
        """Return the rules for what is said now."""
        return SpeechRules(rules=self._texts, facts=dict(facts))

    def refuses_order(self, facts: Facts) -> str | None:
        """Return the rule that an order would break, or None."""
        return next((rule.id for rule in self._orders if binds(rule, facts)), None)

    @property
    def wants_fee_named(self) -> bool:
        """Whether an order needs the shipping fee to be named before."""
        return any("fee_named" in one for rule in self._orders for one in rule.unless)
