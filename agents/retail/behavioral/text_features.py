"""What a text shows: cheap, documented features that work on anybody's words.

The buyer must react to a script file, a language model or a plug-in as it reacts to the
behavioral seller, so it reads the text and nothing behind it. A feature is the share of a fixed
list of cues that occurs in the lower-cased text, capped at 1. That is crude on purpose: it
illustrates how wording could act, and measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from retailsim.agents.retail.behavioral.memo import Memo
from retailsim.agents.retail.behavioral.parameters import Answers, PitchScale
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.market.core.money import in_dollars
from retailsim.market.protocols.retail.values import Offer, Pitch

Cues = tuple[str, ...]

LOGIC: Cues = ("because", "compare", "figure", "specif", "fact", "evidence", "exactly", "reason")
EMOTION: Cues = ("imagin", "feel", "love", "picture", "joy", "heart", "delight", "dream")
WARMTH: Cues = ("friend", "glad", "welcome", "thank", "lovely", "happy", "together", "wonderful")
PUSH: Cues = (
    "order now",
    "right now",
    "today",
    "not wait",
    "don't wait",
    "go ahead",
    "grab",
    "decide now",
    "make it yours",
    "now is the",
)
HEDGE: Cues = (
    "perhaps",
    "maybe",
    "if you like",
    "might",
    "no hurry",
    "no pressure",
    "take your time",
    "whenever you",
)
HYPE: Cues = (
    "lifetime",
    "nothing else on the market",
    "experts everywhere",
    "guaranteed",
    "never need another",
    "beyond every standard",
    "number one",
    "life-changing",
    "clinically",
    "miracle",
    "best ever",
)
AUDIENCE: Cues = ("who is it for", "anyone who", "gift", "perfect for", "whether you")
VALUE: Cues = ("per use", "worth", "compare", "alternative", "in writing", "value")
SEASONS: Cues = (
    "winter",
    "spring",
    "summer",
    "fall",
    "autumn",
    "holiday",
    "season",
)
EVASIVE: Cues = ("not sure", "hard to say", "depends", "does not say", "cannot confirm")
SUBSTANCE: Cues = ("$", '"', "“", " listed ", " inch", "%")
POLITE: Cues = ("thank", "glad", "happy", "let me", "sorry")
INSISTENT: Cues = ("not acceptable", "reconsider", "insist", "unacceptable", "supervisor")

LONG_PITCH_CHARACTERS = 1_100
END = 700
"""Manner and season are read from the first and last so many characters of a pitch, where
sellers greet, press and part: half the text, half the cost."""
OPENING = 120
"""Politeness is read from the opening of an answer."""


def share(cues: Cues, text: str, full: int) -> float:
    """Return how many of `cues` occur in `text`, as a share of `full`, at most 1."""
    found = sum(map(text.__contains__, cues))
    return found / full if found < full else 1.0


def holds(cues: Iterable[str], text: str) -> bool:
    """Return whether any of `cues` occurs in `text`."""
    for cue in cues:  # noqa: SIM110 - a generator costs three times as much here
        if cue in text:
            return True
    return False


def _read(pitch: Pitch, offer: Offer) -> PitchScale:
    """Return what the pitch shows, each feature in [0, 1].

    ``hype`` counts strong cues or the claims marked as unsupported, whichever is more, in
    thirds; ``dimensions`` is the share of the four strategy dimensions that can be heard.
    """
    text = pitch.text.lower()
    ends = text if len(text) <= 2 * END else f"{text[:END]}\n{text[-END:]}"
    terms = terms_of(offer)
    heard = (
        holds(AUDIENCE, text),
        holds(VALUE, text),
        holds(SEASONS, ends),
        text.count("?") >= 2,
    )
    return PitchScale(
        facts=share(terms.sheet.keys, text, 6),
        logic=share(LOGIC, text, 6),
        emotion=share(EMOTION, text, 6),
        warmth=share(WARMTH, ends, 6),
        push=share(PUSH, ends, 6),
        hedge=share(HEDGE, ends, 4),
        hype=max(share(HYPE, text, 3), min(1.0, len(pitch.unsupported) / 3)),
        dimensions=sum(heard) / 4,
        terms=((terms.price in text) + (terms.fee in text or "shipping" in text)) / 2,
        length=min(1.0, len(text) / LONG_PITCH_CHARACTERS),
    )


read_pitch: Memo[Pitch, Offer, PitchScale] = Memo(_read)
"""What a pitch for an offer shows, remembered for the pitches heard last."""


def persuasion(seen: PitchScale, typical: PitchScale, weights: PitchScale) -> float:
    """Return the utility that a pitch adds: weights times what differs from a typical pitch."""
    return (
        weights.facts * (seen.facts - typical.facts)
        + weights.logic * (seen.logic - typical.logic)
        + weights.emotion * (seen.emotion - typical.emotion)
        + weights.warmth * (seen.warmth - typical.warmth)
        + weights.push * (seen.push - typical.push)
        + weights.hedge * (seen.hedge - typical.hedge)
        + weights.hype * (seen.hype - typical.hype)
        + weights.dimensions * (seen.dimensions - typical.dimensions)
        + weights.terms * (seen.terms - typical.terms)
        + weights.length * (seen.length - typical.length)
    )


def score_answer(answer: str, cues: Cues, keys: Cues, scale: Answers) -> float:
    """Return how good an answer is, in [0, 1].

    Parameters
    ----------
    cues : tuple of str
        Lower-case words of which an answer on the topic holds one.
    keys : tuple of str
        Lower-case words of the product sheet; one of them, an amount or a quotation is
        substance.
    """
    text = in_dollars(answer).lower()
    score = scale.on_topic if holds(cues, text) else 0.0
    if holds(SUBSTANCE, text) or holds(keys, text):
        score += scale.substance
    if not holds(EVASIVE, text):
        score += scale.clear
    return score + scale.polite if holds(POLITE, text[:OPENING]) else score
