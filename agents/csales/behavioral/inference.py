"""What a seller reads out of a buyer's messages: need, category, style and openness.

Everything is merged and nothing dropped: a later message adds to what earlier ones said. Style is
read off cues in what the buyer asks for, openness off how much it says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from retailsim.market.core.dialogue import Transcript
from retailsim.market.protocols.csales.category_tree import CategoryPath
from retailsim.market.protocols.csales.events import OPENNESS, STYLES, Openness, Style
from retailsim.market.protocols.csales.values import Inferred

MOST_CHARS = 4_000
"""Longest preference text that is kept."""

_CUES: Mapping[Style, re.Pattern[str]] = MappingProxyType(
    {
        "Rational": re.compile(
            r"\b(details?|specif\w+|compar\w+|exactly|facts?|why|measure\w*|reasons?)\b", re.I
        ),
        "Dependent": re.compile(
            r"\b(others?|people|reviews?|friends?|recommend\w*|popular|everyone|ratings?)\b", re.I
        ),
        "Intuitive": re.compile(
            r"\b(feels?|feeling|gut|vibe|mood|charm\w*|love|instinct|excit\w+)\b", re.I
        ),
    }
)
_PRICE = re.compile(r"My price range is \$[\d,.]+ to \$[\d,.]+\.")
_WORD = re.compile(r"[a-z][a-z']+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_COMMON = """
a an and any are as at be by can could do for from fulfill good have i if in is it like looking me
my need of on or over say some something sounds that the these this to want wanted what which
with would you your
"""
_SMALL = frozenset(_COMMON.split())

PASSIVE_WORDS, ACTIVE_WORDS = 7.0, 17.0
"""Mean words of a message: below the first a buyer is Passive, from the second on Active."""


def infer(said: Sequence[str], price_range_cents: tuple[int, int]) -> Inferred:
    """Return what a buyer's messages say of it; its category is found by searching."""
    return Inferred(
        preference=merged(said),
        decision_making_style=style_of(said),
        dialogue_openness=openness_of(said),
        focus=said[-1][:200] if said else "",
        price_cents=price_range_cents,
    )


def buyer_lines(transcript: Transcript) -> list[str]:
    """Return the buyer's messages without the sentence that names the price."""
    return [without_price(turn.text) for turn in transcript if turn.role == "buyer"]


def without_price(text: str) -> str:
    """Return a buyer's message without the sentence that names the price."""
    return _PRICE.sub("", text).strip()


def merged(lines: Sequence[str]) -> str:
    """Join the sentences of all messages, each once, as far as they fit."""
    sentences = (part for line in lines for part in _SENTENCE.split(line))
    return " ".join(dict.fromkeys(part for part in sentences if part))[:MOST_CHARS]


def style_of(lines: Sequence[str]) -> Style | None:
    """Return the style that most cues speak for; None without any, or where two are level."""
    counts = [sum(of_style) for of_style in zip(*map(_cues, lines), strict=True)]
    best = max(counts, default=0)
    leading = [style for style, count in zip(STYLES, counts, strict=False) if count == best]
    return leading[0] if best and len(leading) == 1 else None


@lru_cache(maxsize=2**12)  # a conversation is read again at every turn
def _cues(line: str) -> tuple[int, ...]:
    """Return how many cues a message has for each style."""
    return tuple(len(_CUES[style].findall(line)) for style in STYLES)


def openness_of(lines: Sequence[str]) -> Openness | None:
    """Return how open a buyer is, by the mean length of its messages."""
    if not lines:
        return None
    active, less, passive = OPENNESS
    length = sum(len(line.split()) for line in lines) / len(lines)
    if length < PASSIVE_WORDS:
        return passive
    return less if length < ACTIVE_WORDS else active


def words_of(text: str) -> frozenset[str]:
    """Return the telling words of a text, without the ending of a plural."""
    return frozenset(
        word.removesuffix("s") for word in _WORD.findall(text.lower()) if word not in _SMALL
    )


def nearest_category(
    said: frozenset[str], options: Sequence[CategoryPath]
) -> tuple[CategoryPath, float]:
    """Return the option that best matches what was said, and how well: 0 for not at all.

    A name that was said speaks for a path, one that was not half as much against it; of equal
    paths the first one is taken.
    """
    best: tuple[CategoryPath, float] = ((), 0.0)
    scores: dict[str, float] = {}  # names stand in many paths
    for option in options:
        score = 0.0
        for name in option:
            if name not in scores:
                scores[name] = 1.5 * _share(name, said) - 0.5
            score += scores[name]
        if score > best[1]:
            best = (option, score)
    return best


def _share(name: str, said: frozenset[str]) -> float:
    """Return how much of a category's name was said, from 0 to 1."""
    words = _words_of_name(name)
    return len(words & said) / max(1, len(words))


_words_of_name = lru_cache(maxsize=2**16)(words_of)  # categories come again at every turn
