"""The design of a csales run: from a scenario, its catalogue and profiles to its conversations.

Conversations are numbered by profile, replication, seller and buyer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.claims.rules import ClaimRules
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.protocols.csales.action_table import ActionTable
from retailsim.market.protocols.csales.protocol import SalesMarket
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules
from retailsim.market.protocols.csales.values import Profile
from retailsim.market.rules.rule import RuleSet
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.pairing import Pairing
from retailsim.sim.scenario.scenario import Scenario

TOLD = ("told", "wrong")
"""Values of a seller's ``options.style`` for which the market tells it the buyer's true style."""


def action_table(scenario: Scenario) -> ActionTable:
    """Return what sellers choose from; raises `BadActions` where the scenario makes no table."""
    table = scenario.actions
    return ActionTable(**{name: getattr(table, name) for name in ActionTable.__struct_fields__})


class SalesDesign(Design):
    """All conversations of a run.

    Parameters
    ----------
    scenario : Scenario
    products : sequence of Product
        The whole catalogue.
    profiles : sequence of Profile
        In the order that numbers the conversations.
    seed : Seed
        Stream used: ``design/pairing`` by profile, buyer and replication.
    rules : SalesRules or None
        Those of another design that differs in its seed or replications alone: indexing a
        catalogue takes time.
    enforced : RuleSet or None
        Rules of level "mask" that the market keeps sellers to.
    """

    def __init__(
        self,
        scenario: Scenario,
        products: Sequence[Product],
        profiles: Sequence[Profile],
        seed: Seed,
        rules: SalesRules | None = None,
        enforced: RuleSet | None = None,
    ) -> None:
        super().__init__(scenario, products, seed)
        self.profiles = profiles
        self._pairing = Pairing(scenario, seed)
        design = scenario.design
        self.rules = rules or SalesRules(
            catalogue=Shop(products, index=scenario.profiles.index),
            shipping=scenario.shipping,
            max_turns=design.max_turns,
            start=design.start.isoformat(),
            told_style=frozenset(
                seat.id for seat in scenario.sellers if seat.options.get("style") in TOLD
            ),
            actions=action_table(scenario),
            claims=ClaimRules(reader=scenario.claims.reader),
            enforced=enforced or RuleSet(),
            costs=scenario.policy.costs,
        )

    def open(self, spec: ConversationSpec) -> SalesMarket:
        """Return the live rules of one conversation."""
        return SalesMarket(spec, self.rules, self.seed)

    @property
    def sizes(self) -> tuple[tuple[int, str], ...]:
        """How large the design is: counts with what is counted."""
        return (
            (self.episodes, "conversation"),
            (len(self.profiles), "profile"),
            (len(self.products), "product"),
            (len(self._pairing.sellers), "seller"),
            (len(self._pairing.buyers), "buyer"),
        )

    @property
    def episodes(self) -> int:
        """How many conversations the whole design has."""
        meetings = self._pairing.meetings * self.scenario.design.replications
        return meetings * len(self.profiles)

    def markets(self) -> Iterator[ConversationSpec]:
        """Yield all conversations in their order."""
        return self._conversations(self.scenario.design.replications)

    @property
    def market_count(self) -> tuple[int, bool]:
        """How many markets there are: one for each conversation."""
        return self.episodes, True

    @property
    def cells(self) -> int:
        """How many pairs of profile and replication there are, times the sellers."""
        replications = self.scenario.design.replications
        return len(self.profiles) * replications * len(self._pairing.sellers)

    def stretch(self, start: int, stop: int) -> Iterator[ConversationSpec]:
        """Yield the conversations of some cells, whose numbers alone say what they hold."""
        sellers = self._pairing.sellers
        for cell in range(start, stop):
            before, seller = divmod(cell, len(sellers))
            profile, replication = divmod(before, self.scenario.design.replications)
            yield from self._cell(self.profiles[profile], replication + 1, sellers[seller])

    def rounds(self) -> tuple[Iterator[ConversationSpec], int]:
        """Return those of the first replication, and how many replications there are."""
        return self._conversations(1), self.scenario.design.replications

    def _conversations(self, replications: int) -> Iterator[ConversationSpec]:
        for profile in self.profiles:
            for replication in range(1, replications + 1):
                for seller in self._pairing.sellers:
                    yield from self._cell(profile, replication, seller)

    def _cell(
        self, profile: Profile, replication: int, seller: Participant
    ) -> Iterator[ConversationSpec]:
        """Yield the conversations of one seller with the buyers that it meets."""
        for buyer in self._pairing.met(profile.id, seller, replication):
            yield conversation(profile, seller, buyer, replication)


def conversation(
    profile: Profile, seller: Participant, buyer: Participant, replication: int
) -> ConversationSpec:
    """Return the conversation of a seller with a buyer of some profile."""
    name = f"{profile.id}/{seller.id}/{replication}/{buyer.id}"
    return ConversationSpec(
        id=name,
        sellers=(seller,),
        episodes=(EpisodeSpec(episode=name, buyer=buyer),),
        profile=profile,
        replication=replication,
    )
