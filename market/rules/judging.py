"""Holding rules against what a seller did: which of them it broke, with which words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from retailsim.market.rules.conditions import Facts, condition
from retailsim.market.rules.phrases import found
from retailsim.market.rules.rule import Rule, RuleSet


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a seller did, with what was so when it did it.

    Parameters
    ----------
    episode : str or None
        None where it was for all episodes of a market.
    turn : int or None
    option, sentences, claim, order
        What it was: the option chosen, the sentences of a message, a sentence with the claim
        reader's verdict, or what was ordered. One of them is there.
    added : tuple of str
        What the market added to a message, where it did: not the seller's words, and yet said.
    facts : mapping
    """

    episode: str | None
    turn: int | None
    facts: Facts
    option: str | None = None
    sentences: tuple[str, ...] | None = None
    added: tuple[str, ...] = ()
    claim: tuple[str, str] | None = None
    order: str | None = None


class Broken(NamedTuple):
    """A rule and what broke it: a sentence, the name of an option, or an order."""

    rule: Rule
    by: str


def binds(rule: Rule, facts: Facts) -> bool:
    """Whether a rule holds now."""
    if not all(condition(one)(facts) for one in rule.when):
        return False
    return not rule.unless or not all(condition(one)(facts) for one in rule.unless)


def forbids_option(rule: Rule, name: str) -> bool:
    """Whether a rule is about an option of this name."""
    return any(
        name.startswith(one[:-1]) if one.endswith("*") else name == one for one in rule.option
    )


def says(rule: Rule, sentence: str) -> bool:
    """Whether a sentence has what a rule forbids."""
    if found(sentence, rule.says, denied=rule.denied) is None:
        return False
    return not rule.unless_says or found(sentence, rule.unless_says, denied=True) is None


def lacking(rule: Rule, sentences: Sequence[str]) -> bool:
    """Whether none of the sentences has what a rule asks for."""
    return not any(found(one, rule.lacks, denied=True) for one in sentences)


def broken(rules: RuleSet, act: Act) -> list[Broken]:
    """Return which rules an act broke; a message once for each sentence that does."""
    return [
        Broken(rule, by)
        for rule in rules.rules
        if _looks_at(rule, act) and binds(rule, act.facts)
        for by in _by(rule, act)
    ]


def _looks_at(rule: Rule, act: Act) -> bool:
    match rule.where:
        case "option":
            return act.option is not None
        case "claim":
            return act.claim is not None
        case "order":
            return act.order is not None
        case _:
            return act.sentences is not None


def _by(rule: Rule, act: Act) -> Iterable[str]:
    if act.option is not None:
        return [act.option] if forbids_option(rule, act.option) else []
    if act.claim is not None:
        sentence, verdict = act.claim
        return [sentence] if verdict in rule.claims else []
    if act.order is not None:
        return [act.order]
    said = act.sentences or ()
    if rule.lacks:
        return [" ".join(said)] if lacking(rule, (*said, *act.added)) else []
    return [one for one in said if says(rule, one)]
