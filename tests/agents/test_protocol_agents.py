"""What a protocol is to its agents: names, bases, and what the conformance suite tries."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import anyio
import pytest

from retailsim.agents.base import Agent, Methods, RoleAgent, Seat
from retailsim.agents.conformance import check
from retailsim.agents.conformance.repertoire import repertoire_of
from retailsim.agents.errors import BadAgent, NothingToTry, UnexpectedRequest
from retailsim.agents.protocol import MODEL, ProtocolAgents, agents_of
from retailsim.agents.registry import resolve
from retailsim.events.messages import Role
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.registry import BUILT_IN, DEFAULT, Protocol, find_protocol, rules_of
from tests.protocols import sealed_bid

ROLES: tuple[Role, ...] = ("seller", "buyer")


@pytest.mark.parametrize("name", BUILT_IN)
def test_whatever_a_protocol_names_can_take_the_seat_it_is_named_for(name: str) -> None:
    protocol = find_protocol(name)
    agents = agents_of(protocol)
    for called, role in (*agents.built_in, *agents.models):
        assert issubclass(resolve(called, role, protocol=protocol), agents.bases[role])
    assert {(MODEL, role) for role in ROLES} <= set(agents.models)
    assert all(("behavioral", role) in agents.built_in for role in ROLES)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_bases_answer_each_request_of_the_protocol_once_and_nothing_else(name: str) -> None:
    protocol = find_protocol(name)
    bases: Mapping[Role, Any] = agents_of(protocol).bases
    asked = [kind for role in ROLES for kind in bases[role].methods]
    assert sorted(kind.__name__ for kind in asked) == sorted(
        kind.__name__ for kind in rules_of(protocol).admissions
    )
    for role in ROLES:
        assert all(hasattr(bases[role], method) for method in bases[role].methods.values())


def test_names_are_those_that_need_no_language_model() -> None:
    agents = agents_of(find_protocol("csales"))
    assert agents.names("seller") == [
        "behavioral",
        "csi",
        "fixed-script",
        "random-action",
        "policy",
    ]
    assert agents.target("react", "seller") is not None
    assert agents.target("react", "buyer") is None


def test_a_protocol_from_outside_may_hold_the_classes_themselves() -> None:
    agents = agents_of(sealed_bid.PROTOCOL)
    assert agents.target("behavioral", "seller") is sealed_bid.Bidder
    assert resolve("behavioral", "buyer", protocol=sealed_bid.PROTOCOL) is sealed_bid.Taker
    with pytest.raises(BadAgent, match="is not an agent: subclass Bidder, Taker or Agent"):
        resolve("json:JSONDecoder", "seller", protocol=sealed_bid.PROTOCOL)


def test_a_bare_agent_may_sit_where_a_protocol_has_no_bases() -> None:
    class Anyone(Agent):
        async def receive(self, message: object) -> None:
            return None

    agents = ProtocolAgents(built_in={("anyone", "seller"): Anyone})
    protocol = Protocol(name="free", market=None, agents=agents, run=None)
    assert resolve("anyone", "seller", protocol=protocol) is Anyone
    with pytest.raises(BadAgent, match=r"is not an agent: subclass Agent$"):
        resolve("json:JSONDecoder", "seller", protocol=protocol)


def test_where_a_protocol_has_no_samples_the_suite_says_so() -> None:
    said = "the protocol sealed-bid has nothing to try its agents with"
    with pytest.raises(NothingToTry, match=said):
        check(sealed_bid.Bidder, "seller", protocol=sealed_bid.PROTOCOL)
    assert repertoire_of(find_protocol(DEFAULT)).values


def test_a_role_agent_answers_by_the_method_of_the_request_and_nothing_it_is_not_asked() -> None:
    class Counting(RoleAgent):
        methods: ClassVar[Methods] = {sealed_bid.AskBid: "counted"}

        async def counted(self, request: sealed_bid.AskBid) -> int:
            return 7

        async def choose(self, request: sealed_bid.ChooseBid) -> str:
            raise AssertionError("not in its methods")

    agent = Counting(Seat(id="x", role="seller", seed=Seed(1)))
    assert anyio.run(agent.receive, sealed_bid.AskBid(unit="u", product=None)) == 7  # type: ignore[arg-type]
    other = sealed_bid.ChooseBid(unit="u", product=None, bids={})  # type: ignore[arg-type]
    with pytest.raises(UnexpectedRequest, match="seller:x does not answer ChooseBid"):
        anyio.run(agent.receive, other)


def test_a_role_agent_without_a_table_answers_by_the_method_that_is_called_as_the_stage() -> None:
    agent = sealed_bid.Bidder(Seat(id="x", role="seller", seed=Seed(1)))
    product = Product(id="p", title="t", category="Food", price_cents=1000)
    bid = anyio.run(agent.receive, sealed_bid.AskBid(unit="u", product=product))
    assert 600 <= bid <= 1000
    other = sealed_bid.ChooseBid(unit="u", product=product, bids={})
    with pytest.raises(UnexpectedRequest, match="seller:x does not answer ChooseBid"):
        anyio.run(agent.receive, other)


def test_bases_that_can_act_are_the_built_in_agents_where_none_is_named() -> None:
    class Abstract(RoleAgent):
        @abstractmethod
        async def bid(self, request: object) -> int: ...

    bases: dict[Role, type] = {"seller": Abstract, "buyer": sealed_bid.Taker}
    agents = ProtocolAgents(bases=bases)
    assert agents.built_in == {("behavioral", "buyer"): sealed_bid.Taker}
    named = ProtocolAgents(bases=bases, built_in={("x", "buyer"): sealed_bid.Taker})
    assert list(named.built_in) == [("x", "buyer")]
