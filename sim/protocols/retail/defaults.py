"""What a retail scenario leaves open about its behavioral agents: set of parameters and wallets."""

from __future__ import annotations

import msgspec

from retailsim.agents.errors import AgentsError
from retailsim.agents.retail.behavioral.parameter_sets import FIELD, PAPER
from retailsim.agents.retail.behavioral.parameters import load_parameters
from retailsim.market.catalogue.product import CATEGORIES, Category
from retailsim.sim.scenario.scenario import Scenario

BUILTIN = "builtin"
BUILTIN_WALLET = 1.9
"""How much dearer the built-in goods are than the published ones: $68 and $36, the geometric means
of their list prices."""


def with_defaults(scenario: Scenario) -> Scenario:
    """Return the scenario with the parameters, wallets and issues that go with its catalogue.

    The built-in catalogue goes with the paper, goods of one's own with people; the issues follow
    the parameters. What the scenario says itself stays.
    """
    ours, behavioral = scenario.products.catalog == BUILTIN, scenario.behavioral
    wallet = dict.fromkeys(CATEGORIES, BUILTIN_WALLET) if ours else {}
    named = behavioral.parameters or (PAPER if ours else FIELD)
    issue_rate = scenario.products.issue_rate
    return msgspec.structs.replace(
        scenario,
        products=msgspec.structs.replace(
            scenario.products, issue_rate=_issues(named) if issue_rate is None else issue_rate
        ),
        behavioral=msgspec.structs.replace(
            behavioral, parameters=named, wallet={**wallet, **behavioral.wallet}
        ),
    )


def _issues(named: str) -> float | dict[Category, float] | None:
    """The set's share of orders with an issue, by category where they differ."""
    try:
        rate = dict(load_parameters(named).issues.rate)
    except AgentsError:
        return None  # the seat that reads the file says what is wrong with it
    values = {rate.get(category) for category in CATEGORIES}
    return values.pop() if len(values) == 1 else rate
