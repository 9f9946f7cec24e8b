"""The anchor: a shop's own figures, solved for levels that the run then has and records.

It is solved on the baseline, the scenario without what is only tried out on top of it, played
ahead on the run's own seed: with its products' appeal, its buyers' tastes and wallets, and all but
the errors of its decisions. What is solved becomes part of the scenario that is played: the option
``levels`` of its behavioral buyers, and ``products.issue_rate``. So workers, ``resume`` and
``verify`` need nothing but ``run.toml``. An explicit key wins over the anchor, and the anchor over
the set of parameters.
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
from retailsim.sim.protocols.retail.anchor_sample import SURE, OrderedUnits, Played, sample
from retailsim.sim.protocols.retail.anchor_seats import (
    FIELDS,
    behavioral_buyers,
    listed,
    own_fields,
    own_options,
    with_levels,
)
from retailsim.sim.protocols.retail.anchor_solution import (
    Demand,
    Floats,
    OutOfReach,
    Returns,
    returns_deviation,
    solved_issue_rates,
    solved_level,
)
from retailsim.sim.protocols.retail.anchor_source import share, taken_over, unlikely
from retailsim.sim.protocols.retail.design import rules
from retailsim.sim.scenario.anchor_record import AnchorRecord
from retailsim.sim.scenario.protocol import Anchored, Posed
from retailsim.sim.scenario.scenario import AgentTable, Scenario

FIGURES = ("conversion", "return_rate", "elasticity")


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    """Categories that are solved together, in words, and what they are to have."""

    categories: tuple[Category, ...]
    key: str
    words: str
    conversion: float | None
    return_rate: float | None
    elasticity: float | None


def anchored(
    played: Posed,
    baseline: Posed,
    products: Sequence[Product],
    protocol: Protocol,
    folder: Path,
    source: str,
) -> Anchored:
    """Return the played scenario with the levels that its anchor asks for, and what was done.

    Parameters
    ----------
    played : Posed
        The scenario that is played.
    baseline : Posed
        The one that the anchor is solved on.
    products : sequence of Product
        Those that the run sells.
    source : str
        The scenario's file, which errors name.

    Raises
    ------
    BadScenario
        If a figure cannot be reached, or there is nothing to move.
    """
    anchor = baseline.filled.anchor
    if anchor.run is not None:
        record = taken_over(str(anchor.run), products, folder, source)
        if played.asked.products.issue_rate is not None:
            record = msgspec.structs.replace(record, issue_rate=None)
        return Anchored(_applied(played, record), record)

    def play(of: Scenario) -> Played:
        return sample(of, products, protocol, folder)

    groups, said = _groups(baseline.filled, products, source), [*unlikely(anchor)]
    try:
        levels = _levels(baseline, groups, play, said)
        solved = with_levels(baseline.filled, baseline.asked, levels)
        rates = _issue_rates(solved, baseline.asked, groups, play, said)
    except OutOfReach as error:
        raise BadScenario(source, str(error)) from None
    fields = {name: msgspec.to_builtins(level) for name, level in levels.items()}
    record = AnchorRecord(levels=fields, issue_rate=rates)
    scenario = _applied(played, record)
    if levels:
        said += _own_on_top(Posed(played.asked, scenario), baseline, groups, play)
    return Anchored(scenario, msgspec.structs.replace(record, said=tuple(said)))


def _applied(played: Posed, record: AnchorRecord) -> Scenario:
    levels = msgspec.convert(record.levels, dict[Category, Level])
    scenario = with_levels(played.filled, played.asked, levels)
    return scenario if record.issue_rate is None else _at_rates(scenario, record.issue_rate)


def _own_on_top(
    played: Posed,
    baseline: Posed,
    groups: Sequence[_Group],
    play: Callable[[Scenario], Played],
) -> Iterator[str]:
    """Say what the run will have where buyers set what the anchor sets, on top of the baseline."""
    buyers = behavioral_buyers(played.filled)
    solved = own_options(baseline.asked, buyers)
    own = own_options(played.asked, buyers)
    added = [key for key, value in own.items() if solved.get(key) != value]
    if not added:
        return
    prospects = [one for one in play(played.filled).prospects.values() if one.buyer in buyers]
    for group in groups:
        some = Demand([one for one in prospects if one.category in group.categories])
        yield (
            f"set on top of what was solved: {listed(added)}; with all that is changed, this run "
            f"will have on average a conversion of {share(some.conversion(Level()))} and an "
            f"elasticity of {some.elasticity(Level()):.3g} ({group.words})"
        )


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


def _levels(
    baseline: Posed,
    groups: Sequence[_Group],
    play: Callable[[Scenario], Played],
    said: list[str],
) -> dict[Category, Level]:
    """Solve conversion and elasticity of all behavioral buyers together, by category."""
    scenario, asked = baseline.filled, baseline.asked
    wanted = [one for one in groups if one.conversion is not None or one.elasticity is not None]
    if not wanted:
        said.append(f"conversion and elasticity: not given, so as in {_parameters(scenario)}")
        return {}
    buyers, kept = behavioral_buyers(scenario), own_fields(asked)
    needed = FIELDS if any(one.elasticity is not None for one in wanted) else FIELDS[:1]
    if any(all(field in kept.get(buyer, ()) for buyer in buyers) for field in needed):
        raise OutOfReach(
            "anchor",
            "no buyer can be moved: it takes behavioral ones without "
            f"{' or '.join(needed)} of their own",
        )
    if own := own_options(asked, buyers):
        said.append(f"left as the scenario sets them, the others make up for it: {listed(own)}")
    if others := sorted({seat.id for seat in scenario.buyers} - buyers):
        said.append(f"left alone, for they are not behavioral: {', '.join(others)}")
    prospects = [one for one in play(scenario).prospects.values() if one.buyer in buyers]
    levels: dict[Category, Level] = {}
    for group in wanted:
        demand = Demand([one for one in prospects if one.category in group.categories], kept)
        level = _level(demand, group)
        said += _told(demand, level, group, _parameters(scenario))
        levels |= dict.fromkeys(group.categories, level)
    return levels


def _level(demand: Demand, group: _Group) -> Level:
    try:
        return solved_level(demand, group.conversion, group.elasticity)
    except OutOfReach as error:
        raise OutOfReach(f"{group.key}.{error.figure}", error.why) from None


def _told(demand: Demand, level: Level, group: _Group, parameters: str) -> Iterator[str]:
    """Say what was there and what is, and by what."""
    before, after = demand.conversion(Level()), demand.conversion(level)
    why = f"not given, so as in {parameters}" if group.conversion is None else "as anchored"
    yield (
        f"conversion {share(before)} -> {share(after)} ({group.words}): {why}; the draws of "
        f"{demand.size} decisions move it by {demand.deviation(level):.2g} (a standard deviation)"
    )
    slopes = f"{demand.elasticity(Level()):.3g} -> {demand.elasticity(level):.3g}"
    if group.elasticity is None:
        yield (
            f"elasticity {slopes} ({group.words}): not given, so the price slopes are as in "
            f"{parameters}, and the elasticity follows from the conversion"
        )
    else:
        units = demand.elasticity_of_units(level)
        yield f"elasticity {slopes} ({group.words}): as anchored; of units sold, {units:.3g}"
    yield (
        f"for that, inclination {level.inclination:+.3f} and price slopes x{level.price:.3f} "
        f"({group.words})"
    )


def _parameters(scenario: Scenario) -> str:
    """Name what stands behind all that is not anchored."""
    named = scenario.behavioral.parameters
    return f"the parameters {Path(named).name!r}" if named else "the built-in parameters"


def _issue_rates(
    scenario: Scenario,
    asked: Scenario,
    groups: Sequence[_Group],
    play: Callable[[Scenario], Played],
    said: list[str],
) -> dict[Category, float] | None:
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
        return None
    likely, least, most = (play(one) for one in _issue_scenarios(scenario))
    for group in wanted:
        returns = {name: _returns(likely, least, most, name) for name in group.categories}
        refunds = {name: one.expected() for name, one in returns.items()}
        wanted_rate = float(group.return_rate or 0.0)
        try:
            rates |= solved_issue_rates(refunds, rates, wanted_rate)
        except OutOfReach as error:
            raise OutOfReach(f"{group.key}.{error.figure}", error.why) from None
        units = sum(one.units for one in refunds.values())
        deviation = returns_deviation(returns, rates, wanted_rate)
        said.append(
            f"return_rate {group.return_rate:g} ({group.words}): as anchored; the draws of "
            f"{units:.3g} units, as many as are sold on average, move it by {deviation:.2g} (a "
            f"standard deviation); for that, {_issues(rates, group)}"
        )
    return rates


def _rates(scenario: Scenario) -> dict[Category, float]:
    """How often orders have an issue, by category."""
    of = rules(scenario).issues
    return {category: of.rate_of(category) for category in CATEGORIES}


def _issues(rates: Mapping[Category, float], group: _Group) -> str:
    each = {category: f"{100 * rates[category]:.1f}%" for category in group.categories}
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


def _returns(likely: Played, least: Played, most: Played, category: Category) -> Returns:
    """Return what each order of a category would hold, and the chance of its purchase."""
    keys = [key for key, one in likely.prospects.items() if one.category == category]
    chances = Demand([likely.prospects[key] for key in keys]).chances(Level())

    def each(played: Played, of: Callable[[OrderedUnits], int]) -> Floats:
        found = [of(played.orders[key]) if key in played.orders else 0 for key in keys]
        return np.array(found, dtype=float)

    return Returns(
        chances=chances,
        units=each(most, lambda one: one.units),
        least=each(least, lambda one: one.refunded),
        most=each(most, lambda one: one.refunded),
    )
