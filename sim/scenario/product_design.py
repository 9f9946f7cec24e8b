"""The design of a protocol that says none: a market for each product, with everybody in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.spec import ProductSpec
from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.pairing import participant
from retailsim.sim.scenario.scenario import Scenario


class ProductDesign(Design):
    """A market for each product and replication, in that order, with all sellers and buyers.

    Raises
    ------
    BadScenario
        If the scenario says who meets whom: here everybody does.
    """

    def __init__(self, scenario: Scenario, products: Sequence[Product], seed: Seed) -> None:
        super().__init__(scenario, products, seed)
        if scenario.design.pairing != "all":
            problem = f"the protocol {scenario.design.protocol} seats everybody; leave it out"
            raise BadScenario("design.pairing", problem)
        self._sellers = tuple(participant(seat) for seat in scenario.sellers)
        self._buyers = tuple(participant(seat) for seat in scenario.buyers)

    def markets(self) -> Iterator[ProductSpec]:
        """Yield all markets in their order."""
        return self._markets(self.scenario.design.replications)

    @property
    def cells(self) -> int:
        """How many markets there are: each is a cell."""
        return len(self.products) * self.scenario.design.replications

    def stretch(self, start: int, stop: int) -> Iterator[ProductSpec]:
        """Yield some markets, whose numbers alone say what they are."""
        for cell in range(start, stop):
            product, replication = divmod(cell, self.scenario.design.replications)
            yield self._market(self.products[product], replication + 1)

    def rounds(self) -> tuple[Iterator[ProductSpec], int]:
        """Return those of the first replication, and how many replications there are."""
        return self._markets(1), self.scenario.design.replications

    def _markets(self, replications: int) -> Iterator[ProductSpec]:
        for product in self.products:
            for number in range(1, replications + 1):
                yield self._market(product, number)

    def _market(self, product: Product, number: int) -> ProductSpec:
        name = f"{product.id}/{number}"
        return ProductSpec(
            id=name,
            product=product,
            replication=number,
            sellers=self._sellers,
            episodes=tuple(
                EpisodeSpec(episode=f"{name}/{one.id}", buyer=one) for one in self._buyers
            ),
        )
