"""The anchor: a shop's own figures, solved for levels that the run then has and records.

An explicit key wins over the anchor, and the anchor over the set of parameters. What is solved
becomes part of the scenario: the option ``levels`` of behavioral buyers, and ``issues.rates``. So
workers, ``resume`` and ``verify`` need nothing but ``run.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from retailsim.agents.retail.behavioral.levels import Level
from retailsim.market.catalogue.product import CATEGORIES, Category, Product
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.errors import BadScenario
from retailsim.sim.protocols.retail.anchor_sample import (
    BEHAVIORAL,
    SURE,
    OrderedUnits,
    Played,
    sample,
)
from retailsim.sim.protocols.retail.anchor_solution import (
    Demand,
    OutOfReach,
    Refunds,
    solved_issue_rates,
    solved_level,
)
from retailsim.sim.protocols.retail.design import rules
from retailsim.sim.scenario.anchor_table import AnchorTable
from retailsim.sim.scenario.protocol import Anchored
from retailsim.sim.scenario.scenario import AgentTable, Scenario

FIGURES = ("conversion", "return_rate", "elasticity")
OWN = ("inclination", "price", "levels")
"""Options of a buyer that the anchor would set: one that has any is left alone."""


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    """Categories that are solved together, in words, and what they are to have."""

    categories: tuple[Category, ...]
    key: str
    words: str
    conversion: float | None
    return_rate: float | None
    elasticity: float | None


def anchored(
    scenario: Scenario,
    asked: Scenario,
    products: Sequence[Product],
    protocol: Protocol,
    folder: Path,
    source: str,
) -> Anchored:
    """Return the scenario with the levels that its anchor asks for, and what was done.

    Parameters
    ----------
    scenario : Scenario
        With profiles and defaults filled in.
    asked : Scenario
        As it was written: what it says itself is left alone.
    products : sequence of Product
        Those that the run sells.
    source : str
        The scenario's file, which errors name.

    Raises
    ------
    BadScenario
        If a figure cannot be reached, or there is nothing to move.
    """
    if scenario.anchor == AnchorTable():
        return Anchored(scenario, ())
    groups = _groups(scenario, products, source)
    said: list[str] = []

    def played(of: Scenario) -> Played:
        return sample(of, products, protocol, folder)

    try:
        scenario = _with_levels(scenario, asked, groups, played, said)
        scenario = _with_rates(scenario, asked, groups, played, said)
    except OutOfReach as error:
        raise BadScenario(source, str(error)) from None
    return Anchored(scenario, tuple(said))


def _groups(scenario: Scenario, products: Sequence[Product], source: str) -> list[_Group]:
    """Return what is solved by itself: categories with a table of their own, then all others."""
    anchor = scenario.anchor
    sold = [name for name in CATEGORIES if any(one.category == name for one in products)]
    own = anchor.by_category
    for category in own:
        if category not in sold:
            raise BadScenario(source, f"anchor.{category}: the run sells nothing of this category")
    groups = []
    for category, figures in own.items():
        each = {key: getattr(figures, key) for key in FIGURES}
        filled = {key: getattr(anchor, key) if one is None else one for key, one in each.items()}
        groups.append(
            _Group(categories=(category,), key=f"anchor.{category}", words=category, **filled)
        )
    if rest := tuple(name for name in sold if name not in own):
        overall = {key: getattr(anchor, key) for key in FIGURES}
        words = ", ".join(rest) if own else "all goods"
        groups.append(_Group(categories=rest, key="anchor", words=words, **overall))
    return groups


def _with_levels(
    scenario: Scenario,
    asked: Scenario,
    groups: Sequence[_Group],
    played: Callable[[Scenario], Played],
    said: list[str],
) -> Scenario:
    """Solve conversion and elasticity, and give the buyers that may be moved what comes of it."""
    wanted = [one for one in groups if one.conversion is not None or one.elasticity is not None]
    if not wanted:
        said.append(f"conversion and elasticity: not given, so as in {_parameters(scenario)}")
        return scenario
    movable = _movable(scenario, asked, said)
    if not movable:
        raise OutOfReach(
            "anchor",
            "no buyer can be moved: it takes behavioral ones without an inclination or price of "
            "their own",
        )
    prospects = [one for one in played(scenario).prospects.values() if one.buyer in movable]
    levels: dict[Category, Level] = {}
    for group in wanted:
        some = [one for one in prospects if one.category in group.categories]
        level = _level(Demand(some), group)
        said += _told(Demand(some), level, group, _parameters(scenario))
        levels |= dict.fromkeys(group.categories, level)
    table = {name: msgspec.to_builtins(level) for name, level in levels.items()}

    def moved(seat: AgentTable) -> AgentTable:
        if seat.id not in movable:
            return seat
        return msgspec.structs.replace(seat, options={**seat.options, "levels": table})

    return msgspec.structs.replace(scenario, buyers=tuple(map(moved, scenario.buyers)))


def _movable(scenario: Scenario, asked: Scenario, said: list[str]) -> set[str]:
    """Return the behavioral buyers that the scenario itself gives no level or slope."""
    explicit = {seat.id for seat in asked.buyers if any(key in seat.options for key in OWN)}
    behavioral = {seat.id for seat in scenario.buyers if seat.agent == BEHAVIORAL}
    if left := sorted(explicit & behavioral):
        said.append(f"left alone, for the scenario sets what they go by: {', '.join(left)}")
    if others := sorted({seat.id for seat in scenario.buyers} - behavioral):
        said.append(f"left alone, for they are not behavioral: {', '.join(others)}")
    return behavioral - explicit


def _level(demand: Demand, group: _Group) -> Level:
    try:
        return solved_level(demand, group.conversion, group.elasticity)
    except OutOfReach as error:
        raise OutOfReach(f"{group.key}.{error.figure}", error.why) from None


def _told(demand: Demand, level: Level, group: _Group, parameters: str) -> Iterator[str]:
    """Say what was there and what is, and by what."""
    for name, figure, given in (
        ("conversion", demand.conversion, group.conversion),
        ("elasticity", demand.elasticity, group.elasticity),
    ):
        why = "as anchored" if given is not None else f"not given, so as in {parameters}"
        yield f"{name} {figure(Level()):.3g} -> {figure(level):.3g} ({group.words}): {why}"
    yield (
        f"for that, inclination {level.inclination:+.3f} and price slopes x{level.price:.3f} "
        f"({group.words})"
    )


def _parameters(scenario: Scenario) -> str:
    """Name what stands behind all that is not anchored."""
    named = scenario.behavioral.parameters
    return f"the parameters {Path(named).name!r}" if named else "the built-in parameters"


def _with_rates(
    scenario: Scenario,
    asked: Scenario,
    groups: Sequence[_Group],
    played: Callable[[Scenario], Played],
    said: list[str],
) -> Scenario:
    """Solve the return rate, unless the scenario says itself how often orders have issues."""
    wanted = [one for one in groups if one.return_rate is not None]
    rates = _rates(scenario)
    for group in groups:
        if group.return_rate is None:
            said.append(f"return_rate ({group.words}): not given, so {_issues(rates, group)}")
        elif asked.products.issue_rate is not None:
            said.append(
                f"return_rate ({group.words}): left alone, for products.issue_rate is set: "
                f"{_issues(rates, group)}"
            )
    if not wanted or asked.products.issue_rate is not None:
        return scenario
    likely, least, most = (played(one) for one in _issue_scenarios(scenario))
    for group in wanted:
        refunds = {name: _refunds(likely, least, most, name) for name in group.categories}
        try:
            rates |= solved_issue_rates(refunds, rates, float(group.return_rate or 0.0))
        except OutOfReach as error:
            raise OutOfReach(f"{group.key}.{error.figure}", error.why) from None
        said.append(
            f"return_rate {group.return_rate:g} ({group.words}): as anchored; for that, "
            f"{_issues(rates, group)}"
        )
    return _at_rates(scenario, rates)


def _rates(scenario: Scenario) -> dict[Category, float]:
    """How often orders have an issue, by category."""
    of = rules(scenario).issues
    return {category: of.rate_of(category) for category in CATEGORIES}


def _issues(rates: Mapping[Category, float], group: _Group) -> str:
    each = {category: f"{100 * rates[category]:.1f} %" for category in group.categories}
    same = len(set(each.values())) == 1
    shares = each.values() if same else (f"{share} ({name})" for name, share in each.items())
    return f"{', '.join(dict.fromkeys(shares))} of orders have an issue"


def _at_rates(scenario: Scenario, rates: Mapping[Category, float]) -> Scenario:
    products = msgspec.structs.replace(scenario.products, issue_rate=dict(rates))
    return msgspec.structs.replace(scenario, products=products)


def _issue_scenarios(scenario: Scenario) -> tuple[Scenario, Scenario, Scenario]:
    """As it is, for the chances; and where everybody buys, without issues and with them."""
    sure = {"inclination": SURE, "levels": {}}

    def buyer(seat: AgentTable) -> AgentTable:
        return msgspec.structs.replace(seat, options={**seat.options, **sure})

    buying = msgspec.structs.replace(scenario, buyers=tuple(map(buyer, scenario.buyers)))
    without, with_all = (_at_rates(buying, dict.fromkeys(CATEGORIES, rate)) for rate in (0.0, 1.0))
    return scenario, without, with_all


def _refunds(likely: Played, least: Played, most: Played, category: Category) -> Refunds:
    """Return expected units of a category, each order counted by the chance of its purchase."""
    keys = [key for key, one in likely.prospects.items() if one.category == category]
    chances = Demand([likely.prospects[key] for key in keys]).chances(Level())

    def expected(played: Played, of: Callable[[OrderedUnits], int]) -> float:
        found = [of(played.orders[key]) if key in played.orders else 0 for key in keys]
        return float(chances @ np.array(found, dtype=float))

    return Refunds(
        units=expected(most, lambda one: one.units),
        least=expected(least, lambda one: one.refunded),
        most=expected(most, lambda one: one.refunded),
    )
