"""What a retail scenario leaves open about its behavioral agents: set of parameters and wallets."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from retailsim.agents.errors import AgentsError
from retailsim.agents.retail.behavioral.parameter_sets import FIELD, PAPER
from retailsim.agents.retail.behavioral.parameters import Parameters, load_parameters
from retailsim.market.catalogue.product import CATEGORIES, Category
from retailsim.sim.scenario.scenario import Scenario

BUILTIN = "builtin"
BUILTIN_WALLET = 1.9
"""How much dearer the built-in goods are than the published ones: $68 and $36, the geometric means
of their list prices."""


def with_defaults(scenario: Scenario) -> Scenario:
    """Return the scenario with the parameters, wallets and issues that go with its catalogue.

    The built-in catalogue goes with the paper, goods of one's own with people; the issues follow
    the parameters. What the scenario says itself stays. Wallets that follow the catalogue's prices
    are left to `with_wallets`.
    """
    ours, behavioral = scenario.products.catalog == BUILTIN, scenario.behavioral
    named = behavioral.parameters or (PAPER if ours else FIELD)
    dollars = not _of_list_price(named)
    wallet = dict.fromkeys(CATEGORIES, BUILTIN_WALLET) if ours and dollars else {}
    rate = scenario.products.issue_rate
    if rate is None:
        rate = set_issue_rate(named)
    return msgspec.structs.replace(
        scenario,
        products=msgspec.structs.replace(scenario.products, issue_rate=rate),
        behavioral=msgspec.structs.replace(
            behavioral, parameters=named, wallet={**wallet, **behavioral.wallet}
        ),
    )


def with_wallets(scenario: Scenario, typical: Mapping[Category, float]) -> Scenario:
    """Return the scenario with wallets that follow the prices of its catalogue, where they do so.

    They become factors on the wallets of the parameters, so a run needs its ``run.toml`` alone.

    Parameters
    ----------
    scenario : Scenario
        With its defaults: `with_defaults`.
    typical : mapping of category to cents
        What goods of a category typically cost in the whole catalogue.
    """
    behavioral = scenario.behavioral
    times = _of_list_price(behavioral.parameters)
    parameters = _read(behavioral.parameters)
    if not times or parameters is None:
        return scenario
    cents = parameters.buyer.wallet.cents
    # Six digits are plenty, and the same on every machine.
    found = {name: float(f"{times * price / cents[name]:.6g}") for name, price in typical.items()}
    wallet = {**found, **behavioral.wallet}
    return msgspec.structs.replace(
        scenario, behavioral=msgspec.structs.replace(behavioral, wallet=wallet)
    )


def _of_list_price(named: str | None) -> float:
    """How many times the typical list price the wallets are; 0 where they are dollars."""
    parameters = _read(named)
    return parameters.buyer.wallet.list_price if parameters is not None else 0.0


def _read(named: str | None) -> Parameters | None:
    try:
        return load_parameters(named)
    except AgentsError:
        return None  # the seat that reads the file says what is wrong with it


def set_issue_rate(named: str) -> float | dict[Category, float] | None:
    """Return the set's share of orders with an issue, by category where they differ."""
    parameters = _read(named)
    if parameters is None:
        return None
    rate = dict(parameters.issues.rate)
    values = {rate.get(category) for category in CATEGORIES}
    return values.pop() if len(values) == 1 else rate
