"""Behavioral buyers that tell what they stand on at their decision: for fits to what people did."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from retailsim.agents.footing import Footing
from retailsim.agents.retail.behavioral import choice
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.questions import Course
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.behavioral.text_features import read_pitch
from retailsim.market.protocols.retail.requests import Decide
from retailsim.market.protocols.retail.values import Decision, Offer

INTERCEPT, PRICE, DEAL = (f"buyer.choice.{name}" for name in ("intercept", "price", "deal"))
UNITS = "buyer.quantity.base"
_RATINGS = "buyer.ratings."
_OWN = ("inclination", "price", "deal")
"""Options with which a seat has a number of its own instead of the parameters'."""
OUTCOMES = ("exchanged", "refunded", "delivered", "none")


class _Footed(BehavioralBuyer):
    """A behavioral buyer that knows its footing."""

    def footing(self, request: Decide) -> Footing:
        """Return what it stands on as it is asked to decide."""
        offer, parameters, own = request.offer, self._parameters, self.seat.options
        rule, quantity, course = parameters.choice, parameters.quantity, self._course(request)
        price, price_sd, slope_sd, deal = self._priced(offer)
        level, slope, bargain = (float(name not in own) for name in _OWN)
        felt = (1.0 - slope) * price * rule.price + (1.0 - bargain) * deal * rule.deal
        parts = self._utility(request, course)
        drawn = choice.drawn_liking(self.seat.seed, offer.product, self.seat.key, parameters)
        rest = parts.total - parts.price - drawn - rule.outside
        food = quantity.consumable if offer.product.category == "Food" else 0.0
        return Footing(
            episode=str(request.episode),
            level=level,
            base=rest - level * rule.intercept + felt,
            price=slope * price,
            price_sd=slope * price_sd,
            deal=bargain * deal,
            felt=felt,
            product_sd=rule.appeal_sd,
            liking_sd=math.hypot(rule.appeal_sd, rule.taste_sd),
            slope_sd=slope * slope_sd,
            rest_sd=(1.0 - slope) * price_sd * rule.price,
            odds=self._who.quantity * math.exp(food),
            odds_price=quantity.price,
            again=quantity.again,
            many=quantity.many,
            ratings=self._on_top(request, course, parts.liking - drawn),
            liking={
                f"{_RATINGS}product_{name}": parameters.ratings.product_slope for name in OUTCOMES
            },
            noise=parameters.ratings.noise,
            extra=self._who.exchanges,
            present=self._present(),
            exchanges=parameters.inquiry.exchanges,
        )

    def _priced(self, offer: Offer) -> tuple[float, float, float, float]:
        """What a unit of the price slope does, with its spreads, and one of the bargain's.

        As `choice.price_utility`, before wallet, worth and the product's own slope are drawn:
        slopes are those of the parameters times what traits and anchors make of them.
        """
        rule, wallet = self._parameters.choice, self._parameters.wallet
        who = self._who_for(offer)
        full, shipping = math.log(offer.list_price_cents), rule.shipping * offer.shipping_cents
        felt = math.log(offer.price_cents + shipping)
        steep = who.price / rule.price if rule.price else 1.0
        absolute = min(wallet.share, steep)
        dearness = self.seat.wallet.get(offer.product.category, 1.0)
        purse = math.log(wallet.cents[offer.product.category] * who.wallet * dearness)
        worth = rule.reservation + full
        price = absolute * (purse - felt) + (steep - absolute) * (worth - felt)
        # Slopes are log-normal over products with this coefficient of variation.
        varies = math.sqrt(math.expm1(rule.price_sd**2))
        shared = steep * varies * (worth - felt)
        own = math.hypot(absolute * wallet.spread, (steep - absolute) * rule.reservation_sd)
        saved = max(0.0, full - math.log(offer.price_cents))
        deal = min(saved, -math.log(1.0 - rule.deal_most))
        deal *= who.deal / rule.deal if rule.deal else 1.0
        return price, math.hypot(own, shared), shared, deal

    def _on_top(self, request: Decide, course: Course, liking: float) -> dict[str, float]:
        """What comes on top of each level of ratings; with stars' shares there is no level."""
        scale, who, offer = self._parameters.ratings, self._who, request.offer
        seen = read_pitch(request.pitch, offer)
        warm = scale.pitch_warmth * (seen.warmth - self._parameters.typical.warmth)
        pitch = scale.pitch_slope * self._persuasion(seen) + warm + who.rating
        score = course.score(request.topics.topics, request.transcript, terms_of(offer).sheet)
        asked = scale.answers_slope * (score - self._parameters.answers.typical) + who.rating
        later = scale.post_persona * who.rating
        product = scale.product_slope * liking + later
        found = {"pitch": pitch, "pitch_nonbuyer": pitch + scale.pitch_hype * seen.hype}
        found |= {"pre_inquiry": asked, "pre_inquiry_nonbuyer": asked}
        found |= {f"settled_{name}": later for name in OUTCOMES}
        found |= {f"product_{name}": product for name in OUTCOMES}
        if scale.product_stars:
            found.pop("product_none")
        return {f"{_RATINGS}{name}": value for name, value in found.items()}

    def _present(self) -> dict[str, float]:
        rule, scale = self._parameters.choice, self._parameters.ratings
        found = {INTERCEPT: rule.intercept, PRICE: rule.price, DEAL: rule.deal}
        found[UNITS] = self._parameters.quantity.base
        names = ["pitch", "pitch_nonbuyer", "pre_inquiry", "pre_inquiry_nonbuyer"]
        names += [f"{aspect}_{name}" for aspect in ("settled", "product") for name in OUTCOMES]
        return found | {f"{_RATINGS}{name}": getattr(scale, name) for name in names}


def footing_buyers(tell: Callable[[Footing], None]) -> Mapping[str, type[BehavioralBuyer]]:
    """Return the built-in buyers by name, as such that tell their footings; they play the same."""

    class FootedBuyer(_Footed):
        """A behavioral buyer that tells what it stands on before it decides."""

        async def decide(self, request: Decide) -> Decision:
            """Decide as ever, and tell the footing."""
            tell(self.footing(request))
            return await super().decide(request)

    return {"behavioral": FootedBuyer}
