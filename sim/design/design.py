"""The design: from a scenario and its inputs to the markets that a run holds.

Markets are numbered in a fixed order and made on demand, so a run of a million episodes holds
none of them in memory, and any worker can take any share. Each protocol has a design of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.values import Profile
from retailsim.market.protocols.union import Market, Spec
from retailsim.sim.scenario.scenario import Scenario


class Design(Protocol):
    """All markets of a run."""

    scenario: Scenario
    products: Sequence[Product]

    @property
    def episodes(self) -> int:
        """How many episodes the whole design has."""
        ...

    @property
    def sizes(self) -> tuple[tuple[int, str], ...]:
        """How large the design is: counts with what is counted, the episodes first."""
        ...

    def markets(self) -> Iterator[Spec]:
        """Yield all markets in their order."""
        ...

    def open(self, spec: Any) -> Market:
        """Return the live rules of one of them."""
        ...


def design_of(
    scenario: Scenario, products: Sequence[Product], profiles: Sequence[Profile], seed: Seed
) -> Design:
    """Return the design that a scenario's protocol asks for.

    Parameters
    ----------
    products, profiles : sequence
        In the order that numbers the markets; profiles are for csales only.
    """
    if scenario.design.protocol == "csales":
        from retailsim.sim.protocols.csales.design import SalesDesign

        return SalesDesign(scenario, products, profiles, seed)
    from retailsim.sim.protocols.retail.design import RetailDesign

    return RetailDesign(scenario, products, seed)
