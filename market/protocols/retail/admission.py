"""What answers each request of the retail protocol, and what the market writes of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from retailsim.events.messages import DecisionMade, MessageSent, ReviewPosted
from retailsim.market.core.admission import Admission, Written, bad_text
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.events import PitchPresented, StrategyFormed, TopicsChosen
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    EndDialogue,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    ProposeSettlement,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    TOPICS,
    Decision,
    Pitch,
    Review,
    Settlement,
    Strategy,
    Support,
    Topics,
)

# -- what the types leave open -------------------------------------------------------------


def _bad_pitch(request: PresentPitch, pitch: Pitch) -> str | None:
    return bad_text("".join(pitch.sections.values()))


def _bad_words(request: AgentRequest, text: str | None) -> str | None:
    return None if text is None else bad_text(text)


def _bad_support(request: GiveSupport, support: Support) -> str | None:
    return bad_text(support.text)


def _bad_topics(request: ChooseTopics, chosen: Topics) -> str | None:
    if len(chosen.topics) > 2 or len(set(chosen.topics)) < len(chosen.topics):
        return f"topics {list(chosen.topics)}; up to two of {', '.join(TOPICS)} are allowed"
    return None


def _bad_review(request: WriteReview, review: Review) -> str | None:
    if not 1 <= review.rating <= 5:
        return f"a rating of {review.rating}; 1 to 5 are allowed"
    return bad_text(review.text)


# -- what the market writes ----------------------------------------------------------------


def _strategy(request: FormStrategy, strategy: Strategy, seat: str) -> Written:
    return (
        StrategyFormed(
            seller=seat,
            product=request.offer.product.id,
            target_expansion=strategy.target_expansion,
            value_proposition=strategy.value_proposition,
            contextual_urgency=strategy.contextual_urgency,
            objection_handling=strategy.objection_handling,
        ),
    )


def _pitch(request: PresentPitch, pitch: Pitch, seat: str) -> Written:
    return (
        PitchPresented(
            seller=seat,
            product=request.offer.product.id,
            sections=dict(pitch.sections),
            claims=tuple(pitch.claims),
            unsupported=tuple(pitch.unsupported),
        ),
    )


def _topics(request: ChooseTopics, topics: Topics, seat: str) -> Written:
    return (TopicsChosen(topics=topics.topics, reason=topics.reason),)


def _question(request: AskSeller, text: str | None, seat: str) -> Written:
    if text is None:
        return (EndDialogue(),)
    return (MessageSent(stage="pre_inquiry", role="buyer", turn=request.turn, text=text),)


def _answer(request: AnswerBuyer, text: str, seat: str) -> Written:
    return (MessageSent(stage="pre_inquiry", role="seller", turn=request.turn, text=text),)


def _decision(request: Decide, decision: Decision, seat: str) -> Written:
    return (
        DecisionMade(
            will_purchase=decision.will_purchase,
            quantity=decision.quantity,
            quantity_reason=decision.quantity_reason,
            sentiment=decision.sentiment,
            reason=decision.reason,
        ),
    )


def _complaint(request: Complain, text: str | None, seat: str) -> Written:
    if text is None:
        return (EndDialogue(),)
    return (MessageSent(stage="post_inquiry", role="buyer", turn=request.turn, text=text),)


def _support(request: GiveSupport, support: Support, seat: str) -> Written:
    said = MessageSent(stage="post_inquiry", role="seller", turn=request.turn, text=support.text)
    if support.proposal is None:
        return (said,)
    return (ProposeSettlement(settlement=support.proposal), said)


def _settlement(request: SettleIssue, settlement: Settlement, seat: str) -> Written:
    return (ProposeSettlement(settlement=settlement),)


def _review(request: WriteReview, review: Review, seat: str) -> Written:
    return (
        ReviewPosted(
            aspect=request.aspect,
            rating=review.rating,
            text=review.text,
            would_recommend=review.would_recommend,
        ),
    )


ADMISSIONS: Mapping[type[AgentRequest], Admission] = MappingProxyType(
    {
        FormStrategy: Admission(Strategy, _strategy),
        PresentPitch: Admission(Pitch, _pitch, _bad_pitch),
        ChooseTopics: Admission(Topics, _topics, _bad_topics),
        AskSeller: Admission(str | None, _question, _bad_words),
        AnswerBuyer: Admission(str, _answer, _bad_words),
        Decide: Admission(Decision, _decision),
        Complain: Admission(str | None, _complaint, _bad_words),
        GiveSupport: Admission(Support, _support, _bad_support),
        SettleIssue: Admission(Settlement, _settlement),
        WriteReview: Admission(Review, _review, _bad_review),
    }
)
"""Request -> what answers it."""
