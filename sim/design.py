"""The design: from a scenario and its products to the markets that a run holds.

Markets are numbered in a fixed order (product, arm, replication, seller, then buyer where each
has a market of its own) and made on demand, so a run of a million episodes holds none of them
in memory, and any worker can take any share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from events.streams import Seed
from market.issues import ISSUES, IssueRules
from market.party import Buying, Party
from market.policy import DEFAULT_POLICIES
from market.product import Product
from market.retail.spec import MarketSpec, RetailRules
from sim.scenario import AgentTable, Scenario


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


def rules(scenario: Scenario) -> RetailRules:
    """The market's rules with what the scenario overrides."""
    design, issues = scenario.design, scenario.issues
    policies = dict(DEFAULT_POLICIES)
    for category, table in scenario.policy.items():
        changes = {k: v for k, v in msgspec.structs.asdict(table).items() if v is not None}
        policies[category] = msgspec.structs.replace(policies[category], **changes)
    return RetailRules(
        shipping=scenario.shipping,
        issues=IssueRules(
            rate=scenario.products.issue_rate,
            weights=issues.weights or dict.fromkeys(ISSUES, 1.0),
            overclaim_rate=issues.overclaim_rate,
        ),
        policies=policies,
        max_turns=design.max_turns,
        guidance=design.guidance,
        nonbuyer_reviews=design.nonbuyer_reviews,
        start=design.start.isoformat(),
    )


class Design:
    """All markets of a run.

    Parameters
    ----------
    scenario : Scenario
    products : sequence of Product
        In the order that numbers the markets.
    seed : Seed
        Stream used: ``design/pairing`` by product, buyer and replication.
    """

    def __init__(self, scenario: Scenario, products: Sequence[Product], seed: Seed) -> None:
        self.scenario = scenario
        self.products = products
        self._seed = seed
        self._sellers = [_party(seat) for seat in scenario.sellers]
        self._buyers = [_party(seat) for seat in scenario.buyers]

    def markets(self) -> Iterator[MarketSpec]:
        """Yield all markets in their order."""
        return self._all()

    @cached_property
    def episodes(self) -> int:
        """How many episodes the whole design has."""
        design = self.scenario.design
        if design.pairing == "random":
            pairs = len(self._buyers)
        elif isinstance(design.pairing, str):
            pairs = sum(len(self._met("", seller, 1)) for seller in self._sellers)
        else:
            pairs = len(design.pairing)
        return pairs * len(self.products) * len(arms(self.scenario)) * design.replications

    def _all(self) -> Iterator[MarketSpec]:
        design = self.scenario.design
        for product in self.products:
            for number, arm in enumerate(arms(self.scenario)):
                for replication in range(1, design.replications + 1):
                    for seller in self._sellers:
                        met = self._met(product.id, seller, replication)
                        groups = [met] if design.broadcast == "shared" else [[b] for b in met]
                        for group in groups:
                            if group:
                                yield self._market(product, arm, number, replication, seller, group)

    def _market(
        self,
        product: Product,
        arm: Arm,
        number: int,
        replication: int,
        seller: Party,
        buyers: Sequence[Party],
    ) -> MarketSpec:
        name = f"{product.id}/{seller.id}/{number}/{replication}"
        if self.scenario.design.broadcast == "episode":
            name = f"{name}/{buyers[0].id}"
            episodes: tuple[Buying, ...] = (Buying(episode=name, buyer=buyers[0]),)
        else:
            episodes = tuple(Buying(episode=f"{name}/{b.id}", buyer=b) for b in buyers)
        return MarketSpec(
            id=name,
            product=product,
            seller=seller,
            episodes=episodes,
            replication=replication,
            price_multiplier=arm.price_multiplier,
            discount=self.scenario.design.discount,
            condition=arm.condition,
        )

    def _met(self, product: str, seller: Party, replication: int) -> list[Party]:
        """The buyers that this seller meets over this product."""
        pairing = self.scenario.design.pairing
        match pairing:
            case "all":
                return self._buyers
            case "self":
                return [buyer for buyer in self._buyers if buyer.id == seller.id]
            case "random":
                return [b for b in self._buyers if self._drawn(product, b, replication) == seller]
            case _:
                return [buyer for buyer in self._buyers if (seller.id, buyer.id) in pairing]

    def _drawn(self, product: str, buyer: Party, replication: int) -> Party:
        unit = f"{product}/{buyer.id}/{replication}"
        return self._seed.stream("design/pairing", unit).pick(self._sellers)


def _party(seat: AgentTable) -> Party:
    return Party(id=seat.id, persona=seat.persona, gender=seat.gender)
