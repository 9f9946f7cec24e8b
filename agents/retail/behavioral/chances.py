"""Chances: behavioral buyers that also tell how likely each of their purchases was.

A rate over many runs is known better from chances than from what was drawn. The chance here is
the one before product appeal, this buyer's taste for the product, its wallet and what the product
is worth to it are drawn, too: these are normal and the largest part of what differs between
seeds, so they are integrated out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.agents.retail.behavioral import choice
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.market.protocols.retail.requests import Decide
from retailsim.market.protocols.retail.values import Decision, Offer

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_SHARES = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Prospect:
    """A purchase decision before it is drawn.

    Parameters
    ----------
    episode, category, buyer : str
    rest : float
        Mean utility of buying over walking away, but for the price.
    spread : float
        Standard deviation of that utility.
    priced : callable
        ``(slope, price) -> mean, standard deviation`` of the utility that the price adds, with
        that factor on the buyer's price slopes and on the price.
    """

    episode: str
    category: str
    buyer: str
    rest: float
    spread: float
    priced: Callable[[float, float], tuple[float, float]]

    def utility(self, slope: float = 1.0, price: float = 1.0) -> tuple[float, float]:
        """Return mean and standard deviation of the utility of buying over walking away."""
        mean, spread = self.priced(slope, price)
        return self.rest + mean, math.hypot(self.spread, spread)


def mean_chances(utilities: Sequence[float] | Floats, spreads: Sequence[float] | Floats) -> Floats:
    """Return the means of the logistic function over normal utilities.

    Parameters
    ----------
    utilities, spreads : array of float
        Means and standard deviations of the utility of buying over that of walking away.

    Returns
    -------
    array of float
        In (0, 1), by Gauss-Hermite quadrature; exact to 1e-5 for spreads up to 2.
    """
    points = np.asarray(utilities)[:, None] + np.asarray(spreads)[:, None] * _NODES
    found: Floats = 0.5 * (1.0 + np.tanh(0.5 * points)) @ _SHARES
    return found


def prospecting_buyers(tell: Callable[[Prospect], None]) -> Mapping[str, type[BehavioralBuyer]]:
    """Return the built-in buyers by name, as such that tell their prospects; they play the same."""

    class ProspectingBuyer(BehavioralBuyer):
        """A behavioral buyer that tells each decision before it is drawn."""

        async def decide(self, request: Decide) -> Decision:
            """Decide as ever, and tell what buying was worth."""
            tell(self._prospect(request))
            return await super().decide(request)

        def _prospect(self, request: Decide) -> Prospect:
            offer, parameters, seat = request.offer, self._parameters, self.seat
            liked = choice.drawn_liking(seat.seed, offer.product, seat.key, parameters)
            utility = self._utility(request, self._course(request))
            rest = utility.total - utility.price - liked - parameters.choice.outside

            def priced(slope: float, price: float) -> tuple[float, float]:
                at, who = at_price(offer, price), self._who_at(offer, slope)
                drawn, spread = choice.drawn_price(seat.seed, at, seat.key, who, parameters)
                return self._price_utility(at, slope) - drawn, spread

            sd = math.hypot(parameters.choice.appeal_sd, parameters.choice.taste_sd)
            category = offer.product.category
            return Prospect(str(request.episode), category, seat.id, rest, sd, priced)

    return {"behavioral": ProspectingBuyer}


def at_price(offer: Offer, factor: float) -> Offer:
    """Return the offer at another price beside the same list price."""
    if factor == 1.0:
        return offer
    return msgspec.structs.replace(offer, price_cents=max(1, round(offer.price_cents * factor)))


def telling_buyers(tell: Callable[[str, float], None]) -> Mapping[str, type[BehavioralBuyer]]:
    """Return the built-in buyers by name, as such that tell each episode's chance of a purchase."""

    def told(prospect: Prospect) -> None:
        mean, spread = prospect.utility()
        [chance] = mean_chances([mean], [spread])
        tell(prospect.episode, float(chance))

    return prospecting_buyers(told)
