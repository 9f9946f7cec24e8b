"""What a retail episode asks of a model: its talks, out of the real prompts, schemas and sheets."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import NamedTuple

from retailsim.agents.llm.talk.reply import Reply
from retailsim.agents.llm.talk.templates import SUMMARY_CHARACTERS, text
from retailsim.agents.llm.talk.workload import (
    BYTES_PER_TOKEN,
    FOREIGN_MOST,
    Step,
    TalkLoad,
    asked,
)
from retailsim.agents.reading.workload import reading
from retailsim.agents.retail.model import wording
from retailsim.agents.retail.model.replies import (
    AnswerReply,
    BroadcastEnvelope,
    BuyerEnvelope,
    ClerkEnvelope,
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

INQUIRIES, COMPLAINTS = (0, 100, 85, 50, 65), (0, 64, 49, 15, 22)
"""Published trajectories with 1, 2, .. exchanges before the purchase, 3.3 on average, and in
support, 3.0 on average."""
PURCHASES = 0.68
"""Share of their episodes with a purchase."""
PERSONA_BYTES = 150
"""Of three traits."""
_EXPECTED: dict[type[Reply], int] = {
    StrategyReply: 310,
    PitchReply: 670,
    AnswerReply: 135,
    SettlementReply: 60,
    TopicsReply: 210,
    MessageReply: 80,
    DecisionReply: 235,
    ReviewsReply: 165,
}
"""Tokens of an answer: the words of published ones (pitch 430; seller 83, and 100 in support;
buyer 45; reasons 30, 20 and 65; reviews 182 in all), of the strategy and the settlement those that
prompts ask for, at six bytes a word; and the JSON around them."""


class Exchanges(NamedTuple):
    """How many exchanges there are: on average, and the variance."""

    mean: float = 1.0
    variance: float = 0.0


ONCE = Exchanges()


def _exchanges(shares: Sequence[float], most: int) -> Exchanges:
    """Return how many there are where dialogues end at `most`, of shares of 1, 2, .. exchanges."""
    counts = [min(number, most) for number, _ in enumerate(shares, 1)]
    mean = sum(map(mul, counts, shares)) / sum(shares)
    squares = sum(share * count**2 for count, share in zip(counts, shares, strict=True))
    return Exchanges(mean, squares / sum(shares) - mean**2)


def broadcast(offer: Offer) -> TalkLoad:
    """The seller's plan and pitch."""
    context = _seller_context(offer)
    steps = (_step(StrategyReply, asked("strategy")), _step(PitchReply, asked("pitch")))
    return TalkLoad(rules="seller_rules", envelope=BroadcastEnvelope, context=context, steps=steps)


def selling(offer: Offer, *, max_turns: int, issue_rate: float) -> tuple[TalkLoad, ...]:
    """The seller's conversations in one episode: before the purchase, and in support."""
    context = _seller_context(offer)
    inquiries, complaints = (_exchanges(shares, max_turns) for shares in (INQUIRIES, COMPLAINTS))
    heard = _EXPECTED[MessageReply]
    inquiry = _step(AnswerReply, asked("answer"), inquiries, most=max_turns, hears=heard)
    support = _step(AnswerReply, asked("answer"), complaints, most=max_turns, hears=heard)
    return (
        _service(context + _pitch_bytes(), (inquiry,)),
        _service(
            context + _order_bytes() + _summary_bytes(inquiries.mean),
            (support,),
            chance=PURCHASES * issue_rate,
        ),
        _clerk(offer, complaints, max_turns, chance=PURCHASES * issue_rate),
    )


def _clerk(offer: Offer, complaints: Exchanges, max_turns: int, chance: float) -> TalkLoad:
    """Reading the outcome off the support dialogue, which is told as a whole."""
    exchange = _EXPECTED[MessageReply] + _EXPECTED[AnswerReply]
    step = _step(
        SettlementReply,
        asked("settlement", "clerk_order"),
        hears=int(complaints.mean * exchange),
        hears_most=2 * max_turns * FOREIGN_MOST,
    )
    terms = len(wording.terms(offer).encode())
    return TalkLoad(
        rules="clerk_rules", envelope=ClerkEnvelope, context=terms, steps=(step,), chance=chance
    )


def _service(context: int, steps: tuple[Step, ...], chance: float = 1.0) -> TalkLoad:
    return TalkLoad(
        rules="seller_rules",
        envelope=ServiceEnvelope,
        context=context,
        steps=steps,
        chance=chance,
    )


def buying(offer: Offer, *, max_turns: int, issue_rate: float) -> tuple[TalkLoad, ...]:
    """The buyer's conversations in one episode: shopping with the reviews, and support."""
    shown = len(wording.listing(offer).encode()) + len(wording.terms(offer).encode())
    inquiries, complaints = (_exchanges(shares, max_turns) for shares in (INQUIRIES, COMPLAINTS))
    heard = _EXPECTED[AnswerReply]
    # The first message comes with the topics, the first complaint hears of the order.
    further = Exchanges(max(0.0, inquiries.mean - 1.0), inquiries.variance)
    shopping = (
        _step(TopicsReply, asked("topics")),
        _step(MessageReply, asked("ask_next"), further, most=max_turns, hears=heard),
        _step(DecisionReply, asked("last_answer", "decide", "decide_talk"), hears=heard),
        _step(
            ReviewsReply,
            asked("reviews", "journey_problem"),
            Exchanges(PURCHASES),
            hears=int(_summary_bytes(complaints.mean) * PURCHASES * issue_rate / BYTES_PER_TOKEN),
        ),
    )
    support = _step(MessageReply, asked("complain_next"), complaints, most=max_turns, hears=heard)
    return (
        _as_buyer(PERSONA_BYTES + shown + _pitch_bytes(), shopping),
        _as_buyer(
            PERSONA_BYTES + shown + _summary_bytes(inquiries.mean),
            (support,),
            chance=PURCHASES * issue_rate,
        ),
    )


def reading_pitch(offer: Offer) -> tuple[TalkLoad, ...]:
    """What reading the pitch takes, where a model reads claims."""
    said = _EXPECTED[PitchReply] * int(BYTES_PER_TOKEN)
    return (reading(_sheet_bytes(offer), said),)


def reading_answers(offer: Offer, *, max_turns: int) -> tuple[TalkLoad, ...]:
    """What reading the answers of one episode takes: each is a conversation of its own."""
    sheet, said = _sheet_bytes(offer), _EXPECTED[AnswerReply] * int(BYTES_PER_TOKEN)
    inquiries = _exchanges(INQUIRIES, max_turns).mean
    times = (min(1.0, max(0.0, inquiries - turn)) for turn in range(max_turns))
    return tuple(reading(sheet, said, each) for each in times)


def _sheet_bytes(offer: Offer) -> int:
    return len(sheet_of(offer).described().encode())


def _as_buyer(context: int, steps: tuple[Step, ...], chance: float = 1.0) -> TalkLoad:
    return TalkLoad(
        rules="buyer_rules",
        envelope=BuyerEnvelope,
        context=context,
        steps=steps,
        chance=chance,
    )


def _seller_context(offer: Offer) -> int:
    said = len(wording.sheet(offer).encode()) + len(wording.terms(offer).encode())
    return PERSONA_BYTES + said


def _step(
    kind: type[Reply],
    asks: int,
    exchanges: Exchanges = ONCE,
    *,
    most: int = 1,
    hears: int = 0,
    hears_most: int = FOREIGN_MOST,
) -> Step:
    return Step(
        kind=kind,
        times=exchanges.mean,
        variance=exchanges.variance,
        most=most,
        hears=hears,
        hears_most=hears_most,
        expected=_EXPECTED[kind],
        asks=asks,
    )


def _pitch_bytes() -> int:
    return _EXPECTED[PitchReply] * int(BYTES_PER_TOKEN)


def _order_bytes() -> int:
    return sum(len(text(name).encode()) for name in ("order", "order_arrived"))


def _summary_bytes(exchanges: float) -> int:
    """What is handed on of a dialogue: some of each message, and who said it."""
    each = SUMMARY_CHARACTERS + SUMMARY_CHARACTERS // 2 + len("seller: buyer: ")
    return int(exchanges * each)
