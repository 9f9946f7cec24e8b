"""Agents of ours that speak a model's words: what they say is checked before the market sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from benchmarks.common.stage import offer_of
from retailsim.agents.base import Agent, Seat
from retailsim.agents.errors import NotAsync, UnexpectedRequest
from retailsim.agents.host import Checked, Trusted, answering
from retailsim.agents.retail.base import BuyerAgent
from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import DecisionMade, MarketClosed, Message
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.claims.reading import ReadClaims
from retailsim.market.core.admission import ReplyRefused, Written
from retailsim.market.protocols.registry import find_protocol, rules_of
from retailsim.market.protocols.retail.requests import AskSeller, Decide
from retailsim.market.protocols.retail.values import SECTIONS, Decision, Pitch, Topics

ADMISSIONS = rules_of(find_protocol("retail")).admissions
BOUGHT = Decision(
    will_purchase=True, quantity=2, quantity_reason="", sentiment="Neutral", reason="So."
)
TOPICS = Topics(topics=("shipping",), reason="r")


class Speaker(Agent):
    """Says what it is given, or raises it."""

    def __init__(self, said: object) -> None:
        super().__init__(Seat(id="b", role="buyer", seed=Seed(1)))
        self._said = said
        self.asked: list[Message] = []

    async def receive(self, message: Message) -> Any:
        self.asked.append(message)
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


def heard(request: Message, said: object, wrapped: type[Any] = Checked) -> Written:
    return asyncio.run(wrapped(Speaker(said), ADMISSIONS).receive(request))


@pytest.fixture
def request_() -> Decide:
    product = next(iter(read_products(builtin_catalogue(), problems=Problems())))
    pitch = Pitch(sections=dict.fromkeys(SECTIONS, "x"))
    return Decide(
        episode="e", unit="u", offer=offer_of(product), pitch=pitch, topics=TOPICS, transcript=()
    )


@pytest.mark.parametrize("wrapped", [Checked, Trusted])
def test_a_fitting_reply_is_written_as_what_happened(request_: Decide, wrapped: type[Any]) -> None:
    (event,) = heard(request_, BOUGHT, wrapped)
    assert event == DecisionMade(**msgspec.structs.asdict(BOUGHT))


def test_what_is_written_is_a_copy(request_: Decide) -> None:
    """So nobody changes later what is logged."""
    topics = ["shipping"]
    said = Topics(topics=topics, reason="r")  # type: ignore[arg-type]
    (event,) = heard(_topics(request_), said)
    topics.append("weather")
    assert event.topics == ("shipping",)  # type: ignore[attr-defined]


def _topics(request: Decide) -> Message:
    [kind] = [kind for kind in ADMISSIONS if kind.__name__ == "ChooseTopics"]
    return kind(episode="e", unit="u", offer=request.offer, pitch=request.pitch)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "buyer:b answered Decide with None instead of Decision"),
        (TOPICS, "Topics instead of Decision"),
        ("I take it!", "a text instead of Decision"),
        ([BOUGHT], "list instead of Decision"),
        (
            [DecisionMade(**msgspec.structs.asdict(BOUGHT))],
            "DecisionMade instead of Decision: return the value, the market writes the events",
        ),
        (msgspec.structs.replace(BOUGHT, quantity=10**30), "a number beyond"),
    ],
)
def test_a_reply_that_was_not_asked_for_is_refused(
    request_: Decide, said: object, why: str
) -> None:
    with pytest.raises(ReplyRefused, match=why):
        heard(request_, said)


@pytest.mark.parametrize("wrapped", [Checked, Trusted])
def test_an_unusable_answer_passes_as_it_is(request_: Decide, wrapped: type[Any]) -> None:
    """It becomes a rejected output with its text, not a failure of the host's making."""
    with pytest.raises(UnusableOutput, match="nonsense"):
        heard(request_, UnusableOutput("nonsense", "raw"), wrapped)


@pytest.mark.parametrize("wrapped", [Checked, Trusted])
def test_an_agent_is_asked_only_what_its_protocol_knows_an_answer_to(
    request_: Decide, wrapped: type[Any]
) -> None:
    others = {kind: rule for kind, rule in ADMISSIONS.items() if kind is not Decide}
    speaker = Speaker(BOUGHT)
    host = wrapped(speaker, others)
    for message, name in ((request_, "Decide"), (MarketClosed(), "MarketClosed")):
        with pytest.raises(UnexpectedRequest, match=f"buyer:b does not answer {name}"):
            asyncio.run(host.receive(message))
    assert not speaker.asked
    assert AskSeller in others


class Plain(BuyerAgent):
    """Decides by its method, in place."""

    async def topics(self, request: Any) -> Any:
        return TOPICS

    async def ask(self, request: Any) -> Any:
        return None

    async def decide(self, request: Any) -> Any:
        return BOUGHT

    async def complain(self, request: Any) -> Any:
        return None

    async def review(self, request: Any) -> Any:
        return None


class Overhearing(Plain):
    """Wants every request to come by `receive`."""

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self.heard: list[Message] = []

    async def receive(self, message: Any) -> Any:
        self.heard.append(message)
        return await super().receive(message)


class NotQuite(Plain):
    """Forgot `async`."""

    def decide(self, request: Any) -> Any:
        return BOUGHT


SEAT = Seat(id="b", role="buyer", seed=Seed(1))


def test_a_trusted_agents_method_is_asked_itself(request_: Decide) -> None:
    agent = Plain(SEAT)
    assert answering(agent, Decide) == agent.decide
    assert answering(agent, ReadClaims) == agent.receive
    (event,) = asyncio.run(Trusted(agent, ADMISSIONS).receive(request_))
    assert isinstance(event, DecisionMade)


def test_an_agent_with_a_receive_of_its_own_gets_every_request_there(request_: Decide) -> None:
    agent = Overhearing(SEAT)
    trusted = Trusted(agent, ADMISSIONS)
    for _ in range(2):
        asyncio.run(trusted.receive(request_))
    assert agent.heard == [request_, request_]


def test_a_trusted_method_without_async_is_told_so(request_: Decide) -> None:
    with pytest.raises(NotAsync):
        asyncio.run(Trusted(NotQuite(SEAT), ADMISSIONS).receive(request_))
