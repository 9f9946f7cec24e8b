"""One retail episode with a seller that is played from outside."""

from __future__ import annotations

from collections.abc import Mapping

from retailsim.agents.retail.policy.actions import OPTION_NAMES, Decision, mask
from retailsim.agents.retail.policy.features import features
from retailsim.agents.retail.policy.view import SellerView, stage_of
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.sim.environments.retail.rewards import Rewards
from retailsim.sim.environments.seat_episode import SeatEpisode
from retailsim.sim.environments.stepping import SteppedMarket


class RetailEpisode(SeatEpisode):
    """An episode under way: from the pitch to the reviews.

    Parameters
    ----------
    market : SteppedMarket
        Of one buyer.
    rules : RetailRules
        Of the run.
    weights : mapping of term to number
        Of the rewards.
    """

    names = OPTION_NAMES

    def __init__(
        self, market: SteppedMarket, rules: RetailRules, weights: Mapping[str, float]
    ) -> None:
        assert isinstance(market.spec, RetailSpec)  # the protocol has no other
        self.view = SellerView(offer_of(market.spec, rules))
        super().__init__(market, self.view, Rewards(weights, self.view))

    def features(self) -> list[float]:
        """Return the state, see `agents.retail.policy.features`."""
        question = self.market.question
        return features(
            self.view, None if question is None else stage_of(_decision(question.request))
        )

    def legal(self, request: AgentRequest) -> list[int]:
        """Return 1 for each option that may answer a request, 0 for the others."""
        return mask(_decision(request))


def _decision(request: object) -> Decision:
    assert isinstance(request, Decision)  # the seat asks nothing else
    return request
