"""The shape of an answer: from a msgspec struct to a JSON Schema that servers accept.

The vendors' strict subsets differ; what they share is an inlined root, every property required,
``additionalProperties: false``, optional values as unions with null, and no numeric or length
limits. The limits stay in the struct and are checked when the answer is decoded.

A server that turns the schema into a grammar does not show it to the model: it gets the one reply
that is asked for, and with it the limits, so that a text ends before the answer is cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from retailsim.agents.llm.talk.reply import Case, Reply

_WORDS = frozenset({"title", "description", "default", "discriminator", "format"})
_BOUNDS = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
    }
)
CHARACTERS_PER_TOKEN = 3
"""Of a text, at least: so many fit within an answer's limit of tokens, with its JSON."""
LONGEST_NAME = 200
"""A text with no more characters than this is a name, and keeps its own limit."""
LONGEST_TEXT = 2_000
"""llama.cpp refuses grammars that repeat anything more often."""


def portable(kind: Any) -> dict[str, Any]:
    """Return the portable JSON Schema of a struct.

    Parameters
    ----------
    kind : type
        A `msgspec.Struct` without recursion.

    Raises
    ------
    ValueError
        If the struct holds a mapping with free keys, which no strict subset can describe.
    """
    return _inlined(kind, _WORDS | _BOUNDS)


def single(kind: type[Reply]) -> dict[str, Any]:
    """Return the portable schema of an envelope that holds one kind of reply."""
    return _enveloped(portable(kind))


def bounded(kind: type[Reply]) -> dict[str, Any]:
    """Return the same with all limits, as one of `Reply.cases`.

    Texts share what `Reply.most_tokens` has room for.
    """
    reply = _inlined(kind, _WORDS)
    texts = list(_texts(reply))
    if texts:
        room = kind.most_tokens * CHARACTERS_PER_TOKEN // sum(times for _, times in texts)
        for text, _ in texts:
            text["maxLength"] = min(room, LONGEST_TEXT, text.get("maxLength", room))
    if not kind.cases:
        return _enveloped(reply)
    cases = [_in_case(reply, case) for case in kind.cases]
    return _enveloped(cases[0] if len(cases) == 1 else {"anyOf": cases})


def in_case(envelope: dict[str, Any], case: Case) -> dict[str, Any]:
    """Return the schema of an envelope whose one reply, which has no cases, is narrowed so."""
    return _enveloped(_in_case(envelope["properties"]["reply"], case))


def _in_case(reply: dict[str, Any], case: Case) -> dict[str, Any]:
    """Return the schema of a reply in which this goes together."""
    for path, to in case.items():
        reply = _narrowed(reply, path.split("."), to)
    return reply


def _narrowed(node: dict[str, Any], path: list[str], to: Any) -> dict[str, Any]:
    if path and "items" in node:
        return {**node, "items": _narrowed(node["items"], path, to)}
    if path:
        field = _narrowed(node["properties"][path[0]], path[1:], to)
        return {**node, "properties": {**node["properties"], path[0]: field}}
    if to is None:
        return {"type": "null"}
    if to is ...:
        (some,) = (one for one in node["anyOf"] if one != {"type": "null"})
        return dict(some)
    return {**node, **to}


def _enveloped(reply: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"reply": reply},
        "required": ["reply"],
        "additionalProperties": False,
    }


def _texts(node: dict[str, Any], times: int = 1) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the schemas of free texts, with how often each occurs at most in one reply."""
    if node.get("type") == "string":
        if "enum" not in node and node.get("maxLength", LONGEST_TEXT) > LONGEST_NAME:
            yield node, times
        return
    if "items" in node:
        yield from _texts(node["items"], times * node.get("maxItems", 1))
    for inner in (*node.get("properties", {}).values(), *node.get("anyOf", ())):
        yield from _texts(inner, times)


def _inlined(kind: Any, dropped: frozenset[str]) -> dict[str, Any]:
    schema = msgspec.json.schema(kind)
    definitions = schema.pop("$defs", {})
    return _strict(schema, definitions, dropped)  # type: ignore[no-any-return]


def _strict(node: Any, definitions: dict[str, Any], dropped: frozenset[str]) -> Any:
    if isinstance(node, list):
        return [_strict(item, definitions, dropped) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].removeprefix("#/$defs/")]
        return _strict(target, definitions, dropped)
    if node.get("type") == "object" and "properties" not in node:
        raise ValueError("a mapping with free keys has no strict schema; use a struct")
    strict = {
        key: _named(value, definitions, dropped)
        if key == "properties"
        else _strict(value, definitions, dropped)
        for key, value in node.items()
        if key not in dropped
    }
    if "properties" in strict:
        strict["required"] = list(strict["properties"])
        strict["additionalProperties"] = False
    if "enum" in strict and "type" not in strict:
        strict["type"] = "string"
    return strict


def _named(
    properties: dict[str, Any], definitions: dict[str, Any], dropped: frozenset[str]
) -> dict[str, Any]:
    # Property names are data here: one called "title" or "format" must survive.
    return {name: _strict(value, definitions, dropped) for name, value in properties.items()}
