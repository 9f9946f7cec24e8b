"""The seller's side of a retail episode that is played from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from retailsim.agents.retail.policy.actions import OPTION_NAMES, Decision
from retailsim.agents.retail.policy.features import features
from retailsim.agents.retail.policy.legal import mask
from retailsim.agents.retail.policy.view import SellerView, stage_of
from retailsim.events.messages import Event
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.values import Offer
from retailsim.sim.environments.retail.rewards import Rewards
from retailsim.sim.environments.side import Side


class SellerSide(Side):
    """The seller of one buyer.

    Parameters
    ----------
    offer : Offer
        What is for sale.
    weights : mapping of term to number
        Of the rewards.
    """

    names = OPTION_NAMES

    def __init__(self, offer: Offer, weights: Mapping[str, float]) -> None:
        self.view = SellerView(offer)
        self.rewards = Rewards(weights, self.view)

    def tell(self, events: Iterable[Event]) -> None:
        """Take further events of the episode."""
        self.view.tell(events)

    def features(self, request: AgentRequest | None) -> list[float]:
        """Return the state, see `agents.retail.policy.features`."""
        return features(self.view, None if request is None else stage_of(_decision(request)))

    def legal(self, request: AgentRequest) -> list[int]:
        """Return 1 for each option that may answer a request, 0 for the others."""
        return mask(_decision(request))


def _decision(request: object) -> Decision:
    assert isinstance(request, Decision)  # the seat asks nothing else
    return request
