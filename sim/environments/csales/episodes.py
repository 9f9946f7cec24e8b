"""Which conversation comes next: every profile once in a new order, then again."""

from __future__ import annotations

from collections.abc import Iterable

from retailsim.events.streams import Seed
from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.sim.environments.episodes import SeatEpisodes
from retailsim.sim.protocols.csales.design import SalesDesign, conversation
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.scenario import Scenario


class Episodes(SeatEpisodes[ConversationSpec, SalesDesign]):
    """The conversations of a scenario, a seat of them played from outside."""

    protocol = "csales"

    def _typed(self, design: Design) -> tuple[SalesDesign, Iterable[ConversationSpec]]:
        assert isinstance(design, SalesDesign)  # the protocol has no other
        return design, design.markets()

    def _redesigned(self, scenario: Scenario, seed: Seed) -> SalesDesign:
        old = self.design
        return SalesDesign(scenario, old.products, old.profiles, seed, old.rules)

    def _again(self, spec: ConversationSpec, replication: int) -> ConversationSpec:
        return conversation(spec.profile, spec.seller, spec.buyer, replication)
