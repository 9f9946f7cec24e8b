"""The design: from a scenario and its inputs to the markets that a run holds.

Markets are numbered in a fixed order and made on demand, so a run of a million episodes holds
none of them in memory, and any worker can take any share. Each protocol has a design of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.market import Market
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import Protocol, rules_of
from retailsim.sim.scenario.scenario import Scenario


class Design(ABC):
    """All markets of a run.

    Parameters
    ----------
    scenario : Scenario
    products : sequence of Product
        In the order that numbers the markets.
    seed : Seed

    Attributes
    ----------
    protocol : Protocol
        Whose design it is; set, like what follows, by who makes it.
    files : mapping of str to bytes
        The protocol's own inputs.
    own_rules : object
        What the scenario's table [rules] says, as the protocol's struct; None: it takes none.
    """

    protocol: Protocol
    files: Mapping[str, bytes]
    own_rules: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Walk a design that has markets of its own and does not say how they are cut."""
        super().__init_subclass__(**kwargs)
        if "markets" in vars(cls) and "stretch" not in vars(cls):
            for name in ("cells", "stretch"):
                setattr(cls, name, vars(Design)[name])

    def __init__(self, scenario: Scenario, products: Sequence[Product], seed: Seed) -> None:
        self.scenario = scenario
        self.products = products
        self.seed = seed

    @property
    def episodes(self) -> int:
        """How many episodes the whole design has."""
        markets, rounds = self.rounds()
        return sum(len(spec.episodes) for spec in markets) * rounds

    @property
    def sizes(self) -> tuple[tuple[int, str], ...]:
        """How large the design is: counts with what is counted, the episodes first."""
        return ((self.episodes, "episode"),)

    @property
    def market_count(self) -> tuple[int, bool]:
        """How many markets there are, and whether that is exact and not what is expected."""
        markets, rounds = self.rounds()
        return sum(1 for _ in markets) * rounds, True

    def rounds(self) -> tuple[Iterator[MarketSpec], int]:
        """Return markets that stand for all, and how often each is played: here all, once."""
        return self.markets(), 1

    @abstractmethod
    def markets(self) -> Iterator[MarketSpec]:
        """Yield all markets in their order."""

    @property
    def cells(self) -> int:
        """How many cells the order of its markets has: where a run in shares may be cut.

        A cell holds markets that stand together, or none. Here each market is one, and they are
        counted by walking; a design whose numbers are known by arithmetic says so instead.
        """
        return sum(1 for _ in self.markets())

    def stretch(self, start: int, stop: int) -> Iterator[MarketSpec]:
        """Yield the markets of the cells from `start` up to `stop`, in their order."""
        return islice(self.markets(), start, stop)

    def open(self, spec: Any) -> Market:
        """Return the live rules of one of them."""
        return rules_of(self.protocol).open(spec, self.own_rules, self.seed)
