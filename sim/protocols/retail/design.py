"""The design of a retail run: from a scenario and its products to its markets.

Markets are numbered in a fixed order (product, arm, replication, seller, then buyer where each
has a market of its own) and made on demand, so a run of a million episodes holds none of them
in memory, and any worker can take any share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.market.claims.rules import ClaimRules
from retailsim.market.core.issues import ISSUES, IssueRules
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.protocols.retail.protocol import RetailMarket
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.market.rules.rule import RuleSet
from retailsim.sim.protocols.retail.offered_options import offered_options
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.pairing import Pairing
from retailsim.sim.scenario.scenario import Scenario

MOST_COUNTED = 100_000
"""Episodes up to which markets are counted where chance says who meets whom."""
PAPER_ISSUES = 1.0
"""Share of orders with an issue where the scenario says nothing: the paper's."""


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of the experiment."""

    condition: str
    price_multiplier: float


def arms(scenario: Scenario) -> tuple[Arm, ...]:
    """The price conditions, named ``base`` or by their multiplier."""
    return tuple(
        Arm(
            condition="base" if multiplier == 1.0 else f"price x{_number(multiplier)}",
            price_multiplier=multiplier,
        )
        for multiplier in scenario.design.price_multipliers
    )


def _number(multiplier: float) -> str:
    """Write a number as short as it can be told from all others."""
    short = f"{multiplier:g}"
    return short if float(short) == multiplier else repr(multiplier)


def rules(scenario: Scenario, enforced: RuleSet | None = None) -> RetailRules:
    """The market's rules with what the scenario overrides, and those that sellers are kept to."""
    design, issues = scenario.design, scenario.issues
    given = scenario.products.issue_rate
    by_category = given if isinstance(given, dict) else {}
    return RetailRules(
        shipping=scenario.shipping,
        issues=IssueRules(
            rate=PAPER_ISSUES if given is None or isinstance(given, dict) else given,
            rates=by_category,
            weights=issues.weights or dict.fromkeys(ISSUES, 1.0),
            overclaim_rate=issues.overclaim_rate,
        ),
        claims=ClaimRules(reader=scenario.claims.reader),
        policies={category: scenario.policy.returns(category) for category in CATEGORIES},
        max_turns=design.max_turns,
        guidance=design.guidance,
        nonbuyer_reviews=design.nonbuyer_reviews,
        start=design.start.isoformat(),
        enforced=enforced or RuleSet(),
        costs=scenario.policy.costs,
        offered=offered_options(scenario.actions),
    )


class RetailDesign(Design):
    """All markets of a retail run.

    Parameters
    ----------
    scenario : Scenario
    products : sequence of Product
        In the order that numbers the markets.
    seed : Seed
        Stream used: ``design/pairing`` by product, buyer and replication.
    enforced : RuleSet or None
        Rules of level "mask" that the market keeps sellers to.
    """

    def __init__(
        self,
        scenario: Scenario,
        products: Sequence[Product],
        seed: Seed,
        enforced: RuleSet | None = None,
    ) -> None:
        super().__init__(scenario, products, seed)
        self._pairing = Pairing(scenario, seed)
        self.rules = rules(scenario, enforced)

    def open(self, spec: RetailSpec) -> RetailMarket:
        """Return the live rules of one market."""
        return RetailMarket(spec, self.rules, self.seed)

    @property
    def sizes(self) -> tuple[tuple[int, str], ...]:
        """How large the design is: counts with what is counted."""
        return (
            (self.episodes, "episode"),
            (len(self.products), "product"),
            (len(self._pairing.sellers), "seller"),
            (len(self._pairing.buyers), "buyer"),
        )

    @cached_property
    def episodes(self) -> int:
        """How many episodes the whole design has."""
        replications = self.scenario.design.replications
        arms_of_each = len(arms(self.scenario)) * replications
        return self._pairing.meetings * len(self.products) * arms_of_each

    def markets(self) -> Iterator[RetailSpec]:
        """Yield all markets in their order."""
        return self._markets(self.scenario.design.replications)

    @property
    def market_count(self) -> tuple[int, bool]:
        """How many markets there are; of many that are drawn by chance, how many to expect."""
        if self.scenario.design.broadcast != "shared":
            return self.episodes, True
        if self.scenario.design.pairing != "random":
            return super().market_count
        if self.episodes <= MOST_COUNTED:
            return sum(1 for _ in self.markets()), True
        sellers, buyers = len(self._pairing.sellers), len(self._pairing.buyers)
        met = sellers * (1.0 - (1.0 - 1.0 / sellers) ** buyers)
        return round(met * self.episodes / buyers), False

    @property
    def cells(self) -> int:
        """How many triples of product, arm and replication there are, times the sellers."""
        of_each = len(arms(self.scenario)) * self.scenario.design.replications
        return len(self.products) * of_each * len(self._pairing.sellers)

    def stretch(self, start: int, stop: int) -> Iterator[RetailSpec]:
        """Yield the markets of some cells, whose numbers alone say what they hold."""
        conditions, sellers = arms(self.scenario), self._pairing.sellers
        for cell in range(start, stop):
            before, seller = divmod(cell, len(sellers))
            before, replication = divmod(before, self.scenario.design.replications)
            product, number = divmod(before, len(conditions))
            arm = conditions[number]
            yield from self._cell(
                self.products[product], arm, number, replication + 1, sellers[seller]
            )

    def rounds(self) -> tuple[Iterator[RetailSpec], int]:
        """Return those of the first replication, and how many replications there are."""
        return self._markets(1), self.scenario.design.replications

    def _markets(self, replications: int) -> Iterator[RetailSpec]:
        for product in self.products:
            for number, arm in enumerate(arms(self.scenario)):
                for replication in range(1, replications + 1):
                    for seller in self._pairing.sellers:
                        yield from self._cell(product, arm, number, replication, seller)

    def _cell(
        self, product: Product, arm: Arm, number: int, replication: int, seller: Participant
    ) -> Iterator[RetailSpec]:
        """Yield the markets of one seller's buyers; none where it meets none."""
        met = self._pairing.met(product.id, seller, replication)
        shared = self.scenario.design.broadcast == "shared"
        for group in [met] if shared else [[buyer] for buyer in met]:
            if group:
                yield self._market(product, arm, number, replication, seller, group)

    def again(self, spec: RetailSpec, replication: int) -> RetailSpec:
        """Return a market of the design as it is in another replication, one of more than it has.

        Who meets whom has to be the same in all of them.
        """
        found = arms(self.scenario)
        number = next(n for n, arm in enumerate(found) if arm.condition == spec.condition)
        group = [one.buyer for one in spec.episodes]
        return self._market(spec.product, found[number], number, replication, spec.seller, group)

    def alone(
        self, product: Product, seller: Participant, buyers: Sequence[Participant], replication: int
    ) -> RetailSpec:
        """Return a market of one of some buyers, who take turns, and price conditions after them.

        ``design.broadcast`` is "episode".
        """
        found, (rounds, turn) = arms(self.scenario), divmod(replication, len(buyers))
        number = rounds % len(found)
        return self._market(product, found[number], number, replication, seller, [buyers[turn]])

    def _market(
        self,
        product: Product,
        arm: Arm,
        number: int,
        replication: int,
        seller: Participant,
        buyers: Sequence[Participant],
    ) -> RetailSpec:
        name = f"{product.id}/{seller.id}/{number}/{replication}"
        if self.scenario.design.broadcast == "episode":
            name = f"{name}/{buyers[0].id}"
            episodes: tuple[EpisodeSpec, ...] = (EpisodeSpec(episode=name, buyer=buyers[0]),)
        else:
            episodes = tuple(EpisodeSpec(episode=f"{name}/{b.id}", buyer=b) for b in buyers)
        return RetailSpec(
            id=name,
            product=product,
            sellers=(seller,),
            episodes=episodes,
            replication=replication,
            price_multiplier=arm.price_multiplier,
            discount=self.scenario.design.discount,
            condition=arm.condition,
        )
