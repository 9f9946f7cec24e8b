"""What an agent may answer to which request: the market's authority over its own books.

An agent can only put on the bus what its request asks for. Anything else, an event of the market
or of another role among them, is refused before it is delivered, so nothing an agent says can
book a sale or a refund.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

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
MAX_REPLY = 2 * MAX_TEXT
"""Most characters of all of a reply's fields together; an item of a list counts as one more."""
MAX_NUMBER = 2**31 - 1
"""Largest number in a reply."""

_SHOWN = 8
"""Messages of a refused reply that are named."""
_NO_TEXT = (bytes, bytearray, datetime, date, time, timedelta, UUID, Decimal)
"""Types that would pass for text once they are encoded."""


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
    """Return copies of `replies` if they are what `request` asks of `source`.

    Copies, because the agent keeps the originals: it may change them later, or send one twice,
    and neither may change what is logged.

    Raises
    ------
    ReplyRefused
        Naming what came instead.
    """
    try:
        return _admitted(request, replies)
    except _Problem as problem:
        raise ReplyRefused(source, type(request).__name__, str(problem)) from None


class _Problem(Exception):
    """What is wrong with a reply."""


def _admitted(request: Request, replies: object) -> list[Message]:
    if not isinstance(replies, Sequence) or isinstance(replies, str | bytes):
        raise _Problem(f"{type(replies).__name__} instead of a list of messages")
    replies = tuple(replies)
    _check_shape(request, replies)
    copies = [_copied(reply) for reply in replies]
    for copy in copies:
        problem = _ill_valued(request, copy)
        if problem is not None:
            raise _Problem(problem)
    return copies


def _check_shape(request: Request, replies: tuple[object, ...]) -> None:
    expected = _REPLIES[type(request)]
    kinds = [type(reply) for reply in replies]
    wanted = " or ".join(kind.__name__ for kind in expected.main)
    if not kinds or kinds[-1] not in expected.main:
        got = ", ".join(kind.__name__ for kind in kinds[:_SHOWN]) or "nothing"
        raise _Problem(f"{got} instead of {wanted}")
    if kinds[:-1] not in ([], [expected.before]):
        raise _Problem(f"{len(kinds)} messages, {wanted} alone was asked for")


def _copied(reply: Message) -> Message:
    """Copy a reply field by field; what cannot be copied so could not be logged either."""
    kind = type(reply).__name__
    try:
        fields = msgspec.to_builtins(reply, builtin_types=_NO_TEXT)
        size = _size(fields)
        copy = msgspec.convert(fields, type(reply), strict=True)
        msgspec.json.encode(copy)  # half a surrogate pair has no UTF-8
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
        raise _Problem(f"a malformed {kind}: {error}") from None
    if size > MAX_REPLY:
        raise _Problem(f"a {kind} of {size} characters; at most {MAX_REPLY} are allowed")
    return copy


def _size(value: object) -> int:
    """Count characters and items; numbers must be such as every reader of the log can hold."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) + 1 for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(_size(item) + 1 for item in value)
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise ValueError(f"a number beyond {MAX_NUMBER}")
    return 0


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
    chosen = set(reply.topics)
    if len(reply.topics) > 2 or len(chosen) < len(reply.topics) or not chosen <= set(TOPICS):
        return f"topics {list(reply.topics)}; up to two of {', '.join(TOPICS)} are allowed"
    return None


def _bad_pitch(request: Request, reply: PitchPresented) -> str | None:
    text = "".join(reply.sections.values())
    return _bad_product(request, reply.product) or _bad_text(text)


def _bad_product(request: Request, product: str | None) -> str | None:
    if product != request.offer.product.id:
        return f"product {product!r}, {request.offer.product.id!r} is for sale here"
    return None
