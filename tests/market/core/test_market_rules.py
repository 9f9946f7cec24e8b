"""What all protocols share in a market: opening, dispatch, failing, ending; and who takes part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from retailsim.events.errors import UnusableOutput
from retailsim.events.kernel import Kernel, Outgoing, Post
from retailsim.events.messages import (
    DecisionMade,
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    Event,
    MarketClosed,
    MarketFailed,
    MarketOpened,
    Message,
    MessageSent,
    OutputRejected,
)
from retailsim.market.core.admission import Admission, Written, admit
from retailsim.market.core.market import EpisodeState, Market, Steps, episode_opened
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.spec import MarketSpec
from retailsim.market.errors import UnexpectedMessage

# -- a protocol of a few lines: the seller says hello to all, each buyer answers yes or no ---


class Hello(AgentRequest, kw_only=True):
    stage: ClassVar[str] = "greeting"


class AskYes(AgentRequest, kw_only=True):
    stage: ClassVar[str] = "answering"


def _hello(request: Hello, text: str, seat: str) -> Written:
    return (MessageSent(stage="sales", role="seller", turn=1, text=f"{seat}: {text}"),)


def _yes(request: AskYes, yes: bool, seat: str) -> Written:
    return (
        DecisionMade(
            will_purchase=yes, quantity=0, quantity_reason="", sentiment="Neutral", reason=""
        ),
    )


ADMISSIONS = {Hello: Admission(str, _hello), AskYes: Admission(bool, _yes)}


class Talk(EpisodeState):
    def decided(self, event: DecisionMade) -> Sequence[Post]:
        self.ended = True
        return []


class Greeting(Market):
    steps: ClassVar[Steps] = {DecisionMade: Talk.decided}

    def __init__(self, spec: MarketSpec) -> None:
        super().__init__(spec)
        self.spec = spec
        self._episodes = {one.episode: Talk(one) for one in spec.episodes}

    def opened(self, episode_spec: EpisodeSpec) -> Sequence[Event]:
        return (episode_opened(self.spec, episode_spec, self.spec.seller),)

    def begin(self) -> Sequence[Post]:
        return [Post(Hello(unit="u"), f"seller:{self.spec.seller.id}")]

    def shared(self, message: Message) -> Outgoing:
        if not isinstance(message, MessageSent):
            return super().shared(message)
        return [Post(AskYes(episode=t.id, unit="u"), t.buyer) for t in self._episodes.values()]


def spec(*buyers: str, sellers: Sequence[str] = ("sam",), **changes: Any) -> MarketSpec:
    episodes = tuple(
        EpisodeSpec(episode=f"e{n}", buyer=Participant(id=buyer))
        for n, buyer in enumerate(buyers, 1)
    )
    seated = tuple(Participant(id=seller) for seller in sellers)
    return MarketSpec(**{"id": "m", "sellers": seated, "episodes": episodes, **changes})


def played(answers: dict[str, Any], *buyers: str) -> tuple[Greeting, list[Event]]:
    """Play a market on a real kernel; an answer that is an exception is raised."""
    market = Greeting(spec(*buyers))
    kernel = Kernel("m", market.failed)
    kernel.add_rules(market.handle)

    def player(source: str) -> Callable[[Message], Any]:
        async def receive(message: Message) -> Written:
            answer = answers.get(source, "hi" if isinstance(message, Hello) else True)
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(message, AgentRequest)
            return admit(source, message, answer, ADMISSIONS[type(message)])

        return receive

    for role, name in market.spec.seats:
        kernel.add_agent(f"{role}:{name}", player(f"{role}:{name}"), waits=False)
    kernel.post(market.open())
    asyncio.run(kernel.run())
    return market, kernel.events


def names(events: Sequence[Event]) -> list[tuple[str | None, str]]:
    return [(event.episode, type(event).__name__) for event in events]


# -- the life of a market ------------------------------------------------------------------


def test_a_market_opens_all_its_episodes_and_closes_behind_the_last() -> None:
    market, events = played({}, "ann", "bob")
    assert names(events) == [
        (None, "MarketOpened"),
        ("e1", "EpisodeOpened"),
        ("e2", "EpisodeOpened"),
        (None, "MessageSent"),
        ("e1", "DecisionMade"),
        ("e2", "DecisionMade"),
        ("e1", "EpisodeClosed"),
        ("e2", "EpisodeClosed"),
        (None, "MarketClosed"),
    ]
    assert market.finished


def test_what_the_seat_is_called_and_nothing_else_stands_in_what_is_written() -> None:
    _, events = played({}, "ann")
    [said] = [event for event in events if isinstance(event, MessageSent)]
    assert (said.text, said.source) == ("sam: hi", "seller:sam")


def test_a_failing_agent_ends_its_own_episode_and_the_market_still_closes() -> None:
    market, events = played({"buyer:ann": ValueError("gone")}, "ann", "bob")
    assert names(events)[-4:] == [
        ("e1", "EpisodeFailed"),
        ("e2", "DecisionMade"),
        ("e2", "EpisodeClosed"),
        (None, "MarketClosed"),
    ]
    [failure] = [event for event in events if isinstance(event, EpisodeFailed)]
    assert (failure.stage, failure.reason) == ("answering", "ValueError: gone")
    assert market.finished


def test_the_last_episode_may_fail_and_closes_the_market() -> None:
    _, events = played({"buyer:bob": 3}, "ann", "bob")
    assert {type(event) for event in events[-3:-1]} == {EpisodeFailed, EpisodeClosed}
    assert type(events[-1]) is MarketClosed
    [failure] = [event for event in events if isinstance(event, EpisodeFailed)]
    assert failure.reason == "ReplyRefused: buyer:bob answered AskYes with int instead of bool"


def test_where_all_wait_for_one_who_fails_the_market_fails_with_all_its_episodes() -> None:
    market, events = played({"seller:sam": UnusableOutput("no words", "raw")}, "ann", "bob")
    assert [type(event) for event in events[3:]] == [
        OutputRejected,
        EpisodeFailed,
        EpisodeFailed,
        MarketFailed,
    ]
    assert not [event for event in events if isinstance(event, MarketClosed | EpisodeClosed)]
    [failed] = [event for event in events if isinstance(event, MarketFailed)]
    assert failed.stage == "greeting"
    assert market.finished


def test_a_market_is_not_finished_while_an_episode_is_open() -> None:
    market = Greeting(spec("ann", "bob"))
    assert [type(post.message) for post in market.open()] == [  # type: ignore[union-attr]
        *(MarketOpened, EpisodeOpened, EpisodeOpened, Hello),
    ]
    assert [type(post.message) for post in market.handle(decided())] == [EpisodeClosed]  # type: ignore[union-attr]
    assert not market.finished


@pytest.mark.parametrize("episode", [None, "e1"])
def test_a_message_that_no_step_follows_from_is_a_bug_of_the_caller(episode: str | None) -> None:
    message = MarketClosed(episode=episode, source="buyer:ann")
    with pytest.raises(UnexpectedMessage, match="buyer:ann sent MarketClosed"):
        Greeting(spec("ann")).handle(message)


def decided(episode: str = "e1") -> Message:
    [decision] = _yes(AskYes(unit="u"), yes=True, seat="ann")
    decision.episode = episode
    return decision


def test_nothing_follows_from_what_comes_to_an_episode_that_has_ended() -> None:
    """Several may be asked at once; who comes after its end neither goes on nor ends it again."""
    market = Greeting(spec("ann", "bob"))
    market.handle(decided())
    late = AskYes(episode="e1", unit="u")
    assert market.handle(decided()) == []
    assert market.failed("buyer:ann", late, ValueError("late")) == []
    raw = market.failed("buyer:ann", late, UnusableOutput("late", "raw"))
    assert [type(post.message) for post in raw] == [OutputRejected]  # type: ignore[union-attr]
    assert not market.finished
    last = market.handle(decided("e2"))
    assert [type(post.message) for post in last] == [EpisodeClosed, MarketClosed]  # type: ignore[union-attr]


def test_a_market_that_fails_leaves_what_has_ended_and_fails_once() -> None:
    market = Greeting(spec("ann", "bob"))
    market.handle(decided())
    request = Hello(unit="u")
    posts = market.failed("seller:sam", request, ValueError("gone"))
    assert [post.message for post in posts] == [  # type: ignore[union-attr]
        EpisodeFailed(episode="e2", stage="greeting", reason="ValueError: gone"),
        MarketFailed(stage="greeting", reason="ValueError: gone"),
    ]
    assert market.finished
    assert market.failed("seller:sue", request, ValueError("gone, too")) == []
    assert market.handle(MessageSent(stage="sales", role="seller", turn=1, text="hi")) == []
    assert market.handle(decided("e2")) == []


# -- who takes part ------------------------------------------------------------------------


def test_everybody_takes_part_once_sellers_first() -> None:
    many = spec("ann", "bob", "ann", sellers=("sam", "sue"))
    assert many.seats == (
        ("seller", "sam"),
        ("seller", "sue"),
        ("buyer", "ann"),
        ("buyer", "bob"),
    )
    assert many.seller.id == "sam"


def test_one_name_may_sit_on_both_sides() -> None:
    assert spec("sam").seats == (("seller", "sam"), ("buyer", "sam"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"episodes": ()}, "market m: needs one or more episodes with distinct names"),
        ({"sellers": ()}, "market m: needs a seller"),
        (
            {"episodes": (EpisodeSpec(episode="e", buyer=Participant(id="a")),) * 2},
            "market m: needs one or more episodes with distinct names",
        ),
    ],
)
def test_a_market_that_could_not_end_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        spec("ann", **changes)
