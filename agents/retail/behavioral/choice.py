"""The purchase decision: a random-utility discrete choice with an outside option.

``U(buy) = inclination + liking + fit + price + pitch + answers + e``, bought when it exceeds
``U(outside)``, with ``e`` standard logistic (McFadden 1974; the difference of two Gumbel
errors). The price is felt against what the buyer would spend on such goods, against what the item
is worth beside its rivals, and as a bargain below list. The equations and their parameters stand
in ``docs/behavioral.md``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from retailsim.agents.retail.behavioral.draws import normal
from retailsim.agents.retail.behavioral.parameters import BuyerParameters, Disposition
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Category, Product
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


def drawn_liking(seed: Seed, product: Product, buyer: str, parameters: BuyerParameters) -> float:
    """Return what is drawn of a liking: appeal, shared by all buyers, and this buyer's taste.

    Both are normal with mean 0, in units of utility.
    """
    choice = parameters.choice
    return (
        choice.appeal_sd * normal(seed, "product/appeal", product.id)
        + choice.taste_sd * _tastes(seed, product.id, buyer)[0]
    )


def liking(seed: Seed, product: Product, buyer: str, parameters: BuyerParameters) -> float:
    """Return appeal, this buyer's taste for the product, and what the sheet's stars are worth."""
    choice, stars = parameters.choice, product.average_rating
    worth = 0.0 if stars is None else choice.rating_weight * (stars - choice.rating_typical)
    return drawn_liking(seed, product, buyer, parameters) + worth


def gender_fit(product: Product, gender: str | None, parameters: BuyerParameters) -> float:
    """Return how the product's audience suits the buyer; 0 where either is unknown."""
    fit = parameters.gender_fit.get(product.audience) if product.audience else None
    if fit is None or gender not in ("male", "female"):
        return 0.0
    return fit.male if gender == "male" else fit.female


def wallet_log_cents(
    seed: Seed, category: Category, buyer: str, factor: float, parameters: BuyerParameters
) -> float:
    """Return ln of what this buyer would spend on one item of the category, in cents.

    Log-normal over (category, buyer): the same in every episode of that buyer. `factor` comes on
    top: the buyer's own, and how dear the goods for sale are.
    """
    wallet = parameters.wallet
    drawn = normal(seed, "buyer/wallet", f"{category}/{buyer}")
    return math.log(wallet.cents[category] * factor) + wallet.spread * drawn


def own_price_slope(
    seed: Seed, product: str, who: Disposition, parameters: BuyerParameters
) -> float:
    """Return the slope on ln(price) for one product: log-normal over products, its mean kept."""
    spread = parameters.choice.price_sd
    if spread == 0.0:
        return who.price
    drawn = normal(seed, "product/price-slope", product)
    return who.price * math.exp(spread * drawn - spread * spread / 2.0)


def price_utility(
    seed: Seed,
    offer: Offer,
    buyer: str,
    who: Disposition,
    parameters: BuyerParameters,
    dearness: float = 1.0,
) -> float:
    """Return what the price does: against wallet and worth, and as a bargain below list.

    A part ``wallet.share`` of the slope weighs the price against the wallet, so dear goods sell
    less; the rest weighs it against what the item is worth beside its rivals, a multiple of the
    list price that is log-normal over (product, buyer); a buyer knows no costs. A price of one's
    own is answered with the whole slope.

    Parameters
    ----------
    dearness : float
        Factor on the wallet that belongs to the goods for sale, see `Seat.wallet`.
    """
    choice, full = parameters.choice, math.log(offer.list_price_cents)
    felt = math.log(offer.price_cents + choice.shipping * offer.shipping_cents)
    slope = own_price_slope(seed, offer.product.id, who, parameters)
    absolute = min(parameters.wallet.share * choice.price, slope)
    purse = wallet_log_cents(seed, offer.product.category, buyer, who.wallet * dearness, parameters)
    worth = choice.reservation + choice.reservation_sd * _tastes(seed, offer.product.id, buyer)[1]
    utility = absolute * (purse - felt) + (slope - absolute) * (worth + full - felt)
    if offer.price_cents < offer.list_price_cents:
        saved = full - math.log(offer.price_cents)
        utility += who.deal * min(saved, -math.log(1.0 - choice.deal_most))
    return utility


def drawn_price(
    seed: Seed, offer: Offer, buyer: str, who: Disposition, parameters: BuyerParameters
) -> tuple[float, float]:
    """Return what is drawn of a price's utility, wallet and worth, and its standard deviation.

    Both are normal with mean 0; the slope of the product is not part of it.
    """
    choice, wallet, product = parameters.choice, parameters.wallet, offer.product
    slope = own_price_slope(seed, product.id, who, parameters)
    absolute = min(wallet.share * choice.price, slope)
    purse, worth = absolute * wallet.spread, (slope - absolute) * choice.reservation_sd
    drawn = purse * normal(seed, "buyer/wallet", f"{product.category}/{buyer}")
    return drawn + worth * _tastes(seed, product.id, buyer)[1], math.hypot(purse, worth)


def logistic(draw: float) -> float:
    """Return the standard logistic quantile of a uniform draw in (0, 1)."""
    return math.log(draw / (1.0 - draw))


def bought(utility: Utility, draw: float, parameters: BuyerParameters) -> bool:
    """Return whether buying beats the outside option at this uniform draw."""
    return utility.total + logistic(draw) > parameters.choice.outside


def quantity(
    offer: Offer, draw: float, price: float, who: Disposition, parameters: BuyerParameters
) -> int:
    """Return how many units are bought: mostly one, more of what is cheap or gets used up.

    Parameters
    ----------
    draw : float
        Uniform in (0, 1).
    price : float
        What the price did to the utility of buying; it moves the odds of taking more than one.
    """
    rule, count = parameters.quantity, 1
    chance = _more_than_one(offer, price, who, parameters)
    while count < rule.many and draw < chance:
        count += 1
        chance *= rule.again
    return count


def mean_quantity(
    offer: Offer, price: float, who: Disposition, parameters: BuyerParameters
) -> float:
    """Return how many units `quantity` comes to on average over its draw."""
    rule = parameters.quantity
    more = sum(rule.again**further for further in range(rule.many - 1))
    return 1.0 + more * _more_than_one(offer, price, who, parameters)


def _more_than_one(
    offer: Offer, price: float, who: Disposition, parameters: BuyerParameters
) -> float:
    rule = parameters.quantity
    food = rule.consumable if offer.product.category == "Food" else 0.0
    odds = who.quantity * math.exp(min(rule.base + food + rule.price * price, _SURE))
    return odds / (1.0 + odds)


_SURE = 30.0
"""Log odds beyond which nothing changes."""
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
