"""What an item is worth to a behavioral buyer: its reservation price, and the surplus it leaves.

The reservation price follows from budget, needs and reasons: the better an item's sheet fits what
the buyer wants, the closer it comes to, or above, the budget's upper end. Persuasion does not
change what an item is worth, only how willing the buyer is, so what an upsell costs the buyer in
surplus is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from retailsim.agents.csales.behavioral.inference import words_of
from retailsim.agents.csales.behavioral.parameters import Surplus, Worth
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.category_tree import path_of
from retailsim.market.protocols.csales.values import Profile

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


def fit(profile: Profile, product: Product, worth: Worth) -> float:
    """Return how well an item's sheet fits the buyer, from 0 to 1."""
    need, liked = _wants(profile)
    sheet = _sheet_words(product.title, product.description, product.features)
    needed = min(1.0, len(need & sheet) / worth.needed_words)
    likeable = min(1.0, len(liked & sheet) / worth.liked_words)
    category = worth.in_category * _in_category(profile, product)
    return category + worth.needed * needed + worth.liked * likeable


def _in_category(profile: Profile, product: Product) -> float:
    """Return how far an item's category follows the one wanted, from 0 to 1."""
    wanted = profile.target_category
    pairs = zip(wanted, path_of(product), strict=False)
    same = [one == other for one, other in pairs]
    return (same.index(False) if False in same else len(same)) / len(wanted)


def reservation_cents(profile: Profile, product: Product, noise: float, worth: Worth) -> int:
    """Return what the item is worth to the buyer, whoever sells it.

    Parameters
    ----------
    noise : float
        Standard normal: what this buyer makes of this item beyond its sheet.
    """
    share = worth.base + worth.span * fit(profile, product, worth) + worth.noise * noise
    return max(1, round(profile.budget_cents[1] * share))


def own_worth_cents(seed: Seed, unit: str, profile: Profile, product: Product, worth: Worth) -> int:
    """Return what an item is worth to one buyer; its draw is the same whenever it is asked.

    Parameters
    ----------
    seed : Seed
        Stream used: ``buyer/worth`` by unit and product.
    unit : str
        Of the buyer's requests.
    """
    noise = seed.stream("buyer/worth", f"{unit}/{product.id}").normal()
    return reservation_cents(profile, product, noise, worth)


def surplus_utility(
    reservation_cents: int, price_cents: int, budget_cents: int, bounds: Surplus
) -> float:
    """Return what a surplus is worth in willingness: bounded, as a share of the upper budget.

    A bargain is no more than a bargain, and a loss no more than a loss: the value saturates.
    """
    share = (reservation_cents - price_cents) / budget_cents
    return bounds.weight * math.tanh(share / bounds.scale)
