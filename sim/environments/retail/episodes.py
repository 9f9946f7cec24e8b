"""Which episode comes next: every product with every buyer once in a new order, then again."""

from __future__ import annotations

from collections.abc import Iterable

from retailsim.events.streams import Seed
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.environments.episodes import SeatEpisodes
from retailsim.sim.environments.errors import BadEnvironment
from retailsim.sim.protocols.retail.design import RetailDesign
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.scenario import Scenario

ALONE = "episode"
"""The broadcast of a market that has one buyer."""


class RetailEpisodes(SeatEpisodes[RetailSpec, RetailDesign]):
    """The episodes of a scenario, each a market of its own, its seller played from outside."""

    protocol = "retail"
    defaults = (f"design.broadcast={ALONE}",)

    def _check(self, scenario: Scenario) -> None:
        super()._check(scenario)
        if scenario.design.broadcast != ALONE:
            problem = f'design.broadcast has to be "{ALONE}": an episode has one buyer'
            raise BadEnvironment("settings", problem)

    def _typed(self, design: Design) -> tuple[RetailDesign, Iterable[RetailSpec]]:
        assert isinstance(design, RetailDesign)  # the protocol has no other
        return design, design.markets()

    def _redesigned(self, scenario: Scenario, seed: Seed) -> RetailDesign:
        return RetailDesign(scenario, self.design.products, seed, self.design.rules.enforced)

    def _again(self, spec: RetailSpec, replication: int) -> RetailSpec:
        return self.design.again(spec, replication)
