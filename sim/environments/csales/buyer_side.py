"""The buyer's side of a sales conversation that is played from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from retailsim.agents.csales.behavioral.buyer_acts import ACT_NAMES, legal_acts
from retailsim.agents.csales.behavioral.parameters import defaults
from retailsim.agents.csales.behavioral.reservation_price import own_worth_cents
from retailsim.agents.csales.policy.buyer_features import NAMES, buyer_features
from retailsim.events.messages import Event
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.requests import RespondToSeller
from retailsim.sim.environments.csales.rewards import Rewards
from retailsim.sim.environments.side import Side

WEIGHTS: Mapping[str, float] = MappingProxyType({"surplus": 1.0, "illegal": -1.0})
"""What a buyer is paid in unless other weights are given; the terms are the seller's."""


class BuyerSide(Side):
    """The buyer in one conversation.

    Parameters
    ----------
    seed : Seed
        Of the run: what items are worth to a buyer comes from its streams.
    weights : mapping of term to number
        Of the rewards.
    """

    names = ACT_NAMES

    def __init__(self, seed: Seed, weights: Mapping[str, float]) -> None:
        self.rewards = Rewards(weights)
        self._seed, self._worth = seed, defaults().worth
        self._last = [0.0] * len(NAMES)

    def tell(self, events: Iterable[Event]) -> None:
        """A buyer is told all that it knows with what it is asked."""

    def features(self, request: AgentRequest | None) -> list[float]:
        """Return the state, see `agents.csales.policy.buyer_features`; if not asked, the last."""
        if request is not None:
            self._last = buyer_features(_turn(request), self._worth_cents)
        return self._last

    def legal(self, request: AgentRequest) -> list[int]:
        """Return 1 for each act that counts now, 0 for the others."""
        legal = legal_acts(_turn(request))
        return [int(name in legal) for name in ACT_NAMES]

    def _worth_cents(self, request: RespondToSeller, product: Product) -> int:
        return own_worth_cents(self._seed, request.unit, request.profile, product, self._worth)


def _turn(request: AgentRequest) -> RespondToSeller:
    assert isinstance(request, RespondToSeller)  # the seat asks nothing else
    return request
