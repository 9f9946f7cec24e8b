"""What behavioral buyers say in a sales conversation, by their openness and their style."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from retailsim.agents.csales.behavioral.reservation_price import likes
from retailsim.events.streams import Stream
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import STYLES, Openness, Style
from retailsim.market.protocols.csales.values import Profile

_ASKS: Mapping[Style, tuple[str, ...]] = MappingProxyType(
    {
        "Rational": (
            "What are the details?",
            "How does it compare, and why is it better?",
            "What exactly is it made of?",
        ),
        "Dependent": (
            "What do other people say about it?",
            "Is it popular with others?",
            "Would you recommend it?",
        ),
        "Intuitive": (
            "I go by my feeling here.",
            "Does it have charm?",
            "My gut has to say yes.",
        ),
    }
)
"""What each style asks for."""

_SHOWS: Mapping[Openness, float] = MappingProxyType(
    {"Active": 0.75, "Less Active": 0.6, "Passive": 0.45}
)
"""Chance that a message shows a style at all."""
_TRUE_TO_TYPE = 0.8
"""Chance that it is the buyer's own style."""

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]{3,}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_KEY_WORDS = 3
_COMMON = """
additionally also appreciate generally items looking mean needed prefer products tend that thinking
this value wanted which with
"""
_EMPTY = frozenset(_COMMON.split())


def opening(profile: Profile) -> str:
    """Say what is needed: with a reason, plainly, or in a word."""
    match profile.dialogue_openness:
        case "Active":
            reasons = _SENTENCE.split(profile.purchase_reason[0]) if profile.purchase_reason else []
            return " ".join((profile.target_needs, *reasons[:1]))
        case "Less Active":
            return profile.target_needs
        case _:
            return f"{profile.target_category[-1]}."


@lru_cache(maxsize=1024)
def facts(profile: Profile) -> tuple[str, ...]:
    """Return what a buyer can disclose, one thing each, in its order."""
    leaf, *above = reversed(profile.target_category)
    kind = f"I am thinking of {leaf}, in {above[-2]}." if len(above) > 1 else f"I mean {leaf}."
    return (kind, *likes(profile), *profile.purchase_reason)


def telling(profile: Profile, told: Sequence[str], presented: Sequence[Product], ask: str) -> str:
    """Answer with what is disclosed now, the ask of a style, and a word on what was shown."""
    parts = ["That is not quite it."] if presented else []
    match profile.dialogue_openness:
        case "Active":
            parts += told or ["I think I have told you all that matters to me."]
        case "Less Active":
            parts += [_short(fact, 9) for fact in told] or ["Something like I said."]
        case _:
            parts = [" ".join(_key_words(fact)) + "." for fact in told] or ["Hm."]
    return " ".join(part for part in (*parts, ask) if part)


def selecting(profile: Profile, chosen: Product) -> str:
    """Name the item chosen."""
    match profile.dialogue_openness:
        case "Active":
            return f"I like {chosen.title}; it comes closest to what I have in mind. Convince me."
        case "Less Active":
            return f"I would take a closer look at {chosen.title[:60]}."
        case _:
            return "This one, maybe."


def hesitating(profile: Profile, ask: str) -> str:
    """Stay undecided, and ask on."""
    words = {
        "Active": "I am still thinking about whether it is really what I need for the money.",
        "Less Active": "I am not sure about it yet.",
        "Passive": "Not sure.",
    }[profile.dialogue_openness]
    return f"{words} {ask}".rstrip()


def buying(profile: Profile, bought: Product) -> str:
    """Accept."""
    if profile.dialogue_openness == "Passive":
        return "OK, I buy it."
    return f"All right, I take {bought.title[:80]}."


def leaving(profile: Profile) -> str:
    """Say goodbye."""
    if profile.dialogue_openness == "Passive":
        return "No, thanks."
    return "Thank you for your time, but I will leave it at that today."


def asking(profile: Profile, stream: Stream) -> tuple[str, Style | None]:
    """Show a style, mostly the buyer's own: what is asked, and whose way of asking it is.

    Always four draws, whatever is said; ("", None) where nothing is asked.
    """
    shows = stream.chance(_SHOWS[profile.dialogue_openness])
    own = stream.chance(_TRUE_TO_TYPE)
    other = stream.pick(STYLES)
    style = profile.decision_making_style if own else other
    ask = stream.pick(_ASKS[style])
    return (ask, style) if shows else ("", None)


def _short(text: str, words: int) -> str:
    """Cut a sentence short, at a word."""
    parts = text.split()
    return text if len(parts) <= words else " ".join(parts[:words]).rstrip(",;:") + "."


def _key_words(text: str) -> list[str]:
    """Return the first telling words."""
    found = (word for word in _WORD.findall(text) if word.lower() not in _EMPTY)
    return list(found)[:_KEY_WORDS]
