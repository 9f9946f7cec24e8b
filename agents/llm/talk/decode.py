"""Decoding an answer: strictly, repairing only what can mean one thing.

Repaired are a code fence around the object, words (also with braces) before and after a single
object, thoughts that a model wrote down before it (up to ``</think>``), halves of characters, and a
missing envelope. Nothing is guessed:
a wrong key, a missing field, two objects, a number out of range are malformed, and the model is
asked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from retailsim.agents.llm.surrogates import without_halves
from retailsim.agents.llm.talk.reply import Envelope, Reply

R = TypeVar("R", bound=Reply)

_THINKS, _THOUGHT = "<think>", "</think>"
"""Where the thoughts of open models are, if their server leaves them in the answer."""


_KIND = re.compile(r'"kind"\s*:\s*"([^"\\]{1,40})"')
"""The first one: what the reply says itself stands before all texts in it."""


_OBJECT = re.compile(r'\{\s*"')
"""Where an object begins that is no brace in prose; each that is not empty begins so."""
_HALVES = "\\ud"


class Malformed(Exception):
    """An answer that is not what was asked for; its text says why."""


Check = Callable[[R], str | None]
"""Says what is wrong with a reply that contradicts itself nowhere, or None."""


def decode_reply(
    text: str, kind: type[R], envelope: type[Envelope], check: Check[R] | None = None
) -> R:
    """Return the reply of `kind` in a model's answer.

    Raises
    ------
    Malformed
        If the answer holds none, or one that contradicts itself.
    """
    reply = _plain(text, kind, envelope) or _repaired(text, kind, envelope)
    problem = reply.problem() or (check(reply) if check else None)
    if problem is not None:
        raise Malformed(problem)
    return reply


def _plain(text: str, kind: type[R], envelope: type[Envelope]) -> R | None:
    """Return the reply of an answer that is nothing but what was asked for, as most are."""
    if _HALVES in text.lower():
        return None
    try:
        reply = msgspec.json.decode(text, type=envelope, strict=True).reply
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return reply if isinstance(reply, kind) else None


def _repaired(text: str, kind: type[R], envelope: type[Envelope]) -> R:
    if not text.strip():
        raise Malformed("the answer is empty")
    data = _single_object(_without_thoughts(text))
    if _HALVES in data.lower():
        data = without_halves(data.encode()).decode()
    return _decoded(data, kind, envelope)


def _decoded(data: str, kind: type[R], envelope: type[Envelope]) -> R:
    try:
        reply = msgspec.json.decode(data, type=envelope, strict=True).reply
    except (msgspec.DecodeError, UnicodeError) as error:
        return _bare(data, kind, error)
    if not isinstance(reply, kind):
        wanted, got = kind.tag(), reply.tag()
        raise Malformed(f'the reply has kind "{got}", "{wanted}" was asked for')
    return reply


def _bare(data: str, kind: type[R], outer: Exception) -> R:
    """Decode a reply that came without its envelope; else report what is wrong with it."""
    try:
        keys = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Malformed(f"not a JSON object: {error}") from None
    if "reply" in keys:
        raise Malformed(str(outer)) from None
    try:
        if "kind" not in keys:
            keys["kind"] = msgspec.Raw(msgspec.json.encode(kind.tag()))
        return msgspec.json.decode(msgspec.json.encode(keys), type=kind, strict=True)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def kind_seen(text: str) -> str | None:
    """Return the kind that an answer says it is of, also where it is broken or cut off."""
    found = _KIND.search(_without_thoughts(text))
    return found[1] if found else None


def only_thought(text: str) -> bool:
    """Whether an answer ended before anything but thoughts was said."""
    said = text.strip()
    return not said or (said.startswith(_THINKS) and _THOUGHT not in said)


def _without_thoughts(text: str) -> str:
    """Return what comes after the thoughts; some servers swallow the mark that opens them."""
    thoughts, mark, answer = text.rpartition(_THOUGHT)
    return answer if mark and not thoughts.lstrip().startswith("{") else text


def _single_object(text: str) -> str:
    """Return the one JSON object in `text`, without fences and words around it."""
    found = _OBJECT.search(text)
    start = found.start() if found else text.find("{")
    if start < 0:
        raise Malformed("the answer holds no JSON object")
    try:
        _, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the JSON is broken: {error}") from None
    if _OBJECT.search(text, end):
        raise Malformed("the answer holds more than one JSON object")
    return text[start:end]
