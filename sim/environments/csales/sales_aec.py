"""The PettingZoo environment of both seats of sales conversations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from retailsim.agents.csales.policy import buyer_features
from retailsim.agents.csales.policy.features import policy_table
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.sim.environments.csales.buyer_side import WEIGHTS, BuyerSide
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.environments.csales.rewards import TERMS, checked_weights
from retailsim.sim.environments.csales.seller_side import SellerSide
from retailsim.sim.environments.episodes import seat
from retailsim.sim.environments.errors import BadEnvironment
from retailsim.sim.environments.seats_aec import SeatsAEC
from retailsim.sim.environments.session import Session
from retailsim.sim.environments.side import Side
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.environments.weights import checked
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.settings import as_settings

BUYER = {"id": "csuser", "agent": "outside"}
"""The buyer's seat; it is called as in the built-in scenario, so its draws are the same."""
AGENTS = ("seller", "buyer")


class SalesAEC(SeatsAEC):
    """Both sides of a sales conversation; see `retailsim.envs.csales_aec`."""

    metadata: ClassVar[dict[str, Any]] = {
        "name": "csales_aec_v0",
        "is_parallelizable": False,
        "render_modes": [],
    }

    def __init__(
        self,
        scenario: str | Path = "csales",
        *,
        catalog: str | Path | None = None,
        profiles: str | Path | None = None,
        settings: Mapping[str, Any] | None = None,
        reward: Mapping[str, Mapping[str, float]] | None = None,
        out: str | Path | None = None,
        episodes: object = 1_000,
        masks_observed: bool = False,
    ) -> None:
        options = Options(
            scenario=str(scenario),
            catalog=None if catalog is None else Path(catalog),
            profiles=None if profiles is None else Path(profiles),
            settings=as_settings(settings or {}),
        )
        held = Episodes(options, sellers=[seat(adaptive=True)], buyers=[BUYER])
        self._rules = held.design.rules
        self._weights = _weights(reward or {}, held.reward)
        tables = (policy_table(self._rules.actions), buyer_features.TABLE)
        super().__init__(
            Session(held, out, episodes),
            dict(zip(AGENTS, tables, strict=True)),
            masks_observed=masks_observed,
        )

    def _whose(self, request: AgentRequest) -> str:
        return "seller" if isinstance(request, PlanTurn) else "buyer"

    def _seated(self, market: SteppedMarket) -> Mapping[str, Side]:
        return {
            "seller": SellerSide(self._rules, self._weights["seller"]),
            "buyer": BuyerSide(self._session.seed, self._weights["buyer"]),
        }


def _weights(
    given: Mapping[str, Mapping[str, object]], usual: Mapping[str, float] | None
) -> Mapping[str, Mapping[str, float]]:
    unknown = [agent for agent in given if agent not in AGENTS]
    if unknown:
        raise BadEnvironment("reward", f"{unknown[0]!r} is not one of {', '.join(AGENTS)}")
    return {
        "seller": checked_weights(given.get("seller", usual)),
        "buyer": checked(given.get("buyer", WEIGHTS), TERMS),
    }
