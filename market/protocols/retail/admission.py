"""What answers each request of the retail protocol, and what the market writes of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from retailsim.events.messages import DecisionMade, MessageSent, ReviewPosted
from retailsim.market.core.admission import Admission, Written, bad_text
from retailsim.market.core.propensities import bad_choice, stated
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.events import (
    ChoiceStage,
    PitchPresented,
    SellerChose,
    StrategyFormed,
    TopicsChosen,
)
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
    Answer,
    Choice,
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
    return bad_text("".join(pitch.sections.values())) or _bad_choice(pitch.choice)


def _bad_words(request: AgentRequest, text: str | None) -> str | None:
    return None if text is None else bad_text(text)


def _bad_answer(request: AnswerBuyer, answer: str | Answer) -> str | None:
    if isinstance(answer, str):
        return bad_text(answer)
    return bad_text(answer.text) or _bad_choice(answer.choice)


def _bad_support(request: GiveSupport, support: Support) -> str | None:
    return bad_text(support.text) or _bad_choice(support.choice)


def _bad_settlement(request: SettleIssue, settlement: Settlement) -> str | None:
    return _bad_choice(settlement.choice)


def _bad_choice(choice: Choice | None) -> str | None:
    if choice is None:
        return None
    if not choice.options:
        return f"{choice.option}: chosen among no options"
    return bad_choice(choice.option, choice.options, choice.probabilities)


def _bad_topics(request: ChooseTopics, chosen: Topics) -> str | None:
    if len(chosen.topics) > 2 or len(set(chosen.topics)) < len(chosen.topics):
        return f"topics {list(chosen.topics)}; up to two of {', '.join(TOPICS)} are allowed"
    return None


def _bad_review(request: WriteReview, review: Review) -> str | None:
    if not 1 <= review.rating <= 5:
        return f"a rating of {review.rating}; 1 to 5 are allowed"
    return bad_text(review.text)


# -- what the market writes ----------------------------------------------------------------


def _chose(choice: Choice | None, stage: ChoiceStage, turn: int = 0) -> Written:
    if choice is None:
        return ()
    counts = stated(choice.probabilities)
    return (
        SellerChose(
            stage=stage,
            turn=turn,
            option=choice.option,
            options=choice.options,
            probabilities=None if counts is None else tuple(int(one) for one in counts),
        ),
    )


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
        *_chose(pitch.choice, "pitch"),
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


def _answer(request: AnswerBuyer, answer: str | Answer, seat: str) -> Written:
    if isinstance(answer, str):
        return (_answered(request.turn, answer),)
    chose = _chose(answer.choice, "pre_inquiry", request.turn)
    return (*chose, _answered(request.turn, answer.text))


def _answered(turn: int, text: str) -> MessageSent:
    return MessageSent(stage="pre_inquiry", role="seller", turn=turn, text=text)


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
    chose = _chose(support.choice, "post_inquiry", request.turn)
    if support.proposal is None:
        return (*chose, said)
    return (*chose, _propose(support.proposal), said)


def _settlement(request: SettleIssue, settlement: Settlement, seat: str) -> Written:
    return (*_chose(settlement.choice, "settlement"), _propose(settlement))


def _propose(settlement: Settlement) -> ProposeSettlement:
    """Hand a settlement on as buyers may see it: without how it was chosen."""
    if settlement.choice is not None:
        settlement = msgspec.structs.replace(settlement, choice=None)
    return ProposeSettlement(settlement=settlement)


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
        AnswerBuyer: Admission(str | Answer, _answer, _bad_answer),
        Decide: Admission(Decision, _decision),
        Complain: Admission(str | None, _complaint, _bad_words),
        GiveSupport: Admission(Support, _support, _bad_support),
        SettleIssue: Admission(Settlement, _settlement, _bad_settlement),
        WriteReview: Admission(Review, _review, _bad_review),
    }
)
"""Request -> what answers it."""
