"""What carrying out an option may say in the seller's own words, whatever the product."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import msgspec

from retailsim.agents.retail.behavioral import support
from retailsim.agents.retail.behavioral import voice as say
from retailsim.agents.retail.behavioral.voice import Voice
from retailsim.agents.retail.policy.actions import ANSWERS, ASK, PITCHES, SETTLEMENTS
from retailsim.agents.retail.policy.carrying_out import FRIENDLY, PLAIN
from retailsim.agents.retail.policy.pitch import voice
from retailsim.events.messages import Outcome
from retailsim.market.rules.enforcing import SpeechRules
from retailsim.market.rules.rule import Rule

_SETTLING: dict[Outcome, tuple[str, ...]] = {
    "delivered": (*support.DELAYED, *support.DENIED),
    "exchanged": support.EXCHANGED,
    "refunded": support.REFUNDED,
}


def sayable(names: Sequence[str], speech: SpeechRules) -> tuple[str, ...]:
    """Return the options of which nothing that they say would be struck out.

    Only their own wordings count: what is quoted from a sheet is struck out where it is said. All
    are returned where none is left, for then striking out is all that can be done.
    """
    return _sayable(tuple(names), speech.rules)


@lru_cache(maxsize=1_024)
def _sayable(names: tuple[str, ...], rules: tuple[Rule, ...]) -> tuple[str, ...]:
    speech = SpeechRules(rules=tuple(rule for rule in rules if rule.says))
    clean = tuple(
        name
        for name in names
        if not any(speech.let_through(one).withheld for one in wordings(name))
    )
    return clean or names


@cache
def wordings(option: str) -> tuple[str, ...]:
    """Return the texts that an option may be carried out with, their places left open."""
    style = PITCHES.get(option)
    if style is not None:
        spoken = voice(style.stress, style.tone)
        pitched = (spoken.greetings, spoken.hooks, spoken.pushes, spoken.values, spoken.fact_leads)
        bold = say.OVERCLAIMS if style.claims == "bold" else ()
        return (*(text for table in pitched for text in table), *spoken.sign_offs, *bold)
    if option in ANSWERS:
        manner = ANSWERS[option]
        told = say.EVASIONS if manner == "evade" else ()
        return (*_answering(FRIENDLY if manner == "friendly" else PLAIN), *told)
    outcome = SETTLEMENTS.get(option)
    return support.ENQUIRIES if option == ASK or outcome is None else _SETTLING[outcome]


def _answering(spoken: Voice) -> tuple[str, ...]:
    tables = msgspec.structs.asdict(spoken)
    return tuple(
        text for name, table in tables.items() if name.startswith("answer") for text in table
    )
