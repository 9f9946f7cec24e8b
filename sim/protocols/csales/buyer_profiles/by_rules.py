"""Profiles without a model: sentences of the reviews, and what the purchases were.

Nothing is made up. Needs and likes are the buyer's own sentences, the budget is the range of prices
paid, the category that of the last purchase. Style and openness are read off words and length; they
are rough, and say so where a model would do better.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from retailsim.agents.csales.behavioral.inference import style_of
from retailsim.market.core.money import dollars
from retailsim.market.protocols.csales.category_tree import path_of
from retailsim.market.protocols.csales.events import Openness
from retailsim.market.protocols.csales.values import Profile
from retailsim.sim.protocols.csales.buyer_profiles.reviews import Buyer

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NEED = re.compile(r"\b(need|needed|want|wanted|looking for|bought (this|these|it) for)\b", re.I)
_LEVELS = 5
_LONG, _SHORT = 60.0, 20.0
"""Mean words of a review from which a buyer is Active, and below which Passive."""
_MOST = 600


def extract(buyer: Buyer) -> Profile:
    """Return the profile that a buyer's reviews make."""
    reviews = [review for review, _ in buyer.reviews]
    last_review, last = buyer.reviews[-1]
    prices = sorted(product.price_cents for _, product in buyer.reviews)
    needs = [s for review in reversed(reviews) for s in _sentences(review.text) if _NEED.search(s)]
    liked = [s for r in reviews if r.rating >= 4.0 for s in _sentences(r.text)[:1]]
    disliked = [s for r in reviews if r.rating <= 2.0 for s in _sentences(r.text)[:1]]
    kind = path_of(last)[-1]
    said = [*liked, *(f"I dislike: {sentence}" for sentence in disliked)]
    preference = " ".join(dict.fromkeys(said))
    return Profile(
        id=buyer.id,
        general_preference=preference[:_MOST] or f"I buy {kind}.",
        target_needs=(needs[0] if needs else f"I am looking for {kind}.")[:_MOST],
        purchase_reason=((last_review.text or last_review.title or f"I use {kind}.")[:_MOST],),
        budget_cents=(prices[0], prices[-1]),
        target_category=path_of(last)[:_LEVELS],
        decision_making_style=style_of([review.text for review in reviews]) or "Rational",
        dialogue_openness=_openness(buyer),
    )


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _openness(buyer: Buyer) -> Openness:
    words = sum(len(review.text.split()) for review, _ in buyer.reviews) / len(buyer.reviews)
    if words >= _LONG:
        return "Active"
    return "Passive" if words < _SHORT else "Less Active"


def told(buyer: Buyer) -> Iterator[str]:
    """Return a buyer's reviews as lines, for a model to read."""
    for review, product in buyer.reviews:
        yield (
            f"{product.title} ({dollars(product.price_cents)}, {' > '.join(path_of(product))}), "
            f"{review.rating:.0f} stars: {review.title} {review.text}"[:800]
        )
