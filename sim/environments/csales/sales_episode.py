"""One sales conversation with a seller that is played from outside."""

from __future__ import annotations

from collections.abc import Mapping

from retailsim.agents.csales.policy.features import features
from retailsim.agents.csales.policy.view import SellerView
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.sim.environments.csales.rewards import Rewards
from retailsim.sim.environments.seat_episode import SeatEpisode
from retailsim.sim.environments.stepping import SteppedMarket


class SalesEpisode(SeatEpisode):
    """A conversation under way.

    Parameters
    ----------
    market : SteppedMarket
    rules : SalesRules
        Of the run.
    weights : mapping of term to number
        Of the rewards.
    """

    def __init__(
        self, market: SteppedMarket, rules: SalesRules, weights: Mapping[str, float]
    ) -> None:
        self.names = rules.actions.names
        self._table = rules.actions
        self.view = SellerView(rules.catalogue.below(()))
        super().__init__(market, self.view, Rewards(weights))

    def features(self) -> list[float]:
        """Return the state, see `agents.csales.policy.features`."""
        return features(self.view)

    def legal(self, request: AgentRequest) -> list[int]:
        """Return 1 for each option of the run's table that the market allows."""
        assert isinstance(request, PlanTurn)  # the seat asks nothing else
        return self._table.mask(request.options)
