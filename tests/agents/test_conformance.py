"""The suite finds each kind of misbehaviour, says what to do, and passes agents that behave."""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from time import time as now
from typing import Any

import anyio
import msgspec
import pytest

from retailsim.agents.base import Agent, Seat
from retailsim.agents.conformance import bench, check, check_by_name
from retailsim.agents.conformance.findings import Finding, not_checked, render
from retailsim.agents.errors import UnknownAgent
from retailsim.agents.retail.base import BuyerAgent
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
from retailsim.events.messages import DecisionMade, Message, MessageSent, Role
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.requests import (
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    GiveSupport,
    WriteReview,
)
from retailsim.market.protocols.retail.values import Decision, Review, Settlement, Support, Topics
from tests.agents.stepclock import StepClock, install
from tests.cases import quick


class Good(BuyerAgent):
    """Behaves; the misbehaving ones below change one method of it."""

    async def topics(self, request: ChooseTopics) -> Topics:
        return Topics(topics=("shipping",), reason="I am in a hurry.")

    async def ask(self, request: AskSeller) -> str | None:
        return "When does it come?" if request.turn == 1 else None

    async def decide(self, request: Decide) -> Decision:
        buys = self.stream(request, "decide").chance(0.5)
        return Decision(
            will_purchase=buys,
            quantity=int(buys),
            quantity_reason="one will do",
            sentiment="Neutral",
            reason="I tossed a coin.",
        )

    async def complain(self, request: Complain) -> str | None:
        return None if request.proposed else "It does not work."

    async def review(self, request: WriteReview) -> Review:
        return Review(rating=3, text="As expected.")


def failures(
    agent_class: type[Agent],
    role: Role = "buyer",
    options: Mapping[str, Any] | None = None,
    timeout_s: float = 10.0,
) -> dict[str, str]:
    findings = check(agent_class, role, options=options, timeout_s=timeout_s, say=lambda line: None)
    return {finding.name: finding.message for finding in findings if not finding.passed}


def test_an_agent_that_behaves_passes_every_check() -> None:
    findings = check(Good, "buyer")
    assert all(finding.passed for finding in findings), render(findings)
    assert [finding.name for finding in findings] == [
        "construction",
        "deadlines",
        "replies",
        "values",
        "arguments",
        "hostile text",
        "determinism",
        "global random",
        "clock",
        "episodes apart",
    ]


def test_the_built_in_seller_passes() -> None:
    assert failures(BehavioralSeller, "seller") == {}


class NeedsOption(Good):
    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self.budget = seat.options["budget"]


class NeedsPersona(Good):
    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        if seat.persona is None:
            raise ValueError("no\npersona")


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (NeedsOption, "with a persona it raised KeyError: 'budget'"),
        (NeedsPersona, "without a persona it raised ValueError: no persona"),
    ],
)
def test_an_agent_that_cannot_be_made_is_told_why(agent: type[Agent], said: str) -> None:
    assert failures(agent) == {"construction": said}


def test_options_are_handed_on() -> None:
    assert failures(NeedsOption, options={"budget": 3}) == {}


class Blocks(Good):
    clock: StepClock

    async def decide(self, request: Decide) -> Decision:
        self.clock.let_pass(0.1)
        return self.block()

    def block(self) -> Decision:
        raise NotImplementedError


class Loops(Blocks):
    def block(self) -> Decision:
        while True:
            pass


class Sleeps(Blocks):
    def block(self) -> Decision:
        time.sleep(1000)
        raise AssertionError


class WaitsUndeclared(Good):
    async def decide(self, request: Decide) -> Decision:
        await anyio.lowlevel.checkpoint()
        return await super().decide(request)


class NeverAnswers(Good):
    waits = True

    async def decide(self, request: Decide) -> Decision:
        await anyio.sleep_forever()
        raise AssertionError


@pytest.mark.slow
@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (Loops, "buyer:seat blocked for 0.1 s at Decide: it must not sleep or compute"),
        (Sleeps, "buyer:seat blocked for 0.1 s at Decide: it must not sleep or compute"),
        (WaitsUndeclared, "declares waits = False but awaited something: set waits = True"),
        (NeverAnswers, "gave no answer within 0.1 s"),
    ],
)
def test_a_missed_deadline_is_named_and_ends_the_suite(
    agent: type[Agent], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Blocks, "clock", install(monkeypatch), raising=False)
    found = failures(agent, timeout_s=0.1)
    assert list(found) == ["deadlines"]
    assert found["deadlines"].startswith(f"Decide about a product with a full sheet: {said}")


class Slow(Good):
    """Blocks, though never past the deadline: by a clock that only it moves."""

    clock: StepClock

    async def decide(self, request: Decide) -> Decision:
        self.clock.let_pass(0.5)
        while self.clock() < self.clock.limit:
            pass
        return await super().decide(request)


class SlowAtTimes(Slow):
    """As a machine is that has other things to do."""

    async def decide(self, request: Decide) -> Decision:
        if self.stream(request, "busy").chance(0.2):
            return await super().decide(request)
        return await Good.decide(self, request)


class SlowWaiter(Slow):
    """Its other steps are quick."""

    waits = True

    async def decide(self, request: Decide) -> Decision:
        await anyio.lowlevel.checkpoint()
        return await super().decide(request)


@pytest.mark.parametrize("agent", [Slow, SlowWaiter])
def test_an_agent_that_blocks_is_named_long_before_its_deadline(
    agent: type[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Slow, "clock", clock := StepClock(), raising=False)
    monkeypatch.setattr(bench, "perf_counter", clock)
    found = failures(agent)["deadlines"]
    assert re.fullmatch(
        r"Decide: half of \d+ answers stopped the whole process for 0.5 s or more, all other "
        r"episodes with it; `await` what you wait for \(self.outside, waits = True\), or compute "
        "less",
        found,
    )


def test_a_slow_answer_now_and_then_may_be_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Slow, "clock", clock := StepClock(), raising=False)
    monkeypatch.setattr(bench, "perf_counter", clock)
    assert failures(SlowAtTimes) == {}


class SaysYes(Good):
    async def decide(self, request: Decide) -> Decision:
        return "yes"  # type: ignore[return-value]


class Breaks(Good):
    async def review(self, request: WriteReview) -> Review:
        return Review(rating=int(request.offer.product.description[:1]), text="Good.")


class SixStars(Good):
    async def review(self, request: WriteReview) -> Review:
        return Review(rating=6, text="Good.")


class ThreeTopics(Good):
    async def topics(self, request: ChooseTopics) -> Topics:
        return Topics(topics=("shipping", "price/discount", "product comparison"), reason="all")


class Weather(Good):
    async def topics(self, request: ChooseTopics) -> Topics:
        return Topics(topics=("weather",), reason="It rains.")  # type: ignore[arg-type]


class AsksPlainly(Good):
    def ask(self, request: AskSeller) -> str | None:  # type: ignore[override]
        return None


class HandsOn(Good):
    """Plain, but what it returns can be awaited."""

    def ask(self, request: AskSeller) -> Any:
        return super().ask(request)


def test_a_plain_method_may_hand_on_a_coroutine() -> None:
    assert failures(HandsOn) == {}


class NotAsync(Good):
    def receive(self, message: Message) -> Any:
        return ()


@pytest.mark.parametrize(
    ("agent", "said"),
    quick(
        3,
        [
            (SaysYes, "buyer:seat answered Decide with a text instead of Decision"),
            (Breaks, "raised ValueError: invalid literal for int() with base 10: 'A' (test_conf"),
            (SixStars, "a rating of 6; 1 to 5 are allowed"),
            (ThreeTopics, "up to two of product specifications"),
            (NotAsync, "receive is not a coroutine: write `async def receive`"),
            (AsksPlainly, "buyer:seat: write `async def ask`; it is `def ask`"),
            (
                Weather,
                "'weather' - at `$.topics[0]`; allowed: product specifications, product comp",
            ),
        ],
    ),
)
def test_an_answer_of_the_wrong_kind_is_named(agent: type[Agent], said: str) -> None:
    assert said in failures(agent)["replies"]


class BuysNothingThrice(Good):
    async def decide(self, request: Decide) -> Decision:
        return Decision(
            will_purchase=False, quantity=3, quantity_reason="", sentiment="Neutral", reason="No."
        )


class BuysAll(Good):
    async def decide(self, request: Decide) -> Decision:
        return Decision(
            will_purchase=True, quantity=9999, quantity_reason="", sentiment="Neutral", reason="!"
        )


class RecommendsTheInquiry(Good):
    async def review(self, request: WriteReview) -> Review:
        return Review(rating=3, text="Good.", would_recommend=True)


class RefundsAll(BehavioralSeller):
    trusted = False

    async def support(self, request: GiveSupport) -> Support:
        refund = Settlement(
            outcome="refunded", resolution="refund", reason="asked", refund_quantity=10
        )
        return Support(text="Here you are.", proposal=refund)


@pytest.mark.parametrize(
    ("agent", "role", "said"),
    quick(
        2,
        [
            (BuysNothingThrice, "buyer", "buys nothing with quantity 3: set it to 0"),
            (BuysAll, "buyer", "buys 9999 units: an order has 1 to 20"),
            (RecommendsTheInquiry, "buyer", "would_recommend for pitch: it belongs to the product"),
            (RefundsAll, "seller", "settlement that the market forbids: refund of 10 units"),
        ],
    ),
)
def test_values_that_the_market_would_refuse_are_named(
    agent: type[Agent], role: Role, said: str
) -> None:
    assert said in failures(agent, role)["values"]


class Scribbles(Good):
    async def decide(self, request: Decide) -> Decision:
        request.offer.product.details["seen"] = "yes"
        return await super().decide(request)


def test_changing_a_request_is_named_once_and_does_not_spoil_the_other_checks() -> None:
    found = failures(Scribbles)
    assert list(found) == ["arguments"]
    assert "changed what it was given" in found["arguments"]


class Formats(Good):
    async def ask(self, request: AskSeller) -> str | None:
        return request.offer.product.title.format()


def test_text_that_is_taken_for_a_command_is_named() -> None:
    found = failures(Formats)
    assert list(found) == ["hostile text"]
    assert "AskSeller about a product full of hostile text: raised" in found["hostile text"]


class Draws(Good):
    async def ask(self, request: AskSeller) -> str | None:
        return f"Why {random.random()}?"


class Names(Good):
    async def ask(self, request: AskSeller) -> str | None:
        return f"I am {uuid.uuid4()}."


class ReadsTheDate(Good):
    async def ask(self, request: AskSeller) -> str | None:
        return f"Is it {datetime.now().year}?"


class ReadsTheTime(Good):
    async def ask(self, request: AskSeller) -> str | None:
        return f"Is it {now() // 10**6}?"


@pytest.mark.parametrize(
    ("agent", "name", "said"),
    [
        (Draws, "global random", 'draw from self.stream(request, "what for") instead'),
        (Names, "determinism", "keep notes in self.memory(request)"),
        (ReadsTheDate, "clock", "take the date from request.offer.date"),
        (ReadsTheTime, "clock", "take the date from request.offer.date"),
    ],
)
def test_what_makes_a_run_unrepeatable_is_named(agent: type[Agent], name: str, said: str) -> None:
    found = failures(agent)
    assert list(found) == [name]
    assert found[name].startswith("AskSeller about a product with a full sheet was answered ")
    assert said in found[name]


def test_the_global_generator_and_the_clocks_are_left_as_they_were() -> None:
    state, clock = random.getstate(), time.time
    check(Draws, "buyer")
    check(ReadsTheTime, "buyer")
    assert random.getstate() == state
    assert (time.time, now) == (clock, clock)


class Counts(Good):
    asked = 0

    async def ask(self, request: AskSeller) -> str | None:
        self.asked += 1
        return f"My question number {self.asked}?"


class CountsApart(Good):
    async def ask(self, request: AskSeller) -> str | None:
        notes = self.memory(request)
        notes["asked"] = notes.get("asked", 0) + 1
        return f"My question number {notes['asked']}?"


@pytest.mark.slow
def test_notes_that_leak_between_episodes_are_named() -> None:
    found = failures(Counts)
    assert list(found) == ["episodes apart"]
    assert "keep notes in self.memory(request), not on the agent" in found["episodes apart"]
    assert failures(CountsApart) == {}


class AsksOutside(Good):
    waits = True
    calls = 0

    async def ask(self, request: AskSeller) -> str | None:
        return await self.outside(request, f"ask {request.turn}", self._oracle)

    async def _oracle(self) -> str:
        type(self).calls += 1
        await anyio.lowlevel.checkpoint()
        return f"Answer {self.calls}?"


class WaitsElsewhere(Good):
    waits = True

    async def ask(self, request: AskSeller) -> str | None:
        await anyio.lowlevel.checkpoint()
        return None


class SharesItsTurn(AsksOutside):
    last: str | None = None

    async def ask(self, request: AskSeller) -> str | None:
        self.last = request.episode
        await self.outside(request, f"ask {request.turn}", self._oracle)
        return f"I ask in {self.last}."


def test_an_agent_that_waits_asks_the_outside_world_once_and_is_then_answered_from_notes() -> None:
    assert failures(AsksOutside) == {}
    episodes = {f"SAMPLE-{x}" for x in ("RICH/0", "PLAIN/0", "POOR/0", "HOSTILE/2", "RICH/1", "/3")}
    assert AsksOutside.calls == 3 * len(episodes)


def test_waiting_past_the_door_is_named() -> None:
    said = failures(WaitsElsewhere)["outside"]
    assert "waited for something other than self.outside(...)" in said
    assert "the answer is not recorded" in said


def test_notes_that_leak_between_concurrent_episodes_are_named() -> None:
    assert list(failures(SharesItsTurn)) == ["side by side"]


class Bare(Agent):
    """A buyer from scratch."""

    async def receive(self, message: AgentRequest) -> Any:
        match message:
            case ChooseTopics():
                return Topics(topics=("shipping",), reason="hurry")
            case Decide():
                return self.decision()
            case AskSeller() | Complain():
                return None
            case WriteReview():
                return self.review()

    def decision(self) -> Any:
        return Decision(
            will_purchase=True,
            quantity=1,
            quantity_reason="one",
            sentiment="Positive",
            reason="Nice.",
        )

    def review(self) -> Any:
        return Review(rating=5, text="Nice.")


class Silent(Bare):
    def review(self) -> None:
        return None


class Misspoken(Bare):
    def decision(self) -> Any:
        return MessageSent(stage="pre_inquiry", role="buyer", turn=1, text="I take it!")


class Writes(Bare):
    """Returns what agents once returned."""

    def decision(self) -> Any:
        return [DecisionMade(**msgspec.structs.asdict(super().decision()))]


def test_a_bare_agent_passes_if_it_returns_what_each_request_asks_for() -> None:
    assert failures(Bare) == {}


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (Silent, "answered WriteReview with None instead of Review"),
        (Misspoken, "answered Decide with MessageSent instead of Decision: return the value"),
        (Writes, "answered Decide with DecisionMade instead of Decision: return the value"),
    ],
)
def test_a_bare_agent_is_checked_by_the_values_it_returns(agent: type[Agent], said: str) -> None:
    found = failures(agent)
    assert list(found) == ["replies", "hostile text"]
    assert said in found["replies"]


def test_the_result_is_one_line_a_check() -> None:
    findings = [Finding("replies", True, "good"), Finding("hostile text", False, "bad; do this")]
    assert render(findings).splitlines() == [
        "ok    replies       good",
        "FAIL  hostile text  bad; do this",
        "1 of 2 checks passed",
    ]


def test_what_was_not_checked_counts_neither_as_passed_nor_as_failed() -> None:
    findings = [Finding("replies", False, "bad"), not_checked("values", "there was no answer")]
    assert render(findings).splitlines() == [
        "FAIL  replies  bad",
        "skip  values   not checked: there was no answer",
        "0 of 1 checks passed, 1 not checked",
    ]


AGENTS = '''
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Steady(BehavioralBuyer):
    """As the one it comes from."""

class Shuffled(BehavioralBuyer):
    async def ask(self, request):
        return " ".join({"is", "it", "any", "good", "at", "all"})
'''


@pytest.mark.slow
def test_answers_that_depend_on_the_hash_seed_are_found_by_two_processes(tmp_path: Path) -> None:
    (tmp_path / "my_agents.py").write_text(AGENTS)
    role, findings = check_by_name("my_agents:Steady", tmp_path)
    assert role == "buyer"
    assert all(finding.passed for finding in findings), render(findings)
    assert findings[-1].name == "hash seed"
    _, findings = check_by_name("my_agents:Shuffled", tmp_path)
    assert not findings[-1].passed
    assert findings[-1].message == (
        "AskSeller about a product with a full sheet was answered differently in another"
        " process; sort sets before use"
    )


def test_checking_by_name_finds_the_role_and_refuses_what_it_cannot_find(tmp_path: Path) -> None:
    (tmp_path / "my_agents.py").write_text(AGENTS + "\n    def __init__(self, seat): raise OSError")
    role, findings = check_by_name("my_agents:Shuffled", tmp_path)
    assert (role, findings[0].name, findings[0].passed) == ("buyer", "construction", False)
    with pytest.raises(UnknownAgent):
        check_by_name("nobody", tmp_path)
