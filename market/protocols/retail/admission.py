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
    ChoosingRequest,
    Complain,
    Decide,
    EndDialogue,
    FormStrategy,
    GiveSupport,
    LeaveOutReview,
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
    NoReview,
    Pitch,
    Review,
    Settlement,
    Strategy,
    Support,
    Topics,
)
from retailsim.market.rules.enforcing import NOTHING_SAID, SpeechRules, WithholdSentences

Withholding = tuple[WithholdSentences, ...]
"""What the market is told of words that did not get through: nothing, or one command."""

# -- what the types leave open -------------------------------------------------------------


def _bad_pitch(request: PresentPitch, pitch: Pitch) -> str | None:
    return bad_text("".join(pitch.sections.values())) or _bad_choice(request, pitch.choice)


def _bad_words(request: AgentRequest, text: str | None) -> str | None:
    return None if text is None else bad_text(text)


def _bad_answer(request: AnswerBuyer, answer: str | Answer) -> str | None:
    if isinstance(answer, str):
        return bad_text(answer)
    return bad_text(answer.text) or _bad_choice(request, answer.choice)


def _bad_support(request: GiveSupport, support: Support) -> str | None:
    return bad_text(support.text) or _bad_choice(request, support.choice)


def _bad_settlement(request: SettleIssue, settlement: Settlement) -> str | None:
    return _bad_choice(request, settlement.choice)


def _bad_choice(request: ChoosingRequest, choice: Choice | None) -> str | None:
    if choice is None:
        return None
    if not choice.options:
        return f"{choice.option}: chosen among no options"
    against = request.forbids(choice.option)
    if against is not None and any(request.forbids(one) is None for one in choice.options):
        return f"option {choice.option}: rule {against} forbids it now"
    return bad_choice(choice.option, choice.options, choice.probabilities)


def _bad_topics(request: ChooseTopics, chosen: Topics) -> str | None:
    if len(chosen.topics) > 2 or len(set(chosen.topics)) < len(chosen.topics):
        return f"topics {list(chosen.topics)}; up to two of {', '.join(TOPICS)} are allowed"
    return None


def _bad_review(request: WriteReview, review: Review | NoReview) -> str | None:
    if isinstance(review, str):
        return None
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
    sections: dict[str, str] = dict(pitch.sections)
    withheld: Withholding = ()
    if request.allowed is not None:
        sections, withheld = _sections_let_through(request.allowed.speech, sections)
    said = " ".join(sections.values())
    return (
        *_chose(pitch.choice, "pitch"),
        *withheld,
        PitchPresented(
            seller=seat,
            product=request.offer.product.id,
            sections=sections,
            claims=tuple(one for one in pitch.claims if not withheld or one in said),
            unsupported=tuple(one for one in pitch.unsupported if not withheld or one in said),
        ),
    )


def _sections_let_through(
    speech: SpeechRules, sections: Mapping[str, str]
) -> tuple[dict[str, str], Withholding]:
    passed, withheld = speech.let_through_parts(sections)
    if not withheld:
        return passed, ()
    silent = {next(iter(sections)): NOTHING_SAID}
    return passed or silent, (WithholdSentences(sentences=withheld),)


def _spoken(request: ChoosingRequest, text: str) -> tuple[str, Withholding]:
    """Return what rules let through of a text, and what is to be said of the rest."""
    if request.allowed is None or request.allowed.speech.passes(text):
        return text, ()
    passed, withheld = request.allowed.speech.let_through(text)
    return passed or NOTHING_SAID, (WithholdSentences(sentences=withheld),) if withheld else ()


def _topics(request: ChooseTopics, topics: Topics, seat: str) -> Written:
    return (TopicsChosen(topics=topics.topics, reason=topics.reason),)


def _question(request: AskSeller, text: str | None, seat: str) -> Written:
    if text is None:
        return (EndDialogue(),)
    return (MessageSent(stage="pre_inquiry", role="buyer", turn=request.turn, text=text),)


def _answer(request: AnswerBuyer, answer: str | Answer, seat: str) -> Written:
    text, choice = (answer, None) if isinstance(answer, str) else (answer.text, answer.choice)
    said, withheld = _spoken(request, text)
    answered = MessageSent(stage="pre_inquiry", role="seller", turn=request.turn, text=said)
    return (*_chose(choice, "pre_inquiry", request.turn), *withheld, answered)


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
    text, withheld = _spoken(request, support.text)
    said = MessageSent(stage="post_inquiry", role="seller", turn=request.turn, text=text)
    chose = _chose(support.choice, "post_inquiry", request.turn)
    if support.proposal is None:
        return (*chose, *withheld, said)
    return (*chose, *withheld, _propose(support.proposal), said)


def _settlement(request: SettleIssue, settlement: Settlement, seat: str) -> Written:
    return (*_chose(settlement.choice, "settlement"), _propose(settlement))


def _propose(settlement: Settlement) -> ProposeSettlement:
    """Hand a settlement on as buyers may see it: without how it was chosen."""
    if settlement.choice is not None:
        settlement = msgspec.structs.replace(settlement, choice=None)
    return ProposeSettlement(settlement=settlement)


def _review(request: WriteReview, review: Review | NoReview, seat: str) -> Written:
    if isinstance(review, str):
        return (LeaveOutReview(),)
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
        WriteReview: Admission(Review | NoReview, _review, _bad_review),
    }
)
"""Request -> what answers it."""
