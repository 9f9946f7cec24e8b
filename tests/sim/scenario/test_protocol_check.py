"""A scenario says only what its protocol understands: keys of others, and the table [rules]."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta
from msgspec.structs import replace

from retailsim.market.protocols.registry import BUILT_IN, Protocol
from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.protocol import ProtocolRun
from retailsim.sim.scenario.protocol_check import check_protocol
from retailsim.sim.scenario.scenario import DesignTable, Scenario


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Forbids nothing itself."""

    rounds: Annotated[int, Meta(ge=1, le=9)] = 3
    order: Literal["up", "down"] = "up"
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if sum(self.shares) > 1.0:
            raise ValueError("shares of more than all")


def protocol(rules: type[msgspec.Struct] | None = Rules, own: tuple[str, ...] = ()) -> Protocol:
    run = ProtocolRun(design=lambda *_: None, rules=rules, own_keys=own)  # type: ignore[arg-type]
    return Protocol(name="toy", market=None, agents=None, run=run)


def refused(scenario: Scenario, of: Protocol) -> str:
    with pytest.raises(BadScenario) as caught:
        check_protocol(scenario, of, "my.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "table", [{}, {"rounds": 9}, {"rounds": 1, "order": "down"}, {"shares": [0.5, 0.5]}]
)
def test_what_the_protocol_takes_is_taken(table: dict[str, Any]) -> None:
    check_protocol(Scenario(rules=table), protocol(), "my.toml")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"round": 3}, "rules.round: unknown key; did you mean rounds?"),
        ({"seed": 3}, "rules.seed: unknown key; there are rounds, order, shares"),
        ({"rounds": "3"}, "rules.rounds: must be a whole number, not text"),
        ({"rounds": 0}, "rules.rounds: must be a whole number >= 1"),
        ({"order": "dwon"}, "rules.order: 'dwon' is not one of up, down; did you mean down?"),
        ({"shares": [0.5, "x"]}, "rules.shares[1]: must be a number, not text"),
        ({"shares": [0.5, 0.6]}, "rules: shares of more than all"),
    ],
)
def test_what_it_does_not_take_is_named_by_its_key(table: dict[str, Any], said: str) -> None:
    assert refused(Scenario(rules=table), protocol()) == f"my.toml: {said}"


def test_a_protocol_without_rules_takes_none() -> None:
    of = protocol(rules=None)
    check_protocol(Scenario(), of, "my.toml")
    said = refused(Scenario(rules={"rounds": 3}), of)
    assert said == f"my.toml: rules: the protocol {of.name} takes no rules"


@pytest.mark.parametrize("name", ["retail", "csales"])
def test_ours_take_rules_on_what_sellers_may_say_and_no_others(name: str) -> None:
    said = refused(Scenario(rules={"rounds": 3}), BUILT_IN[name])
    assert said == "my.toml: rules.rounds: unknown key; there are file, masks, levels"
    check_protocol(Scenario(rules={"masks": False}), BUILT_IN[name], "my.toml")


def test_a_key_of_another_protocol_is_refused_unless_it_is_as_usual_or_ones_own() -> None:
    cheaper = Scenario(design=DesignTable(discount=0.1))
    said = refused(cheaper, protocol())
    assert said == 'my.toml: design.discount: is only for design.protocol = "retail"'
    check_protocol(Scenario(design=DesignTable(discount=0.0)), protocol(), "my.toml")
    check_protocol(cheaper, protocol(own=("design.discount",)), "my.toml")
    check_protocol(cheaper, BUILT_IN["retail"], "my.toml")
    assert "design.discount" in refused(replace(cheaper), BUILT_IN["csales"])
