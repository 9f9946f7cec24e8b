"""The seller's side of a sales conversation that is played from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from retailsim.agents.csales.policy.features import features
from retailsim.agents.csales.policy.view import SellerView
from retailsim.events.messages import Event
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.sim.environments.csales.rewards import Rewards
from retailsim.sim.environments.side import Side


class SellerSide(Side):
    """The seller in one conversation.

    Parameters
    ----------
    rules : SalesRules
        Of the run.
    weights : mapping of term to number
        Of the rewards.
    """

    def __init__(self, rules: SalesRules, weights: Mapping[str, float]) -> None:
        self.names = rules.actions.names
        self.rewards = Rewards(weights)
        self.view = SellerView(rules.catalogue.below(()))
        self._table = rules.actions

    def tell(self, events: Iterable[Event]) -> None:
        """Take further events of the conversation."""
        self.view.tell(events)

    def features(self, request: AgentRequest | None) -> list[float]:
        """Return the state, see `agents.csales.policy.features`."""
        return features(self.view)

    def legal(self, request: AgentRequest) -> list[int]:
        """Return 1 for each option of the run's table that the market allows."""
        assert isinstance(request, PlanTurn)  # the seat asks nothing else
        return self._table.mask(request.options)
