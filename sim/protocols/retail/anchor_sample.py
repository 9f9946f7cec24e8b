"""What an anchor is solved on: a run's own decisions and refunds, played ahead in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec

from retailsim.agents.base import Agent
from retailsim.agents.retail.behavioral.chances import Prospect, prospecting_buyers
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.market.protocols.registry import Protocol
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.calibration.episode_counts import played_counts
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.protocols.retail.design import RetailDesign
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import Cast

EPISODES = 8_000
"""Of the run, about and at most, evenly from its products."""
PRODUCTS = 2_000
"""Of the run, about and at most, evenly from its categories."""
BEHAVIORAL = "behavioral"

SURE = 100.0
"""An inclination with which everybody buys, so that every episode says what would come back."""


class OrderedUnits(msgspec.Struct, frozen=True):
    """What came of one order."""

    units: int
    refunded: int


@dataclass(frozen=True, slots=True)
class Played:
    """What the episodes came to, by name."""

    prospects: Mapping[str, Prospect]
    orders: Mapping[str, OrderedUnits]


def sample(
    scenario: Scenario, products: Sequence[Product], protocol: Protocol, folder: Path
) -> Played:
    """Play a scenario at its own price on its own seed: all of it, or of a large one a share.

    Parameters
    ----------
    scenario : Scenario
        Sellers that are not behavioral, and other buyers, are played by behavioral ones.
    products : sequence of Product
        Those that the run sells.

    Notes
    -----
    Draws the share of a large run: ``anchor/product``, ``anchor/market``.
    """
    seed = Seed(scenario.run.seed)
    asked = msgspec.structs.replace(scenario.design, price_multipliers=(1.0,))
    seated = with_inputs(_stood_in(msgspec.structs.replace(scenario, design=asked)), Path())
    design = _Share(seated, _some(products, seed), seed)
    design.protocol, design.files = protocol, {}
    told: list[Prospect] = []
    named, classes = _told_to(seated, told)
    cast = Cast(named, protocol, seed, folder, classes=classes)
    counts = asyncio.run(played_counts(design, cast))
    orders = {
        str(one.opened.episode): OrderedUnits(one.units, one.refunded)
        for one in counts
        if one.opened is not None and one.orders and one.closed
    }
    return Played({one.episode: one for one in told}, orders)


class _Share(RetailDesign):
    """A design of which each product keeps as many markets as `EPISODES` leave it."""

    def markets(self) -> Iterator[RetailSpec]:
        """Yield them in the design's order."""
        share = EPISODES / max(EPISODES, self.episodes)
        for _, group in groupby(super().markets(), key=lambda spec: spec.product.id):
            of_product = list(group)
            kept = _drawn([spec.id for spec in of_product], share, self.seed, "anchor/market")
            yield from (spec for spec in of_product if spec.id in kept)


def _drawn(names: Sequence[str], share: float, seed: Seed, purpose: str) -> set[str]:
    """Return a share of the names, but one at least."""
    drawn = sorted(names, key=lambda name: seed.digest(purpose, name))
    return set(drawn[: max(1, round(share * len(drawn)))])


def _stood_in(scenario: Scenario) -> Scenario:
    """Behavioral agents in all seats, with the personas of those that they stand in for."""

    def seat(table: AgentTable) -> AgentTable:
        if table.agent == BEHAVIORAL:
            return table
        return msgspec.structs.replace(
            table, agent=BEHAVIORAL, model=None, pitch_file=None, options={}
        )

    return msgspec.structs.replace(
        scenario,
        sellers=tuple(map(seat, scenario.sellers)),
        buyers=tuple(map(seat, scenario.buyers)),
    )


def _some(products: Sequence[Product], seed: Seed) -> list[Product]:
    """All products, or of many the same share of each category."""
    share = PRODUCTS / max(PRODUCTS, len(products))
    kept: set[str] = set()
    for category in CATEGORIES:
        if group := [one.id for one in products if one.category == category]:
            kept |= _drawn(group, share, seed, "anchor/product")
    return [one for one in products if one.id in kept]


def _told_to(scenario: Scenario, told: list[Prospect]) -> tuple[Scenario, dict[str, type[Agent]]]:
    name = f"{BEHAVIORAL} that tells"
    buyers = tuple(msgspec.structs.replace(one, agent=name) for one in scenario.buyers)
    kind = prospecting_buyers(told.append)[BEHAVIORAL]
    return msgspec.structs.replace(scenario, buyers=buyers), {name: kind}
