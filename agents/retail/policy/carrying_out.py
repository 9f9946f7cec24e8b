"""Carrying out what was chosen, in the words of the behavioral seller."""

from __future__ import annotations

from retailsim.agents.base import Agent
from retailsim.agents.retail.behavioral.answer_writer import AnswerWriter
from retailsim.agents.retail.behavioral.concession import agreed, too_late
from retailsim.agents.retail.behavioral.draws import kept_bits, word
from retailsim.agents.retail.behavioral.support import support_text
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.behavioral.voice import voice_of
from retailsim.agents.retail.policy.actions import (
    ANSWERS,
    ASK,
    PITCHES,
    SETTLEMENTS,
    Manner,
)
from retailsim.agents.retail.policy.pitch import styled_pitch
from retailsim.events.messages import Outcome
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    GiveSupport,
    PresentPitch,
    SettleIssue,
)
from retailsim.market.protocols.retail.values import (
    Answer,
    Choice,
    Offer,
    Pitch,
    Settlement,
    Support,
)

FRIENDLY = voice_of({"friendliness": "friendly"})
PLAIN = voice_of({"friendliness": "reserved"})


def pitch(agent: Agent, request: PresentPitch, choice: Choice) -> Pitch:
    """Return the pitch in the style that was chosen, with the choice."""
    words = agent.stream(request, "pitch")
    spoken = styled_pitch(request, PITCHES[choice.option], agent.stream(request, "plan"), words)
    return Pitch(
        sections=spoken.sections,
        claims=spoken.claims,
        unsupported=spoken.unsupported,
        choice=choice,
    )


def answer(agent: Agent, request: AnswerBuyer, choice: Choice) -> Answer:
    """Return the answer in the manner that was chosen, with the choice."""
    question = request.transcript[-1].text if request.transcript else ""
    wording = _word(agent, request, request.turn)
    text = answer_text(question, request.offer, ANSWERS[choice.option], wording)
    return Answer(text=text, choice=choice)


def answer_text(question: str, offer: Offer, manner: Manner, word: int) -> str:
    """Return the answer to a question in some manner; `word` chooses among its wordings."""
    writer = AnswerWriter(FRIENDLY if manner == "friendly" else PLAIN)
    return writer.text(question, terms_of(offer), manner != "evade", word)


def support(agent: Agent, request: GiveSupport, choice: Choice, *, again: bool) -> Support:
    """Return the turn of support that was chosen, with the choice.

    Parameters
    ----------
    again : bool
        Whether the same was proposed before.
    """
    proposal = None if choice.option == ASK else _settled(request, SETTLEMENTS[choice.option])
    wording = _word(agent, request, request.turn + 7)
    text = support_text(FRIENDLY, request, proposal, again, wording)
    return Support(text=text, proposal=proposal, choice=choice)


def settlement(request: SettleIssue, choice: Choice) -> Settlement:
    """Return the settlement that was chosen, with the choice."""
    settled = _settled(request, SETTLEMENTS[choice.option])
    return Settlement(
        outcome=settled.outcome,
        resolution=settled.resolution,
        reason=settled.reason,
        refund_quantity=settled.refund_quantity,
        refund_shipping=settled.refund_shipping,
        choice=choice,
    )


def _settled(request: GiveSupport | SettleIssue, outcome: Outcome) -> Settlement:
    return too_late(request) or agreed(request, outcome)


def _word(agent: Agent, request: AnswerBuyer | GiveSupport, place: int) -> int:
    return word(kept_bits(agent.seat.seed, "seller/wording", request.unit), place % 16)
