"""Which answers a market admits: its authority over its own books, whatever the protocol.

An agent returns a value, of the type that its request asks for; the market checks it and writes
what happened. So nothing an agent says can book a sale or a refund, be said in another's name, or
change after it was said. What each request asks for stands in the protocol's own table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
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
"""Largest number that a model is told it may answer."""

MAX_LOGGED = 2**32
"""Largest number in an answer that is no model's: what the propensities of a choice sum to."""

_NO_SUCH_WORD = re.compile(r"Invalid enum value .*?(?: - at `\$(.*)`)?", re.DOTALL)
"""What msgspec says of a word that is none of a `Literal`'s."""

_SHOWN = 8
"""Messages of a refused reply that are named."""
_NO_TEXT = (bytes, bytearray, datetime, date, time, timedelta, UUID, Decimal)
"""Types that would pass for text once they are encoded."""


class ReplyRefused(MarketError):
    """An agent's reply does not answer what it was asked."""

    def __init__(self, source: str, request: str, problem: str) -> None:
        self.problem = problem
        super().__init__(f"{source} answered {request} with {problem}")


Written = Sequence[Message]
"""What the market puts on the bus of an answer: events, and commands to itself."""
Write = Callable[[Any, Any, str], Written]
"""(request, value, seat) -> what the market writes of the value."""


def _fine(request: Any, value: Any) -> str | None:
    return None


class Admission(msgspec.Struct, frozen=True):
    """What answers one kind of request, and what the market writes of it.

    Parameters
    ----------
    answer : type
        Of the value that the agent returns, such as ``Decision``, ``str`` or ``str | None``.
    write : callable
        ``(request, value, seat) -> messages``: what happened, in the name of the seat's id.
    check : callable
        ``(request, value) -> problem or None``, for what the type leaves open.
    """

    answer: Any
    write: Write
    check: Callable[[Any, Any], str | None] = _fine


def seat_of(source: str) -> str:
    """Return the seat's id in the name under which its agent is asked."""
    return source.partition(":")[2]


def written(source: str, request: AgentRequest, value: Any, rule: Admission) -> Written:
    """Return what the market writes of a value that needs no check: our own agents'."""
    return rule.write(request, value, seat_of(source))


def admit(source: str, request: AgentRequest, value: Any, rule: Admission) -> Written:
    """Return what the market writes of `value`, if it is what `request` asks of `source`.

    It is written of a copy, because the agent keeps the original: it may change it later, and
    must not change what is logged by that.

    Raises
    ------
    ReplyRefused
        Naming what came instead.
    """
    return written(source, request, admitted(source, request, value, rule), rule)


def admitted(source: str, request: AgentRequest, value: Any, rule: Admission) -> Any:
    """Return a copy of `value` if it is what `request` asks of `source` by its rule.

    Raises
    ------
    ReplyRefused
        Naming what came instead.
    """
    try:
        _check_kind(value, rule.answer)
        copy = _copied(value, rule.answer)
        problem = rule.check(request, copy)
        if problem is not None:
            raise _Problem(problem)
    except _Problem as problem:
        raise ReplyRefused(source, type(request).__name__, str(problem)) from None
    return copy


class _Problem(Exception):
    """What is wrong with a reply."""


def _check_kind(value: object, answer: Any) -> None:
    """Refuse a value of another class: a look-alike of the right fields is another class, too."""
    kinds = _classes(answer)
    if type(value) in kinds:
        return
    wanted = " or ".join(_named(kind) for kind in kinds)
    said = value if isinstance(value, list | tuple) else (value,)
    if any(isinstance(one, Message) for one in said):
        got = ", ".join(type(one).__name__ for one in said[:_SHOWN])
        raise _Problem(f"{got} instead of {wanted}: return the value, the market writes the events")
    raise _Problem(f"{_named(type(value))} instead of {wanted}")


@cache
def _classes(answer: Any) -> tuple[type, ...]:
    """Return the classes of a type's values: those of each member of a union."""
    origin = get_origin(answer)
    if origin in (Union, UnionType):
        return tuple(kind for member in get_args(answer) for kind in _classes(member))
    if origin is Literal:
        return tuple(dict.fromkeys(type(value) for value in get_args(answer)))
    return (origin or answer,)


def _named(kind: type) -> str:
    return {str: "a text", NoneType: "None"}.get(kind, kind.__name__)


def _copied(value: Any, answer: Any) -> Any:
    """Copy a reply field by field; what cannot be copied so could not be logged either."""
    kind = _named(type(value))
    kind = kind if kind.startswith("a ") else f"a {kind}"
    try:
        fields = msgspec.to_builtins(value, builtin_types=_NO_TEXT, enc_hook=_as_dict)
        size = _size(fields)
        copy = msgspec.convert(fields, answer, strict=True)
        msgspec.json.encode(fields)  # half a surrogate pair has no UTF-8
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
        raise _Problem(f"a malformed {kind[2:]}: {error}{_instead(str(error), answer)}") from None
    if size > MAX_REPLY:
        raise _Problem(f"{kind} of {size} characters; at most {MAX_REPLY} are allowed")
    return copy


def _instead(problem: str, answer: Any) -> str:
    """Name the words that are allowed where `problem` is one that is not."""
    at = _NO_SUCH_WORD.fullmatch(problem)
    if at is None:
        return ""
    kinds = [answer]
    for name in re.findall(r"\.(\w+)", at[1] or ""):
        structs = [kind for kind in map(_struct, kinds) if kind is not None]
        kinds = [
            inner
            for kind in structs
            for field in msgspec.structs.fields(kind)
            if field.name == name
            for inner in _parts(field.type)
        ]
    words = [str(word) for kind in kinds for part in _parts(kind) for word in _literals(part)]
    return f"; allowed: {', '.join(dict.fromkeys(words))}" if words else ""


def _parts(kind: Any) -> list[Any]:
    """A type and all types within it."""
    return [kind, *(part for inner in get_args(kind) for part in _parts(inner))]


def _literals(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _struct(kind: Any) -> type[msgspec.Struct] | None:
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def _as_dict(value: object) -> object:
    """Read-only mappings are as good as dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be logged")


def _size(value: object) -> int:
    """Count characters and items; numbers must be such as every reader of the log can hold."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) + 1 for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(_size(item) + 1 for item in value)
    if isinstance(value, int) and abs(value) > MAX_LOGGED:
        raise ValueError(f"a number beyond {MAX_LOGGED}")
    return 0


def bad_text(text: str) -> str | None:
    """Say what is wrong with a text that somebody speaks, or None."""
    if not text.strip():
        return "an empty text"
    if len(text) > MAX_TEXT:
        return f"a text of {len(text)} characters; at most {MAX_TEXT} are allowed"
    return None
