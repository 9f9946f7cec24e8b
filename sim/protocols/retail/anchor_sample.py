"""What an anchor is solved on: decisions and refunds of a scenario, over many seeds in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product as every
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.base import Agent
from retailsim.agents.retail.behavioral.chances import Prospect, prospecting_buyers
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.calibration.episode_counts import played_counts
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.protocols.retail.design import RetailDesign
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import Cast

SEEDS = range(20_001, 20_041)
"""Always the same, and none that a user is likely to run: what is solved is no one seed's."""
PRODUCTS = 16
"""Of each seed, at most, evenly from the categories."""
PAIRS = 6
"""Of sellers and buyers for each seed, about."""
BEHAVIORAL = "behavioral"

SURE = 100.0
"""An inclination with which everybody buys, so that every episode says what would come back."""


class OrderedUnits(msgspec.Struct, frozen=True):
    """What came of one order."""

    units: int
    refunded: int


@dataclass(frozen=True, slots=True)
class Played:
    """What the seeds came to, by seed and episode."""

    prospects: Mapping[tuple[int, str], Prospect]
    orders: Mapping[tuple[int, str], OrderedUnits]


def sample(
    scenario: Scenario, products: Sequence[Product], protocol: Protocol, folder: Path
) -> Played:
    """Play a scenario without any change of price over `SEEDS`, with some products and pairs each.

    Parameters
    ----------
    scenario : Scenario
        Sellers that are not behavioral, and other buyers, are played by behavioral ones.
    products : sequence of Product
        Those that the run sells.

    Notes
    -----
    Draws which products a seed plays: ``anchor/product``.
    """
    prospects: dict[tuple[int, str], Prospect] = {}
    orders: dict[tuple[int, str], OrderedUnits] = {}
    seated = with_inputs(_stood_in(scenario), Path())
    for place, number in enumerate(SEEDS):
        seed = Seed(number)
        small = _small(seated, number, place)
        design = RetailDesign(small, _some(products, seed), seed)
        design.protocol, design.files = protocol, {}
        told: list[Prospect] = []
        named, classes = _told_to(small, told)
        cast = Cast(named, protocol, seed, folder, classes=classes)
        counts = asyncio.run(played_counts(design, cast))
        prospects.update({(number, one.episode): one for one in told})
        for one in counts:
            if one.opened is not None and one.orders and one.closed:
                key = number, str(one.opened.episode)
                orders[key] = OrderedUnits(one.units, one.refunded)
    return Played(prospects, orders)


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


def _small(scenario: Scenario, seed: int, place: int) -> Scenario:
    """One seed's share: list price as the scenario has it, one replication, a few of the pairs."""
    pairing: Any = scenario.design.pairing
    if pairing == "all":
        pairing = list(every((s.id for s in scenario.sellers), (b.id for b in scenario.buyers)))
    if not isinstance(pairing, str):
        apart = max(1, len(pairing) // PAIRS)
        pairing = tuple(pairing[place % apart :: apart])
    design = msgspec.structs.replace(
        scenario.design, pairing=pairing, price_multipliers=(1.0,), replications=1
    )
    run = msgspec.structs.replace(scenario.run, seed=seed)
    return msgspec.structs.replace(scenario, design=design, run=run)


def _some(products: Sequence[Product], seed: Seed) -> list[Product]:
    """Some products of each category, others for every seed."""
    chosen: list[Product] = []
    groups = [[one for one in products if one.category == name] for name in CATEGORIES]
    known = [group for group in groups if group]
    for group in known:
        drawn = sorted(group, key=lambda one: seed.digest("anchor/product", one.id))
        chosen += drawn[: max(1, PRODUCTS // len(known))]
    return chosen


def _told_to(scenario: Scenario, told: list[Prospect]) -> tuple[Scenario, dict[str, type[Agent]]]:
    name = f"{BEHAVIORAL} that tells"
    buyers = tuple(msgspec.structs.replace(one, agent=name) for one in scenario.buyers)
    kind = prospecting_buyers(told.append)[BEHAVIORAL]
    return msgspec.structs.replace(scenario, buyers=buyers), {name: kind}
