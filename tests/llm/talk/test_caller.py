"""One market's way to its model: held before it is paid, recorded before used, never twice."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.errors import ModelRefusedRequest, ProviderDown
from retailsim.agents.llm.gateway.budget import Budget, BudgetSpent
from retailsim.agents.llm.gateway.call import Keep
from retailsim.agents.llm.talk.caller import Caller, bound_of
from retailsim.agents.llm.types import Call, ModelAnswer, Say, Usage
from retailsim.events.errors import OutsideDiverged, OutsideMissing
from retailsim.events.messages import LoggedRecord, ModelCalled, OutsideAnswered
from retailsim.events.outside import Door
from retailsim.market.core.request import AgentRequest
from tests.market.players import play

CALL = Call(
    system="be brief",
    says=(Say("user", "hello"),),
    shape={},
    shape_name="x",
    max_output_tokens=100,
)
ROOM = 50
BOUND = bound_of(CALL, ROOM)
ANSWER = ModelAnswer(text="yes", finish="stop", usage=Usage(input=10, output=2))
REQUEST: AgentRequest = play().requests[-1]
"""A request with an episode; which one makes no difference here."""


class Written:
    """A log in memory."""

    def __init__(self) -> None:
        self.records: list[LoggedRecord] = []

    async def append_durable(self, lines: bytes, count: int) -> None:
        self.append(lines, count)

    def append(self, lines: bytes, count: int) -> None:
        self.records.append(msgspec.json.decode(lines, type=LoggedRecord))


class Stopping:
    """A gate that the halt closes: who comes then waits for ever."""

    def __init__(self) -> None:
        self.closed = False

    async def enter(self) -> None:
        if self.closed:
            raise asyncio.CancelledError

    def leave(self) -> None:
        """Nothing to count here."""


class Run:
    """A caller with everything that it needs; tokens cost a nanodollar each."""

    def __init__(
        self,
        *recorded: LoggedRecord,
        limit: int | None = None,
        error: Exception | None = None,
        offline: bool = False,
    ) -> None:
        self.asked: list[Call] = []
        self.held: list[int] = []
        self.kept: list[int] = []
        self.halted: list[AgentsError] = []
        self.log, self.gate, self.budget = Written(), Stopping(), Budget(limit)
        self._error = error
        self.door = Door(recorded, self.log, self.gate)
        self.caller = Caller(
            "llama",
            self.door,
            None if offline else self,
            digest=lambda call: f"digest of {call.says[-1].text}",
            pricing=lambda usage: usage.input + usage.output,
            room=ROOM,
            budget=self.budget,
            halt=self._halt,
        )

    def _halt(self, error: AgentsError) -> None:
        self.halted.append(error)
        self.gate.closed = True

    async def ask(self, model_name: str, call: Call, *, keep: Keep) -> ModelAnswer:
        assert model_name == "llama"
        self.asked.append(call)
        self.held.append((self.budget.limit or 0) - self._free())
        if isinstance(self._error, ModelRefusedRequest):
            await keep(self._error)
        if self._error is not None:
            raise self._error
        await keep(ANSWER)
        self.kept.append(len(self.log.records))
        return ANSWER

    def _free(self) -> int:
        """What could still be held while this call is under way."""
        if self.budget.limit is None:
            return 0
        low, high = 0, self.budget.limit + 1
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self.budget.hold(middle)
            except BudgetSpent:
                high = middle
            else:
                self.budget.settle("", middle, 0)
                low = middle
        return low

    def answer(self) -> ModelCalled:
        return asyncio.run(
            self.caller.ask(REQUEST, "buyer:ann", task="decision", role="buyer", call=CALL)
        )


def recorded(**changes: Any) -> ModelCalled:
    fields: dict[str, Any] = {
        "market": REQUEST.market, "episode": REQUEST.episode, "t": REQUEST.t,
        "source": "buyer:ann", "call": 0, "stage": "decision", "role": "buyer", "model": "llama",
        "prompt_version": "", "request_sha256": "digest of hello", "answer": "kept",
        "finish": "stop", "input_tokens": 1, "cached_tokens": 0, "output_tokens": 1,
        "reasoning_tokens": 0, "cost_nanousd": 2, **changes,
    }  # fmt: skip
    return ModelCalled(**fields)


def test_a_new_answer_is_paid_recorded_and_given() -> None:
    run = Run()
    record = run.answer()
    assert run.log.records == [record]
    assert run.kept == [1], "it is in the log before its place is free"
    assert (record.answer, record.finish, record.saved) == ("yes", "stop", False)
    assert (record.input_tokens, record.output_tokens, record.cost_nanousd) == (10, 2, 12)
    assert (record.market, record.episode, record.call) == (REQUEST.market, REQUEST.episode, 0)
    assert record.request_sha256 == "digest of hello"
    assert run.budget.spent == 12


def test_a_call_holds_its_upper_bound_while_it_is_under_way_and_then_pays_what_it_cost() -> None:
    most = BOUND.input + BOUND.output
    run = Run(limit=10 * most)
    run.answer()
    assert run.held == [most]
    assert run.budget.spent == 12
    run.budget.hold(10 * most - 12)


def test_a_call_that_could_pass_the_budget_is_not_made_and_stops_the_run() -> None:
    run = Run(limit=BOUND.input + BOUND.output - 1)
    with pytest.raises(asyncio.CancelledError):
        run.answer()
    assert not run.asked
    assert not run.log.records
    assert [type(error) for error in run.halted] == [BudgetSpent]


def test_a_provider_that_is_down_stops_the_run_and_costs_nothing() -> None:
    down = ProviderDown("llama", 3, 1.0, "no answer")
    run = Run(limit=10**6, error=down)
    with pytest.raises(asyncio.CancelledError):
        run.answer()
    assert run.halted == [down]
    assert (run.budget.spent, run.log.records) == (0, [])
    run.budget.hold(10**6)


def test_a_refused_request_is_recorded_and_refused_alike_when_played_again() -> None:
    run = Run(error=ModelRefusedRequest("llama", 400, "schema is too deep"))
    with pytest.raises(ModelRefusedRequest) as first:
        run.answer()
    [record] = run.log.records
    assert isinstance(record, OutsideAnswered)
    assert not run.halted
    again = Run(record, offline=True)
    with pytest.raises(ModelRefusedRequest) as second:
        again.answer()
    assert str(second.value) == str(first.value)
    assert again.door.diverged is None


def test_a_recorded_refusal_of_another_request_is_a_divergence() -> None:
    run = Run(error=ModelRefusedRequest("llama", 400, "too deep"))
    with pytest.raises(ModelRefusedRequest):
        run.answer()
    [record] = run.log.records
    assert isinstance(record, OutsideAnswered)
    other = Run(msgspec.structs.replace(record, key=f"{record.key}, and more"), offline=True)
    with pytest.raises(OutsideDiverged):
        other.answer()


def test_what_is_recorded_is_given_without_asking() -> None:
    run = Run(recorded())
    assert run.answer().answer == "kept"
    assert not run.asked
    assert run.budget.spent == 0


OTHER = OutsideAnswered(
    market=REQUEST.market, episode=REQUEST.episode, t=0, source="buyer:ann", call=0, key="weather",
    digest="", answer="rain",
)  # fmt: skip


@pytest.mark.parametrize(
    ("record", "was"),
    [(recorded(request_sha256="digest of else"), "digest of else"), (OTHER, "weather")],
)
def test_a_question_that_is_not_the_recorded_one_is_a_divergence(
    record: LoggedRecord, was: str
) -> None:
    """The answer to another question must not be taken for one to this."""
    run = Run(record)
    with pytest.raises(
        OutsideDiverged, match=f"the log has '{was}', but 'digest of hello' was asked"
    ):
        run.answer()
    assert isinstance(run.door.diverged, OutsideDiverged)
    assert not run.asked


def test_offline_nothing_is_asked_that_is_not_recorded() -> None:
    run = Run(offline=True)
    with pytest.raises(OutsideMissing):
        run.answer()
    assert isinstance(run.door.diverged, OutsideMissing)
    assert Run(recorded(), offline=True).answer().answer == "kept"
