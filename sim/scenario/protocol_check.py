"""Whether a scenario says only what its protocol understands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from retailsim.market.protocols.registry import BUILT_IN, Protocol, imported
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
                problem = f'{key}: is only for design.protocol = "{other.name}"'
                raise BadScenario(source, problem)
    _check_rules(scenario, protocol, source)
    _check_reward(scenario, protocol, source)


def _check_reward(scenario: Scenario, protocol: Protocol, source: str) -> None:
    if not scenario.reward:
        return
    place = run_of(protocol).rewards
    if place is None:
        raise BadScenario(source, f"reward: nobody learns in the protocol {protocol.name}")
    terms: Mapping[str, str] = imported(place)
    for name, weight in scenario.reward.items():
        if name not in terms:
            raise BadScenario(source, f"reward.{name}: is not one of {', '.join(terms)}")
        if not math.isfinite(weight):
            raise BadScenario(source, f"reward.{name} = {weight}: has to be a finite number")


def _check_rules(scenario: Scenario, protocol: Protocol, source: str) -> None:
    kind = run_of(protocol).rules
    if kind is None:
        if scenario.rules:
            raise BadScenario(source, f"rules: the protocol {protocol.name} takes no rules")
        return
    tree = {"rules": scenario.rules}
    root = msgspec.defstruct("Root", [("rules", kind)])
    try:
        _check_keys(scenario.rules, kind)
        msgspec.convert(tree, root)
    except msgspec.ValidationError as error:
        raise BadScenario(source, explain(str(error), tree, root)) from None


def _check_keys(table: Mapping[str, Any], kind: type[msgspec.Struct]) -> None:
    """Refuse what a struct that forbids nothing would overlook."""
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    for key in table:
        if key not in known:
            raise msgspec.ValidationError(f"Object contains unknown field `{key}` - at `$.rules`")


def _value(scenario: Scenario, key: str) -> Any:
    found: Any = scenario
    for part in key.split("."):
        found = getattr(found, part)
    return found
