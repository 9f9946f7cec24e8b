"""Answers of language models: every reply of every protocol, decoded as agents do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any, get_args, get_type_hints

import msgspec

from campaign.planting import planted
from campaign.surface import Surface, WrongInSilence
from examples.rehearsal_server import fill
from retailsim.agents.csales.model.replies import ENVELOPES as CSALES
from retailsim.agents.llm.talk import decode
from retailsim.agents.llm.talk.reply import Reply
from retailsim.agents.llm.talk.shape import portable
from retailsim.agents.reading.replies import ReadingEnvelope
from retailsim.agents.retail.model.replies import ENVELOPES as RETAIL
from retailsim.sim.raters.model_rater import ChoiceEnvelope, StarsEnvelope

ENVELOPES: tuple[type[Any], ...] = tuple(
    dict.fromkeys((*RETAIL, *CSALES, ReadingEnvelope, StarsEnvelope, ChoiceEnvelope))
)


FORMS = (
    ("", ""),
    ("Sure!\n```json\n", "\n```"),
    ("<think>so (</think>", ""),
    ("", "\nThat is it."),
)
"""What stands before and behind the JSON of an answer."""


_HALF = re.compile("[\\ud800-\\udfff]")
"""Half of a character, for which its stand-in is read."""


@cache
def kinds() -> dict[str, tuple[type[Any], type[Reply]]]:
    """Every (envelope, reply) by a name that stands in the first line of an input."""
    return {
        f"{envelope.__name__}/{kind.tag()}": (envelope, kind)
        for envelope in ENVELOPES
        for kind in _union(envelope)
    }


def _union(envelope: type[Any]) -> tuple[type[Reply], ...]:
    hint = get_type_hints(envelope)["reply"]
    return get_args(hint) or (hint,)


@cache
def seeds() -> tuple[bytes, ...]:
    """An answer of each kind that fits its schema, bare, in a fence or behind thoughts."""
    return tuple(_written(name, number) for number, name in enumerate(kinds()))


def _written(name: str, number: int) -> bytes:
    envelope, kind = kinds()[name]
    reply = portable(envelope)["properties"]["reply"]
    branches = reply.get("anyOf", [reply])
    branch = next(one for one in branches if one["properties"]["kind"]["enum"] == [kind.tag()])
    text = json.dumps({"reply": fill(branch, Random(number))})
    before, behind = FORMS[number % len(FORMS)]
    return f"{name}\n{before}{text}{behind}".encode()


def feed(data: bytes) -> str:
    """Decode an answer; each of its values stands in the JSON that the answer holds."""
    name, _, body = data.decode("utf-8", "replace").partition("\n")
    envelope, kind = kinds().get(name) or next(iter(kinds().values()))
    reply = decode.decode_reply(body, kind, envelope)
    said = list(_objects(body))
    for key, value in json.loads(msgspec.json.encode(reply)).items():
        if key != "kind" and not any(_holds(tree, key, value) for tree in said):
            raise WrongInSilence(f"{kind.tag()}.{key}: {value!r:.60} is not what the answer says")
    return kind.tag()


def _objects(text: str) -> Iterator[Any]:
    """Every JSON object in a text, as Python's reader has it, wherever it begins."""
    for at in [place for place, char in enumerate(text) if char == "{"]:
        try:
            tree = json.JSONDecoder(strict=False).raw_decode(text, at)[0]
            yield json.loads(_HALF.sub("\ufffd", json.dumps(tree, ensure_ascii=False)))
        except (ValueError, RecursionError):
            continue


def _holds(tree: Any, key: str, value: Any) -> bool:
    inner = tree.get("reply", tree) if isinstance(tree, dict) else None
    if not isinstance(inner, dict):
        return False
    return key not in inner or bool(inner[key] == value)


def _wrong(decoded: Callable[..., Any]) -> Callable[..., Any]:
    """A number in text is taken for a number."""

    def wrong(data: str, kind: Any, envelope: Any) -> Any:
        tree = json.loads(data, strict=False)
        inner = tree.get("reply") if isinstance(tree, dict) else None
        if not isinstance(inner, dict):
            return decoded(data, kind, envelope)
        for key in ("quantity", "rating", "willingness"):
            if isinstance(inner.get(key), str) and inner[key].isdecimal():
                inner[key] = int(inner[key])
                return decoded(json.dumps(tree), kind, envelope)
        return decoded(data, kind, envelope)

    return wrong


SURFACE = Surface(
    name="answers",
    seeds=seeds,
    feed=feed,
    code=("agents/llm/talk", "agents/retail/model/replies.py", "agents/csales/model/replies.py"),
    bug=lambda: planted(decode, "_decoded", _wrong),
    refusals=(decode.Malformed,),
)
