"""The purchase decision: a random-utility discrete choice with an outside option.

``U(buy) = inclination + liking + fit + price + pitch + answers + e``, bought when it exceeds
``U(outside)``, with ``e`` standard logistic (McFadden 1974; the difference of two Gumbel
errors). The price acts through ``ln(reservation price / price felt)``, so its slope is the
elasticity of the odds. The equations and their parameters stand in ``docs/behavioral.md``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from retailsim.agents.retail.behavioral.draws import normal
from retailsim.agents.retail.behavioral.parameters import BuyerParameters, Disposition
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.retail.values import Offer


class Utility(NamedTuple):
    """The parts of the utility of buying, before the error; what drives a decision."""

    inclination: float
    liking: float
    fit: float
    price: float
    pitch: float
    answers: float

    @property
    def total(self) -> float:
        """The sum of the parts."""
        return sum(self)


@lru_cache(maxsize=4096)
def _tastes(seed: Seed, product: str, buyer: str) -> tuple[float, float]:
    draws = seed.stream("buyer/taste", f"{product}/{buyer}")
    return draws.normal(), draws.normal()


def liking(seed: Seed, product: Product, buyer: str, parameters: BuyerParameters) -> float:
    """Return appeal (shared by all buyers of the product) and this buyer's taste for it."""
    choice = parameters.choice
    stars = product.average_rating
    return (
        choice.appeal_sd * normal(seed, "product/appeal", product.id)
        + choice.taste_sd * _tastes(seed, product.id, buyer)[0]
        + (0.0 if stars is None else choice.rating_weight * (stars - choice.rating_typical))
    )


def gender_fit(product: Product, gender: str | None, parameters: BuyerParameters) -> float:
    """Return how the product's audience suits the buyer; 0 where either is unknown."""
    fit = parameters.gender_fit.get(product.audience) if product.audience else None
    if fit is None or gender not in ("male", "female"):
        return 0.0
    return fit.male if gender == "male" else fit.female


def price_utility(
    seed: Seed, offer: Offer, buyer: str, who: Disposition, parameters: BuyerParameters
) -> float:
    """Return what the price does: against the reservation price, and as a bargain below list.

    The reservation price is a multiple of the list price, log-normal over (product, buyer); a
    buyer knows no costs.
    """
    choice, full = parameters.choice, offer.list_price_cents
    felt = offer.price_cents + choice.shipping * offer.shipping_cents
    spread = choice.reservation_sd * _tastes(seed, offer.product.id, buyer)[1]
    utility = who.price * (choice.reservation + spread - math.log(felt / full))
    if offer.price_cents < full:
        utility += who.deal * math.log(full / offer.price_cents)
    return utility


def logistic(draw: float) -> float:
    """Return the standard logistic quantile of a uniform draw in (0, 1)."""
    return math.log(draw / (1.0 - draw))


def bought(utility: Utility, draw: float, parameters: BuyerParameters) -> bool:
    """Return whether buying beats the outside option at this uniform draw."""
    return utility.total + logistic(draw) > parameters.choice.outside


def quantity(offer: Offer, draw: float, who: Disposition, parameters: BuyerParameters) -> int:
    """Return how many units are bought: mostly one, more of cheap things that get used up."""
    rule = parameters.quantity
    chance = rule.base
    if offer.product.category == "Food":
        chance += rule.consumable
    if offer.price_cents < rule.cheap_cents:
        chance += rule.cheap
    chance = min(1.0, chance * who.quantity)
    if draw >= chance:
        return 1
    return 2 + int(draw / chance * (rule.many - 1)) if rule.many > 1 else 1


_PARTS = Utility._fields[1:]
# These two only choose words: when a reason is not worth naming, when a pitch sounds pushy.
_NEGLIGIBLE = 0.05
_PUSHY = 0.6


def driver(utility: Utility, push: float, buys: bool) -> str:
    """Return the part that spoke most for (or against) buying, by name.

    ``pushy`` stands for a pitch that fails in spite of much pressure; ``nothing`` where no part
    speaks against buying.
    """
    parts = utility[1:]
    strongest = max(parts) if buys else min(parts)
    name = _PARTS[parts.index(strongest)]
    if buys:
        return name
    if strongest > -_NEGLIGIBLE:
        return "nothing"
    return "pushy" if name == "pitch" and push > _PUSHY else name
