"""What a learner goes through: retail episodes with simulated buyers, one after another."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec

from retailsim.agents.retail.policy.features import TABLE
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.environments.retail.episodes import RetailEpisodes
from retailsim.sim.environments.retail.seller_side import SellerSide
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.learning.course import Lessons, SeatCourse
from retailsim.sim.run.launch import PreparedRun
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.scenario import PARAMETER_SETS


class Course(SeatCourse):
    """A learner's way through episodes.

    Parameters
    ----------
    lessons : Lessons
    meeting : Options or RetailEpisodes
        Which scenario, with what laid over it; or its episodes, where there are several courses in
        them.
    """

    def __init__(self, lessons: Lessons, meeting: Options | RetailEpisodes) -> None:
        held = meeting if isinstance(meeting, RetailEpisodes) else RetailEpisodes(meeting)
        self._rules = held.design.rules
        super().__init__(lessons, held, TABLE, profiles=len(held.design.products))

    def side(self, market: SteppedMarket) -> SellerSide:
        """Return the seller's side of an episode."""
        assert isinstance(market.spec, RetailSpec)  # the protocol has no other
        return SellerSide(offer_of(market.spec, self._rules), self.lessons.reward)

    def met(self, spec: MarketSpec) -> str:
        """Return the product."""
        assert isinstance(spec, RetailSpec)  # the protocol has no other
        return spec.product.id

    def digest(self, run: PreparedRun) -> str:
        """Return the SHA-256 of buyers, products and rules that are met."""
        scenario, design = run.scenario, run.design
        parameters = scenario.behavioral.parameters
        if parameters is not None and parameters not in PARAMETER_SETS:
            parameters = sha256(Path(parameters).read_bytes()).hexdigest()
        met = {
            "design": msgspec.structs.replace(scenario.design, replications=1),
            "rules": self._rules,
            "wallet": scenario.behavioral.wallet,
            "buyers": scenario.buyers,
            "parameters": parameters,
            "products": design.products,
        }
        return sha256(msgspec.json.encode(met, order="sorted")).hexdigest()
