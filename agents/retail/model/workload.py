"""What a retail episode asks of a model: its talks, out of the real prompts, schemas and sheets."""

from __future__ import annotations

from retailsim.agents.llm.talk.reply import Reply
from retailsim.agents.llm.talk.workload import BYTES_PER_TOKEN, Step, TalkLoad
from retailsim.agents.reading.workload import reading
from retailsim.agents.retail.model import wording
from retailsim.agents.retail.model.replies import (
    AnswerReply,
    BroadcastEnvelope,
    BuyerEnvelope,
    DecisionReply,
    MessageReply,
    PitchReply,
    ReviewsReply,
    ServiceEnvelope,
    SettlementReply,
    StrategyReply,
    TopicsReply,
)
from retailsim.market.protocols.retail.claims import sheet_of
from retailsim.market.protocols.retail.values import Offer

INQUIRIES, COMPLAINTS = 3.3, 2.5
"""Exchanges before the purchase and in support, in the published trajectories."""
PURCHASES = 0.68
"""Share of their episodes with a purchase."""
_EXPECTED: dict[type[Reply], int] = {
    StrategyReply: 260,
    PitchReply: 580,
    AnswerReply: 115,
    SettlementReply: 70,
    TopicsReply: 110,
    MessageReply: 65,
    DecisionReply: 120,
    ReviewsReply: 260,
}
"""Tokens of an answer, as long as prompts ask for and published ones are."""


def broadcast(offer: Offer) -> TalkLoad:
    """The seller's plan and pitch."""
    context = _seller_context(offer)
    steps = (
        _step(StrategyReply, times=1.0, most=1),
        _step(PitchReply, times=1.0, most=1),
    )
    return TalkLoad(rules="seller_rules", envelope=BroadcastEnvelope, context=context, steps=steps)


def selling(offer: Offer, *, max_turns: int, issue_rate: float) -> tuple[TalkLoad, ...]:
    """The seller's conversations in one episode: before the purchase, and in support."""
    context, pitch = _seller_context(offer), _EXPECTED[PitchReply] * int(BYTES_PER_TOKEN)
    asked = min(INQUIRIES, max_turns)
    supported = PURCHASES * issue_rate
    complained = supported * min(COMPLAINTS, max_turns)
    heard = _EXPECTED[MessageReply]
    inquiry = _step(AnswerReply, times=asked, most=max_turns, hears=heard)
    support = _step(AnswerReply, times=complained, most=max_turns, hears=heard)
    settlement = _step(SettlementReply, times=supported, most=1)
    return (
        _service(context + pitch, (inquiry,)),
        _service(context + 500, (support, settlement)),
    )


def _service(context: int, steps: tuple[Step, ...]) -> TalkLoad:
    return TalkLoad(rules="seller_rules", envelope=ServiceEnvelope, context=context, steps=steps)


def buying(
    offer: Offer, *, max_turns: int, issue_rate: float, nonbuyer_reviews: bool
) -> tuple[TalkLoad, ...]:
    """The buyer's conversations in one episode: shopping with the reviews, and support."""
    shown = len(wording.listing(offer).encode()) + len(wording.terms(offer).encode())
    pitch = _EXPECTED[PitchReply] * int(BYTES_PER_TOKEN)
    supported = PURCHASES * issue_rate
    heard = _EXPECTED[AnswerReply]
    messages = max(0.0, min(INQUIRIES, max_turns) - 1.0)
    shopping = (
        _step(TopicsReply, times=1.0, most=1),
        _step(MessageReply, times=messages, most=max_turns, hears=heard),
        _step(DecisionReply, times=1.0, most=1, hears=heard),
        _step(ReviewsReply, times=1.0 if nonbuyer_reviews else PURCHASES, most=1, hears=200),
    )
    complaints = supported * min(COMPLAINTS, max_turns)
    support = (_step(MessageReply, times=complaints, most=max_turns, hears=heard),)
    return (
        _as_buyer(shown + pitch, shopping),
        _as_buyer(shown + 500, support),
    )


def reading_pitch(offer: Offer) -> tuple[TalkLoad, ...]:
    """What reading the pitch takes, where a model reads claims."""
    said = _EXPECTED[PitchReply] * int(BYTES_PER_TOKEN)
    return (reading(_sheet_bytes(offer), said),)


def reading_answers(offer: Offer, *, max_turns: int) -> tuple[TalkLoad, ...]:
    """What reading the answers of one episode takes: each is a conversation of its own."""
    sheet, said = _sheet_bytes(offer), _EXPECTED[AnswerReply] * int(BYTES_PER_TOKEN)
    times = (min(1.0, max(0.0, INQUIRIES - turn)) for turn in range(max_turns))
    return tuple(reading(sheet, said, each) for each in times)


def _sheet_bytes(offer: Offer) -> int:
    return len(sheet_of(offer).described().encode())


def _as_buyer(context: int, steps: tuple[Step, ...]) -> TalkLoad:
    return TalkLoad(rules="buyer_rules", envelope=BuyerEnvelope, context=context, steps=steps)


def _seller_context(offer: Offer) -> int:
    return len(wording.sheet(offer).encode()) + len(wording.terms(offer).encode())


def _step(kind: type[Reply], *, times: float, most: int, hears: int = 0) -> Step:
    return Step(kind=kind, times=times, most=most, hears=hears, expected=_EXPECTED[kind])
