"""The host of a stranger's agent: what it returns is checked, in time, and stays its own affair."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anyio
import pytest

from retailsim.agents.base import Agent, Seat
from retailsim.agents.errors import ReplyFailed, UnexpectedRequest
from retailsim.agents.host import Host, Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import MarketClosed, Message, MessageSent
from retailsim.events.streams import Seed
from retailsim.market.core.admission import Admission, ReplyRefused, Written
from retailsim.market.core.request import AgentRequest


class Ask(AgentRequest, kw_only=True):
    stage: ClassVar[str] = "asking"


def _said(request: Ask, text: str, seat: str) -> Written:
    return (MessageSent(stage="sales", role="seller", turn=1, text=f"{seat}: {text}"),)


ADMISSIONS: Mapping[type[AgentRequest], Admission] = {Ask: Admission(str, _said)}
REQUEST = Ask(episode="e", unit="u")


class Notes:
    """A door that notes failures, and gives back the one it was made with."""

    def __init__(self, recorded: str | None = None) -> None:
        self.recorded = recorded
        self.failures: list[str] = []

    def failure(self, message: Message, source: str, key: str) -> str | None:
        return self.recorded

    def record_failure(self, message: Message, source: str, key: str, error: str) -> None:
        self.failures.append(f"{source} {key}: {error}")


class Stranger(Agent):
    """Answers by what a test hands it."""

    def __init__(self, answer: Callable[[], Any], *, waits: bool = False) -> None:
        super().__init__(Seat(id="x", role="seller", seed=Seed(1)))
        self.answer, self.waits, self.asked = answer, waits, 0  # type: ignore[misc]

    async def receive(self, message: AgentRequest) -> Any:
        self.asked += 1
        said = self.answer()
        return await said if asyncio.iscoroutine(said) else said


def heard(
    agent: Stranger, door: Notes | None = None, message: Message = REQUEST, reply_s: float = 60.0
) -> Written:
    watch = Watchdog(warn_s=60.0, deadline_s=60.0, say=lambda line: None)
    hosting = Hosting(admissions=ADMISSIONS, watch=watch, reply_s=reply_s)
    host = Host(agent, door or Notes(), hosting)  # type: ignore[arg-type]
    return asyncio.run(host.receive(message))


def leave() -> None:
    raise SystemExit(3)


@pytest.mark.parametrize("waits", [False, True])
def test_what_it_returns_is_written_in_the_name_of_its_seat(waits: bool) -> None:
    assert heard(Stranger(lambda: "hi", waits=waits)) == (
        MessageSent(stage="sales", role="seller", turn=1, text="x: hi"),
    )


@pytest.mark.parametrize("waits", [False, True])
def test_what_was_not_asked_for_is_refused_and_is_no_failure_to_record(waits: bool) -> None:
    door = Notes()
    with pytest.raises(ReplyRefused, match="seller:x answered Ask with int instead of a text"):
        heard(Stranger(lambda: 7, waits=waits), door)
    assert door.failures == []  # a re-execution refuses it again


def test_what_no_protocol_asks_is_not_handed_on() -> None:
    agent = Stranger(lambda: "hi")
    with pytest.raises(UnexpectedRequest, match="seller:x does not answer MarketClosed"):
        heard(agent, message=MarketClosed())
    assert agent.asked == 0


def test_a_missed_deadline_is_recorded_under_the_stage_and_time_of_the_request() -> None:
    door = Notes()
    with pytest.raises(ReplyFailed, match=r"seller:x: no reply within 0\.01 s"):
        heard(Stranger(anyio.sleep_forever, waits=True), door, reply_s=0.01)
    assert door.failures == ["seller:x asking/0: no reply within 0.01 s"]


def test_a_recorded_failure_fails_again_without_asking() -> None:
    agent = Stranger(lambda: "hi")
    with pytest.raises(ReplyFailed, match="seller:x: no reply within 300 s"):
        heard(agent, Notes("no reply within 300 s"))
    assert agent.asked == 0


@pytest.mark.parametrize("waits", [False, True])
def test_leaving_the_program_is_a_failure_of_the_reply(waits: bool) -> None:
    with pytest.raises(ReplyFailed, match="seller:x: raised SystemExit; raise an Exception"):
        heard(Stranger(leave, waits=waits))


@pytest.mark.parametrize("waits", [False, True])
def test_what_it_raises_is_passed_on_as_it_is(waits: bool) -> None:
    def broken() -> None:
        raise KeyError("wallet")

    with pytest.raises(KeyError, match="wallet"):
        heard(Stranger(broken, waits=waits))
