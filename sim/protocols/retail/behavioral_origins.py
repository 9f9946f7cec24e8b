"""Where the values came from that a retail run's behavioral agents go by."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

from retailsim.agents.retail.behavioral.parameter_sets import FIELD, SETS, base_of
from retailsim.agents.retail.behavioral.parameters import load_parameters
from retailsim.market.catalogue.product import CATEGORIES, Category
from retailsim.sim.protocols.retail.defaults import BUILTIN, set_issue_rate
from retailsim.sim.protocols.retail.design import PAPER_ISSUES
from retailsim.sim.scenario.behavioral_values import BehavioralValues, Origin
from retailsim.sim.scenario.scenario import AgentTable, Scenario

BEHAVIORAL = "behavioral"
_LEVELS = ("inclination", "levels")


def behavioral_values(asked: Scenario, scenario: Scenario) -> BehavioralValues | None:
    """Return what the behavioral agents go by; None where none takes part.

    Parameters
    ----------
    asked : Scenario
        As it was written, before anything was filled in.
    scenario : Scenario
        As it will be played, its paths absolute.
    """
    buyers = [seat for seat in scenario.buyers if seat.agent == BEHAVIORAL]
    seats = [*(seat for seat in scenario.sellers if seat.agent == BEHAVIORAL), *buyers]
    named = scenario.behavioral.parameters
    if not seats or named is None:
        return None
    origins = _wallet_from(asked, scenario, named) if buyers else {}
    rate, levels = scenario.products.issue_rate, _levels_from(asked, buyers)
    return BehavioralValues(
        set=base_of(named, BEHAVIORAL),
        parameters=None if named in SETS else named,
        set_from=_set_from(asked),
        issue_rate=PAPER_ISSUES if rate is None else rate,
        issue_rate_from=_issues_from(asked, scenario, named),
        wallet_cents=_wallet_cents(scenario, named, origins),
        wallet_from=origins,
        levels_from=levels,
        levels_above_set=levels == "profile" and _above(named, buyers),
        own=tuple(seat.id for seat in seats if "parameters" in seat.options),
    )


def _set_from(asked: Scenario) -> Origin:
    if asked.behavioral.parameters is not None:
        return "scenario"
    return "built-in catalogue" if asked.products.catalog == BUILTIN else "own catalogue"


def _issues_from(asked: Scenario, scenario: Scenario, named: str) -> Origin:
    if asked.products.issue_rate is not None:
        return "scenario"
    return "set" if scenario.products.issue_rate == set_issue_rate(named) else "anchor"


def _wallet_cents(
    scenario: Scenario, named: str, categories: Iterable[Category]
) -> dict[Category, float]:
    cents, factors = load_parameters(named).buyer.wallet.cents, scenario.behavioral.wallet
    return {name: round(cents[name] * factors.get(name, 1.0)) for name in categories}


def _wallet_from(asked: Scenario, scenario: Scenario, named: str) -> dict[Category, Origin]:
    said, filled = asked.behavioral.wallet, scenario.behavioral.wallet
    if load_parameters(named).buyer.wallet.list_price > 0.0:
        some = [name for name in CATEGORIES if name in filled]
        return {name: "scenario" if name in said else "list prices" for name in some}
    default: Origin = "built-in catalogue" if asked.products.catalog == BUILTIN else "set"
    return {name: "scenario" if name in said else default for name in CATEGORIES}


def _levels_from(asked: Scenario, buyers: Iterable[AgentTable]) -> Origin | None:
    """Say what sets how much buyers buy, where it is not the set: the last to be laid over it."""
    said = {seat.id: seat.options for seat in asked.buyers}
    keys = {key for seat in buyers for key in _LEVELS if key in seat.options}
    own = any(key in said.get(seat.id, {}) for seat in buyers for key in _LEVELS)
    if "levels" in keys and not any("levels" in options for options in said.values()):
        return "anchor"
    return ("scenario" if own else "profile") if keys else None


def _above(named: str, buyers: Iterable[AgentTable]) -> bool:
    """Whether buyers are inclined to buy above the level of people, on which elasticities hang.

    The profiles' levels are meant for the paper's setting; a set over `paper` promises no other.
    """
    own = [seat.options["inclination"] for seat in buyers if "inclination" in seat.options]
    level = load_parameters(named).buyer.choice.intercept
    return base_of(named, BEHAVIORAL) == FIELD and bool(own) and fmean(own) > level
