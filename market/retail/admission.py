"""What an agent may answer to which request: the market's authority over its own books.

An agent can only put on the bus what its request asks for. Anything else, an event of the market
or of another role among them, is refused before it is delivered, so nothing an agent says can
book a sale or a refund.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from events.messages import (
    DecisionMade,
    Message,
    MessageSent,
    PitchPresented,
    ReviewPosted,
    StrategyFormed,
    TopicsChosen,
)
from market.errors import MarketError
from market.retail.requests import (
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
from market.retail.values import TOPICS

MAX_TEXT = 20_000
"""Longest text of one message, in characters."""


class ReplyRefused(MarketError):
    """An agent's reply does not answer what it was asked."""

    def __init__(self, source: str, request: str, problem: str) -> None:
        super().__init__(f"{source} answered {request} with {problem}")


class _Reply(msgspec.Struct, frozen=True):
    main: tuple[type[Message], ...]
    before: type[Message] | None = None


STAGES: Mapping[type[Message], str] = {
    FormStrategy: "strategy",
    PresentPitch: "pitch",
    ChooseTopics: "topics",
    AskSeller: "pre_inquiry",
    AnswerBuyer: "pre_inquiry",
    Decide: "decision",
    Complain: "post_inquiry",
    GiveSupport: "post_inquiry",
    SettleIssue: "settlement",
    WriteReview: "review",
}
"""Request -> the name of its stage in failures."""

_REPLIES: Mapping[type[Message], _Reply] = {
    FormStrategy: _Reply((StrategyFormed,)),
    PresentPitch: _Reply((PitchPresented,)),
    ChooseTopics: _Reply((TopicsChosen,)),
    AskSeller: _Reply((MessageSent, EndDialogue)),
    AnswerBuyer: _Reply((MessageSent,)),
    Decide: _Reply((DecisionMade,)),
    Complain: _Reply((MessageSent, EndDialogue)),
    GiveSupport: _Reply((MessageSent,), before=ProposeSettlement),
    SettleIssue: _Reply((ProposeSettlement,)),
    WriteReview: _Reply((ReviewPosted,)),
}


def admit(source: str, request: Request, replies: Sequence[Message]) -> Sequence[Message]:
    """Return `replies` if they are what `request` asks of `source`.

    Raises
    ------
    ReplyRefused
        Naming what came instead.
    """
    asked = type(request).__name__
    problem = _problem(request, replies)
    if problem is not None:
        raise ReplyRefused(source, asked, problem)
    return replies


def _problem(request: Request, replies: object) -> str | None:
    if not isinstance(replies, Sequence) or isinstance(replies, str | bytes):
        return f"{type(replies).__name__} instead of a list of messages"
    expected = _REPLIES[type(request)]
    kinds = [type(reply) for reply in replies]
    wanted = " or ".join(kind.__name__ for kind in expected.main)
    if not kinds or kinds[-1] not in expected.main:
        got = ", ".join(kind.__name__ for kind in kinds) or "nothing"
        return f"{got} instead of {wanted}"
    if kinds[:-1] not in ([], [expected.before]):
        return f"{len(kinds)} messages, {wanted} alone was asked for"
    for reply in replies:
        problem = _ill_typed(reply) or _ill_valued(request, reply)
        if problem is not None:
            return problem
    return None


def _ill_typed(reply: Message) -> str | None:
    try:
        msgspec.convert(msgspec.to_builtins(reply), type(reply), strict=True)
    except (msgspec.ValidationError, TypeError) as error:
        return f"a malformed {type(reply).__name__}: {error}"
    return None


def _ill_valued(request: Request, reply: Message) -> str | None:
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
    stage = STAGES[type(request)]
    role = "buyer" if isinstance(request, AskSeller | Complain) else "seller"
    if (reply.stage, reply.role, reply.turn) != (stage, role, turn):
        return f"stage {reply.stage}, role {reply.role}, turn {reply.turn}: not what was asked"
    return _bad_text(reply.text)


def _bad_text(text: str) -> str | None:
    if not text.strip():
        return "an empty text"
    if len(text) > MAX_TEXT:
        return f"a text of {len(text)} characters; at most {MAX_TEXT} are allowed"
    return None


def _bad_review(request: Request, reply: ReviewPosted) -> str | None:
    if isinstance(request, WriteReview) and reply.aspect != request.aspect:
        return f"a review of {reply.aspect}, {request.aspect} was asked for"
    if not 1 <= reply.rating <= 5:
        return f"a rating of {reply.rating}; 1 to 5 are allowed"
    return _bad_text(reply.text)


def _bad_topics(reply: TopicsChosen) -> str | None:
    if len(reply.topics) > 2 or not set(reply.topics) <= set(TOPICS):
        return f"topics {list(reply.topics)}; up to two of {', '.join(TOPICS)} are allowed"
    return None


def _bad_pitch(request: Request, reply: PitchPresented) -> str | None:
    text = "".join(reply.sections.values())
    return _bad_product(request, reply.product) or _bad_text(text)


def _bad_product(request: Request, product: str | None) -> str | None:
    if product != request.offer.product.id:
        return f"product {product!r}, {request.offer.product.id!r} is for sale here"
    return None
