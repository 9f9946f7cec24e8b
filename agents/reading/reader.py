"""The reader of claims that asks a language model: a conversation of its own for each text."""

from __future__ import annotations

from retailsim.agents.base import ModelAccess
from retailsim.agents.errors import BadOption
from retailsim.agents.llm.talk import templates
from retailsim.agents.llm.talk.chat import ModelChat
from retailsim.agents.llm.talk.reply import Case
from retailsim.agents.llm.talk.templates import fenced
from retailsim.agents.reading.replies import MOST_CLAIMS, ReadingEnvelope, ReadingReply
from retailsim.market.claims.reading import READER, FoundClaim, ReadClaims, Reading
from retailsim.market.core.request import AgentRequest

ROLE = "reader"
"""What its calls are counted under."""
REASKS = 1
"""How often an answer that cannot be read is asked for again before the rules read instead."""


class ModelReader:
    """Reads texts for one market; it takes part in no episode and draws nothing.

    Parameters
    ----------
    name : str
        The model's table.
    model : ModelAccess or None
        None: no models are connected, so that every request fails and the rules read.
    """

    def __init__(self, name: str, model: ModelAccess | None) -> None:
        self.source = f"{READER}{name}"
        self._model = model

    async def receive(self, message: AgentRequest) -> Reading:
        """Return what the model finds in the sentences of a text.

        Raises
        ------
        UnusableOutput
            If its answer stays unreadable, or it declines.
        """
        if not isinstance(message, ReadClaims):
            raise TypeError(f"a reader is asked to read, not {type(message).__name__}")
        model = self._model
        if model is None:
            raise BadOption(self.source, "it has no language model to ask")
        chat = ModelChat(ROLE, ReadingEnvelope, material(message), in_prompt=model.in_prompt)
        reply = await chat.ask(
            templates.text("read_claims"),
            ReadingReply,
            lambda call: model.ask(
                message, self.source, task=ReadingReply.tag(), role=ROLE, call=call
            ),
            max_output_tokens=ReadingReply.most_tokens,
            reasks=REASKS,
            accepted=model.accepted,
            check=lambda reply: _out_of_range(reply, len(message.sentences)),
            case=_within(len(message.sentences)),
        )
        return reading(reply, message)


def material(request: ReadClaims) -> str:
    """Return what is read: the sheet, which all texts about it begin with, and the sentences."""
    numbered = (f"{number}. {_line(said)}" for number, said in enumerate(request.sentences, 1))
    return templates.paragraphs(
        [fenced("SHEET", request.sheet), fenced("SENTENCES", "\n".join(numbered))]
    )


def _line(said: str) -> str:
    return " ".join(said.split())


def _within(sentences: int) -> Case:
    """Return what `_out_of_range` lets pass, and no more claims than sentences."""
    # What a text may have at most stands in the reply itself.
    fewer = {"maxItems": min(sentences, MOST_CLAIMS)}
    return {"claims": fewer, "claims.sentence": {"maximum": max(sentences, 1)}}


def _out_of_range(reply: ReadingReply, sentences: int) -> str | None:
    beyond = [claim.sentence for claim in reply.claims if claim.sentence > sentences]
    return f"there is no sentence {beyond[0]}, the last is {sentences}" if beyond else None


def reading(reply: ReadingReply, request: ReadClaims) -> Reading:
    """Return a model's answer with the sentences themselves in the place of their numbers."""
    return Reading(
        claims=tuple(
            FoundClaim(
                sentence=request.sentences[claim.sentence - 1],
                kind=claim.kind,
                verdict=claim.verdict,
            )
            for claim in reply.claims
        )
    )
