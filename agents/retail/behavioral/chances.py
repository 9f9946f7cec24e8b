"""Chances: behavioral buyers that also tell how likely each of their purchases was.

A rate over many runs is known better from chances than from what was drawn. The chance here is
the one before product appeal and this buyer's taste for the product are drawn, too: these two are
normal and the largest part of what differs between seeds, so they are integrated out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from retailsim.agents.retail.behavioral import choice
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.parameters import ChoiceParameters
from retailsim.market.protocols.retail.requests import Decide
from retailsim.market.protocols.retail.values import Decision

Tell = Callable[[str, float], None]
"""Takes an episode and the chance that it ends in a purchase."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_SHARES = _WEIGHTS / _WEIGHTS.sum()


def mean_chance(utility: float, spread: float) -> float:
    """Return the mean of the logistic function over a normal utility.

    Parameters
    ----------
    utility, spread : float
        Mean and standard deviation of the utility of buying over that of walking away.

    Returns
    -------
    float
        In (0, 1), by Gauss-Hermite quadrature; exact to 1e-6 for spreads up to 2.
    """
    chances = 0.5 * (1.0 + np.tanh(0.5 * (utility + spread * _NODES)))
    return float(_SHARES @ chances)


def spread_of(parameters: ChoiceParameters) -> float:
    """Return the standard deviation of appeal and taste together, in units of utility."""
    return math.hypot(parameters.appeal_sd, parameters.taste_sd)


def telling_buyers(tell: Tell) -> Mapping[str, type[BehavioralBuyer]]:
    """Return the built-in buyers by name, as such that tell their chances; they play the same."""

    class TellingBuyer(BehavioralBuyer):
        """A behavioral buyer that tells the chance of each purchase."""

        async def decide(self, request: Decide) -> Decision:
            """Decide as ever, and tell how likely buying was."""
            parameters = self._parameters
            drawn = choice.drawn_liking(
                self.seat.seed, request.offer.product, self.seat.id, parameters
            )
            utility = self._utility(request, self._course(request)).total - drawn
            steady = utility - parameters.choice.outside
            tell(str(request.episode), mean_chance(steady, spread_of(parameters.choice)))
            return await super().decide(request)

    return {"behavioral": TellingBuyer}
