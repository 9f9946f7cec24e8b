"""Which answers a market admits: its authority over its own books, whatever the protocol.

An agent can only put on the bus what its request asks for. Anything else, an event of the market
or of another role among them, is refused before it is delivered, so nothing an agent says can
book a sale or a refund. What each request asks for stands in the protocol's own table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from retailsim.events.messages import Message
from retailsim.market.core.request import AgentRequest
from retailsim.market.errors import MarketError

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


class Admission(msgspec.Struct, frozen=True):
    """What answers one kind of request.

    Parameters
    ----------
    main : tuple of message types
        One of these ends the answer.
    check : callable
        ``(request, reply) -> problem or None``, for what the types leave open.
    before : tuple of message types
        May stand before it, each at most once and in this order.
    required : bool
        Whether all of `before` must be there.
    """

    main: tuple[type[Message], ...]
    check: Callable[[Any, Message], str | None]
    before: tuple[type[Message], ...] = ()
    required: bool = False


def admit(
    source: str, request: AgentRequest, replies: Sequence[Message], rule: Admission
) -> Sequence[Message]:
    """Return copies of `replies` if they are what `request` asks of `source` by its rule.

    Copies, because the agent keeps the originals: it may change them later, or send one twice,
    and neither may change what is logged.

    Raises
    ------
    ReplyRefused
        Naming what came instead.
    """
    try:
        return _admitted(request, replies, rule)
    except _Problem as problem:
        raise ReplyRefused(source, type(request).__name__, str(problem)) from None


class _Problem(Exception):
    """What is wrong with a reply."""


def _admitted(request: AgentRequest, replies: object, rule: Admission) -> list[Message]:
    if not isinstance(replies, Sequence) or isinstance(replies, str | bytes):
        raise _Problem(f"{type(replies).__name__} instead of a list of messages")
    replies = tuple(replies)
    _check_shape(replies, rule)
    copies = [_copied(reply) for reply in replies]
    for copy in copies:
        problem = rule.check(request, copy)
        if problem is not None:
            raise _Problem(problem)
    return copies


def _check_shape(replies: tuple[object, ...], expected: Admission) -> None:
    kinds = [type(reply) for reply in replies]
    wanted = " or ".join(kind.__name__ for kind in expected.main)
    if not kinds or kinds[-1] not in expected.main:
        got = ", ".join(kind.__name__ for kind in kinds[:_SHOWN]) or "nothing"
        raise _Problem(f"{got} instead of {wanted}")
    if not _leads(kinds[:-1], expected):
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


def _leads(kinds: Sequence[type], expected: Admission) -> bool:
    """Whether these may stand before the main one: a subsequence, or all of `before`."""
    if expected.required:
        return tuple(kinds) == expected.before
    left = iter(expected.before)
    return all(kind in left for kind in kinds)


def bad_text(text: str) -> str | None:
    """Say what is wrong with a text that somebody speaks, or None."""
    if not text.strip():
        return "an empty text"
    if len(text) > MAX_TEXT:
        return f"a text of {len(text)} characters; at most {MAX_TEXT} are allowed"
    return None
