"""Whether a scenario says only what its protocol understands."""

from __future__ import annotations

from typing import Any

import msgspec

from retailsim.market.protocols.registry import BUILT_IN, Protocol
from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.explanation import explain
from retailsim.sim.scenario.protocol import run_of
from retailsim.sim.scenario.scenario import Scenario


def check_protocol(scenario: Scenario, protocol: Protocol, source: str) -> None:
    """Refuse what another protocol than the scenario's would have to understand.

    Raises
    ------
    BadScenario
        Naming the key, and the protocol that it belongs to.
    """
    usual = Scenario()
    mine = run_of(protocol).own_keys
    for other in BUILT_IN.values():
        for key in run_of(other).own_keys:
            if key not in mine and _value(scenario, key) != _value(usual, key):
                problem = f'{key}: goes with design.protocol = "{other.name}" only'
                raise BadScenario(source, problem)
    _check_rules(scenario, protocol, source)


def _check_rules(scenario: Scenario, protocol: Protocol, source: str) -> None:
    kind = run_of(protocol).rules
    if kind is None:
        if scenario.rules:
            raise BadScenario(source, f"rules: the protocol {protocol.name} takes none")
        return
    try:
        msgspec.convert(scenario.rules, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadScenario(source, f"rules: {explain(str(error), dict(scenario.rules))}") from None


def _value(scenario: Scenario, key: str) -> Any:
    found: Any = scenario
    for part in key.split("."):
        found = getattr(found, part)
    return found
