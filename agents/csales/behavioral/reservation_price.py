"""What an item is worth to a behavioral buyer: its reservation price, and what moves it to buy.

The reservation price follows from budget, needs and reasons: the better an item's sheet fits what
the buyer wants, the closer it comes to, or above, the budget's upper end. Persuasion does not
change what an item is worth, only how willing the buyer is, so what an upsell costs the buyer in
surplus is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from retailsim.agents.csales.behavioral.action_policy import SUITS
from retailsim.agents.csales.behavioral.inference import words_of
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.category_tree import path_of
from retailsim.market.protocols.csales.events import Action, Openness, Style, Tactic
from retailsim.market.protocols.csales.values import Profile

BASE, SPAN, NOISE = 0.6, 0.55, 0.12
"""Reservation price / upper budget: at no fit, what a perfect fit adds, and its spread."""

START = -3.2
"""Willingness to buy of a buyer that was only spoken to, in logits."""
SUITED, UNSUITED = 1.0, 0.3
"""What a persuasion adds to it: by the tactic that suits the buyer's style best, by any other."""
SHOWN = 0.4
"""What seeing an item that fits adds, once."""
TIRED = 0.3
"""What each turn beyond the buyer's patience takes away."""
SURPLUS = 1.5
"""Logits per share of the price that the buyer would save against its reservation price."""
LURE = 0.25
"""How much dearer an item may seem worth, per logit of willingness above 0."""

PATIENCE: Mapping[Openness, int] = MappingProxyType({"Active": 6, "Less Active": 5, "Passive": 4})
"""Turns after which a buyer with nothing selected grows tired."""

_NEEDED, _LIKED = 3.0, 8.0
"""Shared words that count as a full fit, of the need and of the likes."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_AGAINST = re.compile(r"\b(dislike|avoid|don't|do not|tend to be less|unappealing|find it)\b", re.I)


def likes(profile: Profile) -> list[str]:
    """Return the sentences of the preference that say what the buyer likes."""
    sentences = _SENTENCE.split(profile.general_preference)
    return [sentence for sentence in sentences if sentence and not _AGAINST.search(sentence)]


@lru_cache(maxsize=1024)
def _wants(profile: Profile) -> tuple[frozenset[str], frozenset[str]]:
    need = words_of(f"{profile.target_needs} {' '.join(profile.target_category[-1:])}")
    return need, words_of(" ".join((*likes(profile), *profile.purchase_reason))) - need


@lru_cache(maxsize=4096)
def _sheet_words(title: str, description: str, features: Sequence[str]) -> frozenset[str]:
    return words_of(f"{title} {description} {' '.join(features)}")


def fit(profile: Profile, product: Product) -> float:
    """Return how well an item's sheet fits the buyer, from 0 to 1."""
    need, liked = _wants(profile)
    sheet = _sheet_words(product.title, product.description, product.features)
    needed = min(1.0, len(need & sheet) / _NEEDED)
    likeable = min(1.0, len(liked & sheet) / _LIKED)
    return 0.6 * _in_category(profile, product) + 0.2 * needed + 0.2 * likeable


def _in_category(profile: Profile, product: Product) -> float:
    """Return how far an item's category follows the one wanted, from 0 to 1."""
    wanted = profile.target_category
    pairs = zip(wanted, path_of(product), strict=False)
    same = [one == other for one, other in pairs]
    return (same.index(False) if False in same else len(same)) / len(wanted)


def reservation_cents(profile: Profile, product: Product, seed: Seed) -> int:
    """Return what the item is worth to the buyer.

    Notes
    -----
    Stream used: ``buyer/worth`` by profile and item, so that all sellers meet the same buyer.
    """
    spread = NOISE * seed.stream("buyer/worth", f"{profile.id}/{product.id}").normal()
    share = BASE + SPAN * fit(profile, product) + spread
    return max(1, round(profile.budget_cents[1] * share))


def moved_by(style: Style, tactic: Tactic) -> float:
    """Return what a persuasion adds to the buyer's willingness."""
    suits = SUITS[style]
    if tactic not in suits:
        return UNSUITED
    return SUITED if suits[0] == tactic else (SUITED + UNSUITED) / 2


def willingness(
    profile: Profile,
    deeds: Sequence[tuple[Action, Tactic | None]],
    *,
    shown_fitting: bool,
    idle_turns: int,
) -> float:
    """Return the buyer's willingness in logits, after all that the seller did.

    Parameters
    ----------
    deeds : sequence of (action, tactic)
    idle_turns : int
        Turns in which nothing was selected.
    """
    moved = sum(moved_by(profile.decision_making_style, t) for _, t in deeds if t is not None)
    tired = max(0, idle_turns - PATIENCE[profile.dialogue_openness])
    return START + moved + SHOWN * shown_fitting - TIRED * tired


def surplus_share(reservation_cents: int, price_cents: int) -> float:
    """Return what the buyer would gain, as a share of the price."""
    return (reservation_cents - price_cents) / price_cents


def buys(willing: float, surplus: float, draw: float) -> bool:
    """Whether the buyer buys: willingness and surplus against a uniform draw in (0, 1)."""
    return draw < 1.0 / (1.0 + math.exp(-(willing + SURPLUS * surplus)))
