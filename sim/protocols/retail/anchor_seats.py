"""What an anchor does to seats: which keys stay a buyer's own, and how the rest is set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from retailsim.agents.retail.behavioral.levels import Level
from retailsim.market.catalogue.product import Category
from retailsim.sim.protocols.retail.anchor_sample import BEHAVIORAL
from retailsim.sim.scenario.scenario import AgentTable, Scenario

FIELDS = ("inclination", "price")
"""Of a level, by the option of a buyer that takes the place of each."""
OWN = (*FIELDS, "levels")
"""Options of a buyer that an anchor does not touch."""


def behavioral_buyers(scenario: Scenario) -> set[str]:
    """Return the ids of the buyers that an anchor can move."""
    return {seat.id for seat in scenario.buyers if seat.agent == BEHAVIORAL}


def own_fields(asked: Scenario) -> dict[str, Collection[str]]:
    """Return by buyer the fields of a level that the scenario itself sets; others are left out."""
    found = {seat.id: _own(seat.options) for seat in asked.buyers}
    return {buyer: fields for buyer, fields in found.items() if fields}


def _own(options: Mapping[str, Any]) -> tuple[str, ...]:
    return FIELDS if "levels" in options else tuple(key for key in FIELDS if key in options)


def own_options(asked: Scenario, buyers: Collection[str]) -> dict[tuple[str, str], Any]:
    """Return by buyer and key what the scenario itself sets of what an anchor would set."""
    return {
        (seat.id, key): seat.options[key]
        for seat in asked.buyers
        for key in OWN
        if seat.id in buyers and key in seat.options
    }


def listed(options: Collection[tuple[str, str]]) -> str:
    """Name buyers with the keys that they have of their own."""
    keys: dict[str, list[str]] = {}
    for buyer, key in options:
        keys.setdefault(buyer, []).append(key)
    return ", ".join(f"{buyer} ({' and '.join(each)})" for buyer, each in keys.items())


def with_levels(scenario: Scenario, asked: Scenario, levels: Mapping[Category, Level]) -> Scenario:
    """Return the scenario whose behavioral buyers have the levels, but for what they set.

    Parameters
    ----------
    asked : Scenario
        As it was written.
    """
    kept = own_fields(asked)

    def moved(seat: AgentTable) -> AgentTable:
        own = kept.get(seat.id, ())
        if seat.agent != BEHAVIORAL or not levels or set(own) == set(FIELDS):
            return seat
        rest = {field: getattr(Level(), field) for field in own}
        table = {
            name: msgspec.to_builtins(msgspec.structs.replace(level, **rest))
            for name, level in levels.items()
        }
        return msgspec.structs.replace(seat, options={**seat.options, "levels": table})

    return msgspec.structs.replace(scenario, buyers=tuple(map(moved, scenario.buyers)))
