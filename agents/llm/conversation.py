"""One conversation with a model: what is stable first, then tasks and answers in turn.

Every call repeats the one before it and adds to it, so providers can serve the common beginning
from their caches. An answer that cannot be read is shown to the model with what is wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from agents.llm import prompting
from agents.llm.decode import Malformed, decode_reply
from agents.llm.replies import BuyerEnvelope, Envelope, Reply, SellerEnvelope
from agents.llm.shape import portable
from agents.llm.types import Call, Say
from events.errors import UnusableOutput
from events.messages import ModelCalled, Role

R = TypeVar("R", bound=Reply)

Ask = Callable[[Call], Awaitable[ModelCalled]]

_ENVELOPES: Mapping[Role, type[Envelope]] = {"seller": SellerEnvelope, "buyer": BuyerEnvelope}
_SHAPES: Mapping[Role, dict[str, Any]] = {
    role: portable(envelope) for role, envelope in _ENVELOPES.items()
}


class Conversation:
    """A growing list of messages with one system text.

    Parameters
    ----------
    role : {"seller", "buyer"}
        Chooses rules and schema.
    context : str
        What comes before all tasks: persona, offer, what was seen.
    in_prompt : bool
        Whether the schema has to be described, because the model does not enforce it.
    """

    def __init__(self, role: Role, context: str, *, in_prompt: bool = False) -> None:
        self._role = role
        self._system = prompting.text(f"{role}_rules")
        if in_prompt:
            schema = msgspec.json.encode(_SHAPES[role]).decode()
            self._system += prompting.text("shapes").replace("{schema}", schema)
        self._says: list[Say] = [Say("user", context)]

    def add(self, role: str, text: str) -> None:
        """Append a message; two of one side become one."""
        last = self._says[-1]
        if last.role == role:
            self._says[-1] = Say(last.role, f"{last.text}\n\n{text}")
        else:
            self._says.append(Say(role, text))  # type: ignore[arg-type]

    async def ask(
        self, task: str, kind: type[R], ask: Ask, *, max_output_tokens: int, reasks: int
    ) -> R:
        """Give the model a task and return its reply.

        Raises
        ------
        UnusableOutput
            With what it said last: a refusal, or nothing usable after `reasks` more attempts.
        """
        self.add("user", task)
        for left in range(reasks, -1, -1):
            record = await ask(self._call(max_output_tokens))
            self.add("assistant", record.answer or "(nothing)")
            if record.finish == "refusal":
                raise UnusableOutput("refusal: the model declined to answer", record.answer)
            problem = "cut off at the length limit" if record.finish == "length" else ""
            try:
                return decode_reply(record.answer, kind, _ENVELOPES[self._role])
            except Malformed as error:
                problem = problem or str(error)
            if not left:
                raise UnusableOutput(problem, record.answer)
            self.add("user", _complaint(record.finish, problem))
        raise AssertionError("the loop ends by an answer or an error")

    def _call(self, max_output_tokens: int) -> Call:
        return Call(
            system=self._system,
            says=tuple(self._says),
            shape=_SHAPES[self._role],
            shape_name=f"{self._role}_reply",
            max_output_tokens=max_output_tokens,
            cache_key=f"retailsim-{self._role}",
        )


def _complaint(finish: str, problem: str) -> str:
    if finish == "length":
        return prompting.text("reask_length")
    return prompting.text("reask").format(problem=prompting.fenced("PROBLEM", problem))
