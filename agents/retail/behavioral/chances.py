"""Chances: behavioral buyers that also tell how likely each of their purchases was.

A rate over many runs is known better from chances than from what was drawn. `Prospect` leaves
out the error of the decision alone, as an anchor needs it for one run. `telling_buyers` also leave
out product appeal, this buyer's taste for the product, its wallet and what the product is worth
to it, as a fit over seeds needs it: these are normal and the largest part of what differs between
seeds, so they are integrated out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from retailsim.agents.footing import mean_chances
from retailsim.agents.retail.behavioral import choice
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.market.protocols.retail.requests import Decide
from retailsim.market.protocols.retail.values import Decision, Offer


@dataclass(frozen=True, slots=True)
class Prospect:
    """A purchase decision before its error is drawn; all else is as the seed has it.

    Parameters
    ----------
    episode, category, buyer : str
    unit : str
        Names the draw of the error: decisions of one unit share it.
    utility : callable
        ``(slope, price)``, factors on the buyer's price slopes and on the price, to the utility
        of buying over walking away.
    units : callable
        Likewise, to how many units a purchase has on average.
    """

    episode: str
    category: str
    buyer: str
    unit: str
    utility: Callable[[float, float], float]
    units: Callable[[float, float], float]


def prospecting_buyers(tell: Callable[[Prospect], None]) -> Mapping[str, type[BehavioralBuyer]]:
    """Return the built-in buyers by name, as such that tell their prospects; they play the same."""

    class ProspectingBuyer(BehavioralBuyer):
        """A behavioral buyer that tells each decision before it is drawn."""

        async def decide(self, request: Decide) -> Decision:
            """Decide as ever, and tell what buying was worth."""
            tell(self._prospect(request))
            return await super().decide(request)

        def _prospect(self, request: Decide) -> Prospect:
            offer, parts = request.offer, self._utility(request, self._course(request))
            rest = parts.total - parts.price - self._parameters.choice.outside

            def utility(slope: float, price: float) -> float:
                return rest + self._price_utility(at_price(offer, price), slope)

            def units(slope: float, price: float) -> float:
                felt = self._price_utility(at_price(offer, price), slope)
                return choice.mean_quantity(offer, felt, self._who, self._parameters)

            return Prospect(
                episode=str(request.episode),
                category=offer.product.category,
                buyer=self.seat.id,
                unit=request.unit,
                utility=utility,
                units=units,
            )

    return {"behavioral": ProspectingBuyer}


def at_price(offer: Offer, factor: float) -> Offer:
    """Return the offer at another price beside the same list price."""
    if factor == 1.0:
        return offer
    return msgspec.structs.replace(offer, price_cents=max(1, round(offer.price_cents * factor)))


def telling_buyers(tell: Callable[[str, float], None]) -> Mapping[str, type[BehavioralBuyer]]:
    """Return the built-in buyers by name, as such that tell each episode's chance of a purchase."""

    class TellingBuyer(BehavioralBuyer):
        """A behavioral buyer that tells its chance before anything of it is drawn."""

        async def decide(self, request: Decide) -> Decision:
            """Decide as ever, and tell how likely it was."""
            tell(str(request.episode), self._chance(request))
            return await super().decide(request)

        def _chance(self, request: Decide) -> float:
            offer, parameters, seat = request.offer, self._parameters, self.seat
            parts, who = self._utility(request, self._course(request)), self._who_for(offer)
            liked = choice.drawn_liking(seat.seed, offer.product, seat.key, parameters)
            felt, spread = choice.drawn_price(seat.seed, offer, seat.key, who, parameters)
            mean = parts.total - liked - felt - parameters.choice.outside
            sd = math.hypot(parameters.choice.appeal_sd, parameters.choice.taste_sd, spread)
            return float(mean_chances([mean], [sd])[0])

    return {"behavioral": TellingBuyer}
