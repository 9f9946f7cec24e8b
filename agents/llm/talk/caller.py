"""Calling a model from within a market: recorded answers first, the log before the agent.

A provider that is down, a key that is refused or a budget that is used up is not an agent's
failure: the market is left unfinished, the run stops, and a resume goes on from the records.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Protocol

import msgspec

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.errors import (
    ModelRefusedRequest,
    NoKey,
    ProviderDown,
    ProviderStopped,
)
from retailsim.agents.llm.gateway.answer_cache import (
    AnswerCache,
    CacheMiss,
    CacheUnusable,
    Question,
)
from retailsim.agents.llm.gateway.budget import Budget, BudgetSpent
from retailsim.agents.llm.gateway.call import Keep
from retailsim.agents.llm.provider.price import Pricing
from retailsim.agents.llm.talk.templates import version
from retailsim.agents.llm.types import Call, ModelAnswer, Usage
from retailsim.events.errors import OutsideDiverged, OutsideMissing
from retailsim.events.messages import AnsweredBy, LoggedRecord, ModelCalled, OutsideAnswered
from retailsim.events.outside import Door
from retailsim.market.core.request import AgentRequest


class ModelSource(Protocol):
    """The gateway, as far as a caller needs it."""

    async def ask(self, model_name: str, call: Call, *, keep: Keep) -> ModelAnswer:
        """Ask a model; await `keep` with what it says before another call takes its place."""
        ...


Digest = Callable[[Call], str]
Halt = Callable[[AgentsError], None]


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """The cache that runs share, as one model uses it.

    Parameters
    ----------
    question : callable
        ``(scope, call)`` -> what identifies the answer.
    keep : callable
        ``(question, answer)``: keeps it, whatever the file makes of that.
    """

    cache: AnswerCache
    question: Callable[[str, Call], Question]
    keep: Callable[[Question, ModelAnswer], None]


REFUSED = "refused:"
"""Begins the key of a recorded refusal of one request; the request's digest follows."""
LONGEST_NAME = 120
"""Most that is kept of what a provider calls itself and its model, in characters."""


class _Asked(msgspec.Struct, frozen=True):
    """One call that is not recorded yet: who asks, for what, for the how manieth time."""

    request: AgentRequest
    source: str
    number: int
    task: str
    role: str
    digest: str


HALTING = (ProviderDown, ProviderStopped, NoKey, BudgetSpent, CacheMiss, CacheUnusable)
"""Errors that stop the run and end no episode."""


class Caller:
    """Calls one model for one market.

    Parameters
    ----------
    name : str
        The model's table.
    door : Door
        The market's.
    models : ModelSource or None
        None: only what is recorded may be asked, as when verifying.
    digest : callable
        SHA-256 of the request that a call becomes.
    pricing : callable
        Usage -> nanodollars, or None.
    room : int
        Tokens that the model may think beside its answer.
    budget : Budget
    halt : callable
        Told why the run has to stop, before the market is left.
    shared : Shared or None
        The cache that runs share, if there is one.
    """

    def __init__(
        self,
        name: str,
        door: Door,
        models: ModelSource | None,
        *,
        digest: Digest,
        pricing: Pricing,
        room: int,
        budget: Budget,
        halt: Halt,
        shared: Shared | None = None,
    ) -> None:
        self._name = name
        self._door = door
        self._models = models
        self._digest = digest
        self._pricing = pricing
        self._room = room
        self._budget = budget
        self._halt = halt
        self._shared = shared
        self._asked: dict[tuple[str | None, str, int], tuple[Question, ModelAnswer]] = {}

    async def ask(
        self, request: AgentRequest, source: str, *, task: str, role: str, call: Call
    ) -> ModelCalled:
        """Return the recorded answer to `call`, or make it and record its answer.

        Raises
        ------
        OutsideDiverged
            Something else is recorded for this call.
        OutsideMissing
            Nothing is recorded, and nothing new may be asked.
        ModelRefusedRequest
            The provider refuses this one request, now or when it was recorded.
        """
        number = self._door.number(request.episode, source)
        call = msgspec.structs.replace(call, stage=request.stage)
        digest = self._digest(call)
        record = self._door.recorded(request.episode, source, number)
        if record is None:
            asked = _Asked(request, source, number, task, role, digest)
            return await self._new(asked, call)
        if isinstance(record, ModelCalled) and record.request_sha256 == digest:
            return record
        if isinstance(record, OutsideAnswered) and record.key == REFUSED + digest:
            status, _, detail = (record.error or "").partition(" ")
            raise ModelRefusedRequest(self._name, int(status), detail)
        was = record.request_sha256 if isinstance(record, ModelCalled) else record.key
        raise self._door.diverge(OutsideDiverged(source, number, was, digest))

    async def _new(self, asked: _Asked, call: Call) -> ModelCalled:
        if self._models is None:
            raise self._door.diverge(OutsideMissing(asked.source, asked.request.stage))
        try:
            async with self._door.asking():
                question, kept = self._look_up(asked, call)
                if kept is not None:
                    record = msgspec.structs.replace(
                        self._record(asked, kept, call.again), saved=True
                    )
                    await self._door.write(record)
                    return record
                return await self._paid(self._models, asked, call, question)
        except HALTING as error:
            self._halt(error)
        async with self._door.asking():  # the run is stopping: this never gets in
            raise AssertionError("a halted run goes on")

    def _look_up(self, asked: _Asked, call: Call) -> tuple[Question | None, ModelAnswer | None]:
        """Return what the shared cache would call this call, and the answer it keeps."""
        if self._shared is None:
            return None, None
        # By the task, as ever: a stage in its place would lose what is kept already.
        about = asked.request.episode or asked.request.market
        scope = f"{about} {asked.source} {asked.task} {asked.number}"
        question = self._shared.question(scope, call)
        return question, self._shared.cache.find(question)

    def accepted(self, record: ModelCalled) -> None:
        """Keep an answer that could be used, if it was asked for now."""
        found = self._asked.pop((record.episode, record.source, record.call), None)
        if found is None or self._shared is None or record.finish != "stop":
            return
        question, answer = found
        priced = msgspec.structs.replace(answer, cost_nanousd=record.cost_nanousd)
        self._shared.keep(question, priced)

    async def _paid(
        self, models: ModelSource, asked: _Asked, call: Call, question: Question | None
    ) -> ModelCalled:
        """Make the call, and record its answer before another call may take its place."""
        records: list[ModelCalled] = []

        async def keep(answer: ModelAnswer | ModelRefusedRequest) -> None:
            if isinstance(answer, ModelRefusedRequest):
                await self._door.write(_refused(asked, answer))
                return
            records.append(self._record(asked, answer, call.again))
            if question is not None:
                key = (asked.request.episode, asked.source, asked.number)
                self._asked[key] = (question, answer)
            await self._door.write(records[0])

        bound = 0
        if self._budget.limit is not None:
            bound = self._pricing(bound_of(call, self._room)) or 0
        self._budget.hold(bound)
        cost = 0
        try:
            await models.ask(self._name, call, keep=keep)
            return records[0]
        finally:
            if records:  # paid, even where it could not be kept
                cost = records[0].cost_nanousd or 0
            self._budget.settle(asked.request.market, bound, cost)

    def _cost(self, answer: ModelAnswer) -> int | None:
        if answer.cost_nanousd is not None:
            return answer.cost_nanousd
        return self._pricing(answer.usage)

    def _record(self, asked: _Asked, answer: ModelAnswer, again: str) -> ModelCalled:
        usage, request = answer.usage, asked.request
        return ModelCalled(
            market=request.market,
            episode=request.episode,
            t=request.t,
            source=asked.source,
            call=asked.number,
            stage=request.stage,
            role=asked.role,
            model=self._name,
            prompt_version=version(),
            request_sha256=asked.digest,
            answer=answer.text,
            finish=answer.finish,
            input_tokens=usage.input,
            cached_tokens=usage.cached,
            output_tokens=usage.output,
            reasoning_tokens=usage.reasoning,
            cost_nanousd=self._cost(answer),
            task=asked.task,
            answered_by=answered_by(answer),
            estimated=usage.estimated,
            again=again or None,
        )


def _refused(asked: _Asked, error: ModelRefusedRequest) -> LoggedRecord:
    """Return what the log keeps of a refused request, so that it is refused again on replay."""
    told = f"{error.status} {error.detail}"
    return OutsideAnswered(
        market=asked.request.market,
        episode=asked.request.episode,
        t=asked.request.t,
        source=asked.source,
        call=asked.number,
        key=REFUSED + asked.digest,
        digest=sha256(told.encode()).hexdigest(),
        error=told,
    )


def answered_by(answer: ModelAnswer) -> AnsweredBy | None:
    """Return who answered, as far as the provider tells; None if it tells nothing."""
    told = AnsweredBy(
        model=answer.model[:LONGEST_NAME] or None,
        fingerprint=answer.fingerprint[:LONGEST_NAME] or None,
        upstream=answer.upstream[:LONGEST_NAME] or None,
    )
    return None if told == AnsweredBy() else told


def bound_of(call: Call, room: int) -> Usage:
    """Return more tokens than a call can use: a token has at least one byte.

    Parameters
    ----------
    room : int
        Tokens that the model may think, beside those of the answer.
    """
    texts = [call.system, *(say.text for say in call.says)]
    shape = max(len(repr(one)) for one in (call.shape, call.single, call.bounded))
    return Usage(
        input=shape + sum(len(text.encode()) for text in texts),
        output=call.max_output_tokens + room,
    )
