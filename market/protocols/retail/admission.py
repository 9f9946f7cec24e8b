"""What an agent may answer to which request of the retail protocol."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from retailsim.events.messages import (
    DecisionMade,
    Message,
    MessageSent,
    PitchPresented,
    ReviewPosted,
    StrategyFormed,
    TopicsChosen,
)
from retailsim.market.core.admission import Admission, bad_text
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
    Request,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import TOPICS


def _problem(request: Request, reply: Message) -> str | None:
    match reply:
        case MessageSent():
            return _bad_turn(request, reply)
        case ReviewPosted():
            return _bad_review(request, reply)
        case TopicsChosen():
            return _bad_topics(reply)
        case PitchPresented():
            return _bad_pitch(request, reply)
        case StrategyFormed():
            return _bad_product(request, reply.product)
        case _:
            return None


def _bad_turn(request: Request, reply: MessageSent) -> str | None:
    turn = getattr(request, "turn", None)
    role = "buyer" if isinstance(request, AskSeller | Complain) else "seller"
    if (reply.stage, reply.role, reply.turn) != (request.stage, role, turn):
        return f"stage {reply.stage}, role {reply.role}, turn {reply.turn}: not what was asked"
    return bad_text(reply.text)


def _bad_review(request: Request, reply: ReviewPosted) -> str | None:
    if isinstance(request, WriteReview) and reply.aspect != request.aspect:
        return f"a review of {reply.aspect}, {request.aspect} was asked for"
    if not 1 <= reply.rating <= 5:
        return f"a rating of {reply.rating}; 1 to 5 are allowed"
    return bad_text(reply.text)


def _bad_topics(reply: TopicsChosen) -> str | None:
    chosen = set(reply.topics)
    if len(reply.topics) > 2 or len(chosen) < len(reply.topics) or not chosen <= set(TOPICS):
        return f"topics {list(reply.topics)}; up to two of {', '.join(TOPICS)} are allowed"
    return None


def _bad_pitch(request: Request, reply: PitchPresented) -> str | None:
    text = "".join(reply.sections.values())
    return _bad_product(request, reply.product) or bad_text(text)


def _bad_product(request: Request, product: str | None) -> str | None:
    if product != request.offer.product.id:
        return f"product {product!r}, {request.offer.product.id!r} is for sale here"
    return None


ADMISSIONS: Mapping[type[Message], Admission] = MappingProxyType(
    {
        FormStrategy: Admission((StrategyFormed,), _problem),
        PresentPitch: Admission((PitchPresented,), _problem),
        ChooseTopics: Admission((TopicsChosen,), _problem),
        AskSeller: Admission((MessageSent, EndDialogue), _problem),
        AnswerBuyer: Admission((MessageSent,), _problem),
        Decide: Admission((DecisionMade,), _problem),
        Complain: Admission((MessageSent, EndDialogue), _problem),
        GiveSupport: Admission((MessageSent,), _problem, (ProposeSettlement,)),
        SettleIssue: Admission((ProposeSettlement,), _problem),
        WriteReview: Admission((ReviewPosted,), _problem),
    }
)
"""Request -> what answers it."""
