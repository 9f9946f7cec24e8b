"""The seat of a person: each request is a question on the desk, each answer recorded first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any, ClassVar

import msgspec

from retailsim.agents.base import Agent, Seat
from retailsim.agents.errors import UnexpectedRequest
from retailsim.agents.person.desk import Question, Silence
from retailsim.agents.person.errors import BadAnswer, PersonGone
from retailsim.agents.person.form import Fields, filled
from retailsim.agents.person.options import Absence, person_options
from retailsim.agents.person.recorded import Recorded, read_recorded
from retailsim.agents.person.side import Step, seen_by, side_of, step_of
from retailsim.agents.person.stand_in import StandIn
from retailsim.agents.wire.format import asked_fields
from retailsim.events.errors import LeftToResume
from retailsim.market.core.admission import Admission, ReplyRefused, admitted
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import Protocol, rules_of


class PersonAgent(Agent):
    """Puts each request on the desk, and returns what the person answers there.

    Parameters
    ----------
    seat : Seat
        Its options are those of `agents.person.options.PersonOptions`.

    Raises
    ------
    BadOption
        If they cannot work.

    Attributes
    ----------
    protocol : Protocol
        What it is asked by.
    """

    waits = True
    protocol: ClassVar[Protocol]

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._side = side_of(self.protocol)
        self._options = person_options(
            self.source, seat.options, self.protocol, self._side, seat.role
        )
        self._asked: list[AgentRequest] = []
        self._gone: Absence | None = None
        self._stand_in: StandIn | None = None
        if self._options.when_gone == "hand over":
            self._stand_in = StandIn(self.protocol, seat, self._options.stand_in)

    async def receive(self, message: AgentRequest) -> Any:
        """Ask the person and return the value that was answered.

        Raises
        ------
        PersonGone
            If nobody answered, and nobody goes on here.
        """
        kind = type(message)
        rule = rules_of(self.protocol).admissions.get(kind)
        if rule is None:
            raise UnexpectedRequest(self.source, kind.__name__)
        step = step_of(self.protocol, self._side, kind, self.seat.role)
        self._asked.append(message)
        recorded = await self._recorded(message, step, rule)
        if isinstance(recorded.answer, msgspec.Raw):
            return msgspec.json.decode(recorded.answer, type=rule.answer)
        self._gone = recorded.gone
        return await self._without(message, step, recorded)

    async def _without(self, request: AgentRequest, step: Step, recorded: Recorded) -> Any:
        """Return what is answered for a person who is gone."""
        if recorded.gone == "leave" and step.leave is not None:
            return step.leave(request)
        if recorded.gone == "hand over" and self._stand_in is not None:
            return await self._stand_in.answer(self._asked)
        raise PersonGone(self.source, recorded.after_s)

    async def _recorded(self, request: AgentRequest, step: Step, rule: Admission) -> Recorded:
        """Return what is recorded of this step, or ask and record it; the deadline is our own."""
        number = len(self._asked) - 1
        fields = asked_fields(request)
        body = msgspec.json.encode([self.protocol.name, self.source, number, fields])
        key = f"{type(request).__name__} {sha256(body).hexdigest()}"
        id_ = sha256(f"{request.market}/{self.source}/{key}".encode()).hexdigest()[:16]
        desk, calls = self.seat.desk, list[str]()  # none where the answer was there already
        call = partial(self._call, request, step, rule, id_, calls)
        try:
            text = await self.outside(request, key, call, math.inf)
        except LeftToResume as error:
            if desk is None:
                raise
            await desk.leave(error)
        recorded = read_recorded(text)
        if desk is not None:
            desk.kept(id_)
            if not calls and isinstance(recorded.answer, msgspec.Raw):
                question = self._question(request, step, id_)
                desk.recall(question, msgspec.json.decode(recorded.answer))
        return recorded

    async def _call(
        self, request: AgentRequest, step: Step, rule: Admission, id_: str, calls: list[str]
    ) -> str:
        """Wait for the person; who is gone is waited for no more."""
        calls.append(id_)
        if self._gone is not None:
            return Recorded(gone=self._absent(step, self._gone)).text()
        if self.seat.desk is None:
            raise PersonGone(self.source, None)
        question = self._question(request, step, id_)
        read = partial(self._read, request, step, rule, question.fields)
        said: Recorded | Silence = await self.seat.desk.ask(question, read)
        if isinstance(said, Silence):
            gone = self._absent(step, self._options.when_gone)
            said = Recorded(gone=gone, after_s=said.after_s)
        return said.text()

    def _question(self, request: AgentRequest, step: Step, id_: str) -> Question:
        return Question(
            id=id_,
            seat=self.source,
            market=request.market,
            episode=request.episode,
            stage=request.stage,
            request=type(request).__name__,
            number=len(self._asked) - 1,
            asks=step.asks(request),
            seen=seen_by(self._side, request, self.seat.role),
            fields=step.fields(request),
            time_us=request.t,
            deadline_s=self._options.seconds(request.stage, step),
            when_gone=self._absent(step, self._options.when_gone),
        )

    def _absent(self, step: Step, wished: Absence) -> Absence:
        """Return what comes of an absence at this step: where nobody can leave, it fails."""
        return "fail" if wished == "leave" and step.leave is None else wished

    def _read(
        self, request: AgentRequest, step: Step, rule: Admission, fields: Fields, given: object
    ) -> bytes:
        """Return what was filled in as the value that the market takes, as JSON.

        Raises
        ------
        BadAnswer
            If the market would not take it.
        """
        found: Mapping[str, Any] = filled(fields, given)
        try:
            value = admitted(self.source, request, step.value(request, found), rule)
        except ReplyRefused as error:
            raise BadAnswer(f"This cannot be taken: {error.problem}.") from None
        for problem in self._side.problems(request, value):
            raise BadAnswer(f"The market would not take this: it {problem}.")
        return msgspec.json.encode(value)


def person_agent(protocol: Protocol) -> type[PersonAgent]:
    """Return the class of the people who are asked by a protocol."""
    return type(
        "PersonAgent", (PersonAgent,), {"protocol": protocol, "__doc__": PersonAgent.__doc__}
    )
