"""One conversation with a model: what is stable first, then tasks and answers in turn.

Every call repeats the one before it and adds to it, so providers can serve the common beginning
from their caches. An answer that cannot be read is shown to the model with what is wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.decode import Check, Malformed, decode_reply, kind_seen, only_thought
from retailsim.agents.llm.talk.reply import Case, Envelope, Reply
from retailsim.agents.llm.talk.shape import bounded, in_case, portable, single
from retailsim.agents.llm.types import Call, Say
from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import ModelCalled

R = TypeVar("R", bound=Reply)

Ask = Callable[[Call], Awaitable[ModelCalled]]

THIN = "thin"
"""Why a call is made that asks again for a reply that could have been used."""
REASKS_IN_ALL = 2
"""How often as many answers are asked for again in a whole conversation as for one task."""


@cache
def shape_of(envelope: type[Envelope]) -> dict[str, Any]:
    """Return the portable schema of a conversation's answers."""
    return portable(envelope)


@cache
def shapes_of(kind: type[Reply]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of one kind of answer, portable and with its bounds."""
    return single(kind), bounded(kind)


class ModelChat:
    """A growing list of messages with one system text.

    Parameters
    ----------
    role : str
        Whose rules these are: "seller", "buyer" or "reader".
    envelope : type
        The replies that can be asked for; it gives the schema of all calls.
    context : str
        What comes before all tasks: persona, offer, what was seen.
    in_prompt : bool
        Whether the schema has to be described, because the model does not enforce it.
    rules : str or None
        The prompt that holds always; None: that of the role in the retail protocol.
    """

    def __init__(
        self,
        role: str,
        envelope: type[Envelope],
        context: str,
        *,
        in_prompt: bool = False,
        rules: str | None = None,
    ) -> None:
        self._role = role
        self._envelope = envelope
        # Who shares the beginning shares the cache: the same for all buyers of one broadcast.
        self._cache_key = f"retailsim-{sha256(context.encode()).hexdigest()[:12]}"
        self._system = templates.text(rules or f"{role}_rules")
        if in_prompt:
            schema = msgspec.json.encode(shape_of(envelope)).decode()
            self._system += templates.text("shapes").replace("{schema}", schema)
        self._says: list[Say] = [Say("user", context)]
        self._reasked = 0

    def add(self, role: str, text: str) -> None:
        """Append a message; two of one side become one."""
        last = self._says[-1]
        if last.role == role:
            self._says[-1] = Say(last.role, f"{last.text}\n\n{text}")
        else:
            self._says.append(Say(role, text))  # type: ignore[arg-type]

    def restate(self, reply: Reply) -> None:
        """Put `reply` in the place of the last answer: what it left out is not remembered."""
        said = msgspec.json.encode({"reply": reply}).decode()
        self._says[-1] = Say("assistant", said)

    async def ask(
        self,
        task: str,
        kind: type[R],
        ask: Ask,
        *,
        max_output_tokens: int,
        reasks: int,
        accepted: Callable[[ModelCalled], None] | None = None,
        check: Check[R] | None = None,
        case: Case | None = None,
    ) -> R:
        """Give the model a task and return its reply.

        Parameters
        ----------
        accepted : callable or None
            Told of the answer that could be used.
        check : callable or None
            Says what this task asked for and the reply has not, or None.
        case : mapping or None
            What of this can be told a server that keeps to a grammar, as in `Reply.cases`.

        Raises
        ------
        UnusableOutput
            With what it said last: a refusal, or nothing usable after `reasks` more attempts.
        """
        self.add("user", task)
        again, spare = "", None
        for left in range(reasks, -1, -1):
            record = await ask(self._call(kind, max_output_tokens, again, case))
            self.add("assistant", record.answer or "(nothing)")
            may_ask = left > 0 and self._reasked < REASKS_IN_ALL * reasks
            try:
                reply = self._read(record, kind, check)
            except Malformed as error:
                problem, again = str(error), "malformed"
                may_ask = may_ask and record.finish != "refusal"
            else:
                thin = None if spare else reply.thin()
                if thin is None or not may_ask:
                    if accepted is not None:
                        accepted(record)
                    return reply
                problem, again, spare = thin, THIN, reply
            if not may_ask and spare is not None:
                self.restate(spare)  # it is all there is, and it can be used
                return spare
            if not may_ask:
                raise UnusableOutput(_reason(record, problem), record.answer)
            self._reasked += 1
            self.add("user", _complaint(record.finish, problem, kind))
        raise AssertionError("the loop ends by an answer or an error")

    def _read(self, record: ModelCalled, kind: type[R], check: Check[R] | None) -> R:
        if record.finish == "refusal":
            raise Malformed("refusal: the model declined to answer")
        try:
            return decode_reply(record.answer, kind, self._envelope, check)
        except Malformed as error:
            raise Malformed(_problem(record, kind, error)) from None

    def _call(
        self, kind: type[Reply], max_output_tokens: int, again: str, case: Case | None
    ) -> Call:
        alone, limited = shapes_of(kind)
        if case is not None:
            limited = in_case(limited, case)
        return Call(
            again=again,
            single=alone,
            bounded=limited,
            system=self._system,
            says=tuple(self._says),
            shape=shape_of(self._envelope),
            shape_name=f"{self._role}_reply",
            max_output_tokens=max_output_tokens,
            cache_key=self._cache_key,
        )


def _problem(record: ModelCalled, kind: type[Reply], error: Malformed) -> str:
    """Say what is wrong with an answer, first of all if it is of a kind that nobody asked for."""
    seen = kind_seen(record.answer)
    other = f'the reply has kind "{seen}", "{kind.tag()}" was asked for'
    told = [other] if seen not in (None, kind.tag()) else []
    if record.finish == "length":
        before = " before it began" if only_thought(record.answer) else ""
        told = [f"cut off at the length limit{before}", *told]
    if record.finish == "thoughts":
        told = ["it held thoughts and no answer"]
    return "; ".join(told) or str(error)


def _reason(record: ModelCalled, problem: str) -> str:
    """Return the problem with what a person can do about it, which is no business of the model."""
    if record.finish == "thoughts":
        return f"{problem}: have the server put answers into the content, or turn thinking off"
    if record.finish == "length" and only_thought(record.answer):
        return f"{problem}: raise thinking_tokens in [models.{record.model}], or lower its effort"
    return problem


def _complaint(finish: str, problem: str, kind: type[Reply]) -> str:
    name = "reask_length" if finish == "length" else "reask"
    shown = templates.fenced("PROBLEM", problem)
    return templates.text(name).format(problem=shown, kind=kind.tag())
